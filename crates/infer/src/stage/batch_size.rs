//! Batch size: as given, as measured once for CPUs, or as found by a short sweep.

use crate::Result;
use crate::backend::Backend;
use crate::failure::batch_error;
use crate::prefetch::BatchPlan;
use crate::shape::SegmentShape;
use ecgfm_artifacts::chunks::chunk_length;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_stage_params::BatchSize;
use std::cell::RefCell;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Segments in a batch of one CPU core: fastest where it was measured, by 2 % before 4 and by 7 % before 1. A layer's widest tensor takes 1.9 MB a segment, and with 16 it leaves the cache.
const ON_CPU: usize = 8;

/// On a CPU the last batch is padded to a multiple of this, so that the library meets few shapes and none of very few rows, for
/// which it multiplies matrices by other kernels. Bits are promised for batches of one shape only: docs/models.md.
const CPU_MULTIPLE: usize = 4;

/// Least number of segments in a chunk. The fastest CPUs take seconds for it with a model of full size, which is what a killed process loses.
const CHUNK_SEGMENTS: usize = 256;

/// Sizes that a sweep tries on a CPU, in this order.
const CPU_SIZES: [usize; 4] = [4, 8, 16, 32];
/// Sizes that a sweep tries on a GPU, in this order.
const GPU_SIZES: [usize; 5] = [64, 128, 256, 512, 1024];

/// A run of fewer batches of the first size than this takes that size unmeasured.
const LEAST_BATCHES: usize = 8;

/// A larger size must be this much faster to be worth its memory and a longer tail.
const WORTH: f64 = 1.05;

/// Share of the free memory that a size may be expected to take.
const SHARE_OF_MEMORY: f64 = 0.8;

/// Batches on a device at a time.
const IN_FLIGHT: u64 = 2;

/// Cost that a sweep may have: this share of the time that the whole run is expected to take, and never more than this.
const SHARE_OF_RUN: f64 = 0.03;
const MOST_SWEEP_TIME: Duration = Duration::from_secs(2);

/// Runs that a size is expected to cost in the sweep, warm-up included.
const RUNS: u32 = 4;

/// A rate is measured for this long, or one run.
const MEASURED: Duration = Duration::from_millis(100);

/// Batches of a run: their size and how the last is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batching {
    /// Segments in a batch, except in the last.
    pub(super) size: usize,
    pub(super) multiple: usize,
    /// Least number of segments in a chunk.
    pub(super) least_chunk: usize,
}

impl Batching {
    /// Batches of `size` segments, or of all where there are fewer. A GPU sees one shape only.
    pub(super) fn new(size: usize, segments: usize, on_cpu: bool) -> Self {
        if on_cpu {
            let most = segments.next_multiple_of(CPU_MULTIPLE).max(1);
            return Self {
                size: size.min(most),
                multiple: CPU_MULTIPLE,
                least_chunk: chunk_length(CHUNK_SEGMENTS),
            };
        }
        let size = size.min(segments.max(1));
        Self {
            size,
            multiple: size,
            least_chunk: chunk_length(CHUNK_SEGMENTS),
        }
    }

    /// Plan by which these runs of segments are read for a number of devices.
    pub(super) fn plan(self, runs: &[Range<usize>], devices: usize) -> BatchPlan {
        BatchPlan::new(runs, self.size, self.multiple, reader_count(devices))
    }

    /// Segments of a chunk: whole batches, so that a batch is the same however the chunks are shared out.
    pub(super) fn chunk_size(self) -> usize {
        self.least_chunk.next_multiple_of(self.size.max(1))
    }

    /// Every number of rows that the model meets, the full batch first.
    pub(super) fn row_counts(self, segments: usize) -> Vec<usize> {
        let (full, rest) = (segments / self.size, segments % self.size);
        let rest = self.plan(&[], 1).rows(rest);
        let mut counts = Vec::new();
        if full > 0 {
            counts.push(self.size);
        }
        if rest > 0 && !counts.contains(&rest) {
            counts.push(rest);
        }
        counts
    }
}

/// Threads that read: two keep many cores' models fed; a GPU takes some thousand segments a second, each of which may have
/// to be computed from the recording.
fn reader_count(devices: usize) -> usize {
    std::thread::available_parallelism().map_or(2, |cores| (cores.get() / 2).clamp(2, 8 * devices.max(1)))
}

/// Batch size, and how it was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChosenBatchSize {
    pub(super) size: usize,
    /// `given`, `fixed`, `sweep`, or `few segments`.
    pub(super) chosen_by: &'static str,
    /// Measurements of a sweep: size, and segments a second.
    pub(super) rates: Vec<(usize, f64)>,
}

impl ChosenBatchSize {
    fn at_once(size: usize, chosen_by: &'static str) -> Self {
        Self {
            size,
            chosen_by,
            rates: Vec::new(),
        }
    }

    /// The record of the run, with what a sweep measured.
    pub(super) fn record(&self, outcome: Outcome) -> Outcome {
        if self.rates.is_empty() {
            return outcome;
        }
        let rates = self.rates.iter();
        let rates = rates.map(|(size, rate)| (size.to_string(), ((rate * 10.0).round() / 10.0).into()));
        outcome.fact("batch_size_sweep", rates.collect::<serde_json::Map<_, _>>())
    }
}

/// Finds the batch size. A sweep is spared where another process, or an interrupted run, has planned the chunks of this work by one.
///
/// # Errors
/// When the model does not run on the smallest size that is tried.
pub(super) fn choose_batch_size(
    (wanted, planned): (BatchSize, Option<usize>),
    model: &mut impl Backend,
    shape: SegmentShape,
    segments: usize,
    on_cpu: bool,
) -> Result<ChosenBatchSize> {
    let sizes: &[usize] = if on_cpu { &CPU_SIZES } else { &GPU_SIZES };
    match (wanted, planned) {
        (BatchSize::Of(n), _) => return Ok(ChosenBatchSize::at_once(n, "given")),
        (BatchSize::Auto, None | Some(ON_CPU)) if on_cpu => {
            return Ok(ChosenBatchSize::at_once(ON_CPU, "fixed"));
        }
        (_, Some(size)) => {
            let unmeasured = size == sizes[0] && segments < size * LEAST_BATCHES;
            let chosen_by = if unmeasured { "few segments" } else { "sweep" };
            return Ok(ChosenBatchSize::at_once(size, chosen_by));
        }
        (BatchSize::Auto | BatchSize::Sweep, None) => {}
    }
    let before = model.free_memory();
    // What the model takes for a batch is what is missing afterwards; libtorch keeps what it once had.
    let model = RefCell::new(model);
    let warm_up = |size| time_batch(&mut **model.borrow_mut(), shape, size).map(drop);
    sweep_sizes(sizes, segments, MOST_SWEEP_TIME, warm_up, |size| {
        let mut model = model.borrow_mut();
        let time = time_batch(&mut **model, shape, size)?;
        let taken = before.zip(model.free_memory());
        let room = taken.and_then(|(before, now)| largest_size_for_memory(before, now, size));
        Ok((time, room))
    })
}

/// The largest size that memory allows, from what is free before and after a batch of `size`.
fn largest_size_for_memory(before: u64, now: u64, size: usize) -> Option<usize> {
    let each = before.saturating_sub(now) / size.max(1) as u64 * IN_FLIGHT;
    let most = (before as f64 * SHARE_OF_MEMORY) as u64;
    most.checked_div(each).and_then(|size| usize::try_from(size).ok())
}

/// Time of one batch, warm, signals in main memory and answer back there.
fn time_batch(model: &mut impl Backend, shape: SegmentShape, size: usize) -> Result<Duration> {
    model.prepare(shape, &[size])?;
    let mut signals = model.allocate(size, shape)?;
    for (i, value) in signals.values_mut().iter_mut().enumerate() {
        *value = (i as f32 * 0.1).sin();
    }
    let (started, mut runs) = (Instant::now(), 0);
    while runs == 0 || started.elapsed() < MEASURED {
        model
            .run(&signals, size)
            .map_err(|error| batch_error("a made-up signal", "measure the model", error))?;
        runs += 1;
    }
    Ok(started.elapsed() / runs)
}

/// Tries larger and larger sizes while they pay, fit and take no more than `most` or a small share of the run's own time.
/// `warm_up` runs the first size once before the clock starts: what a device does once, as loading its libraries, takes seconds
/// and says nothing of any size. `time` gives the time of one batch and the largest size that memory allows, where that is known.
fn sweep_sizes(
    sizes: &[usize],
    segments: usize,
    most: Duration,
    warm_up: impl FnOnce(usize) -> Result<()>,
    mut time: impl FnMut(usize) -> Result<(Duration, Option<usize>)>,
) -> Result<ChosenBatchSize> {
    let first = sizes.first().copied().unwrap_or(1);
    if segments < first * LEAST_BATCHES {
        return Ok(ChosenBatchSize::at_once(first, "few segments"));
    }
    warm_up(first)?;
    let started = Instant::now();
    let mut rates: Vec<(usize, f64)> = Vec::new();
    for &size in sizes {
        if let Some(&(_, rate)) = rates.last() {
            let run = segments as f64 / rate;
            let budget = most.min(Duration::from_secs_f64(run * SHARE_OF_RUN));
            let cost = Duration::from_secs_f64(size as f64 / rate) * RUNS;
            if started.elapsed() + cost > budget {
                break;
            }
        }
        let (took, room) = match time(size) {
            Ok(measured) => measured,
            // Most likely memory ran out: what was measured before stands.
            Err(_) if !rates.is_empty() => break,
            Err(error) => return Err(error),
        };
        let rate = size as f64 / took.as_secs_f64().max(1e-9);
        let pays = rates.last().is_none_or(|&(_, before)| rate >= WORTH * before);
        rates.push((size, rate));
        if !pays || room.is_some_and(|room| size * 2 > room) {
            break;
        }
    }
    let best = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let size = rates
        .iter()
        .find(|(_, rate)| rate * WORTH >= best)
        .map_or(first, |(size, _)| *size);
    Ok(ChosenBatchSize {
        size,
        chosen_by: "sweep",
        rates,
    })
}

#[cfg(test)]
mod tests;
