//! Chunks of a run: fixed numbers of rows of the manifest, each computed and kept as one.

use super::batch_size::Batching;
use super::run_stats::RunStats;
use super::writers::{ChunkWriters, OutputWriters};
use crate::backend::{Backend, DeviceName};
use crate::worker_pool::WorkerPool;
use crate::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::chunks::ChunkStore;
use ecgfm_artifacts::stage::ChunkPlan;
use ecgfm_stage_params::ValueRange;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// Choices that all processes share which work on the chunks of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedSettings {
    batch_size: usize,
    /// What the device is on which all chunks are to be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_model: Option<String>,
}

/// Number of segments in a batch by the plan of another process, or of an interrupted run; none where there is no plan yet.
///
/// # Errors
/// The plan cannot be read.
pub(super) fn planned_batch_size(store: &ChunkStore) -> Result<Option<usize>> {
    let plan = store.plan()?;
    let settings = plan.and_then(|plan| serde_json::from_value::<SharedSettings>(plan.settings).ok());
    Ok(settings.map(|settings| settings.batch_size))
}

/// Agrees with all processes on how `segments` segments are divided: by these batches, or by those of the first process that came to
/// this work. Where all chunks are to be of one kind of device, `kind` is that of this process.
///
/// # Errors
/// The plan cannot be read or written, or the work was begun on another kind of device.
pub(super) fn agree_on_batching(
    store: &ChunkStore,
    batching: Batching,
    segments: usize,
    on_cpu: bool,
    kind: Option<&DeviceName>,
) -> Result<Batching> {
    let batch_size = batching.size;
    let device_model = kind.map(|name| name.model.clone().unwrap_or_else(|| name.device.clone()));
    let agreed = store.agree(&ChunkPlan {
        chunks: segments.div_ceil(batching.chunk_size()),
        names: vec![String::new()],
        settings: serde_json::json!(SharedSettings {
            batch_size,
            device_model: device_model.clone()
        }),
    })?;
    let agreed = serde_json::from_value::<SharedSettings>(agreed.settings);
    if let (
        Some(ours),
        Ok(SharedSettings {
            device_model: Some(theirs),
            ..
        }),
    ) = (device_model, &agreed)
        && ours != *theirs
    {
        return Err(mixed_devices(&format!(
            "the run was begun on {theirs}, and this machine has {ours}"
        )));
    }
    Ok(match agreed {
        Ok(agreed) if agreed.batch_size != batch_size => Batching::new(agreed.batch_size, segments, on_cpu),
        Ok(_) | Err(_) => batching,
    })
}

/// Error for a run whose parts are of several kinds of device though it is to be of one.
fn mixed_devices(found: &str) -> Error {
    Error::device(format!(
        "`same_device` is set, and {found}; their results differ in the last bits: run all of it on one kind, or leave `same_device` \
         out, and infer.json lists the devices"
    ))
}

/// Checks that the devices of a run are of one kind.
///
/// # Errors
/// They are not; all are named.
pub(super) fn require_same_kind<'n>(names: impl IntoIterator<Item = &'n DeviceName>) -> Result<()> {
    let names: Vec<&DeviceName> = names.into_iter().collect();
    if names.iter().all(|name| name.model == names[0].model) {
        return Ok(());
    }
    let listed = names
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    Err(mixed_devices(&format!("the devices are {listed}")))
}

/// Conditions of a chunk that decide its outputs beside the stage's inputs. One of other conditions is computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkConditions {
    backend: String,
    precision: String,
    runtime: Option<String>,
    labels: usize,
    extras: Vec<Vec<usize>>,
    batch_size: usize,
}

/// Record of a chunk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkRecord {
    /// Its first segment, and how many it has.
    segments: (usize, usize),
    conditions: ChunkConditions,
    /// Devices that computed its batches: two kinds of device differ in the last bits.
    devices: BTreeSet<DeviceName>,
    /// Threads of libtorch for a batch.
    threads_each: usize,
    counts: ChunkCounts,
}

/// Counts of the segments of a chunk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkCounts {
    batches: usize,
    non_finite: usize,
    non_finite_keys: Vec<String>,
    range: ValueRange,
}

impl From<&RunStats> for ChunkCounts {
    fn from(stats: &RunStats) -> Self {
        Self {
            batches: stats.batches,
            non_finite: stats.non_finite,
            non_finite_keys: stats.non_finite_keys.clone(),
            range: stats.range,
        }
    }
}

impl ChunkCounts {
    fn stats(&self, segments: usize) -> RunStats {
        RunStats {
            segments,
            batches: self.batches,
            non_finite: self.non_finite,
            non_finite_keys: self.non_finite_keys.clone(),
            range: self.range,
            ..RunStats::default()
        }
    }
}

/// Chunks of one run, with what this process would record of each.
pub(super) struct RunChunks<'a> {
    pub(super) store: &'a ChunkStore,
    segments: usize,
    /// Segments in a chunk, except in the last.
    size: usize,
    conditions: ChunkConditions,
    threads_each: usize,
}

/// Chunks of this process: those to be computed, and what is known of the others.
pub(super) struct ChunksToDo {
    /// Runs of segments, a chunk each, in order.
    pub(super) runs: Vec<Range<usize>>,
    /// Counts of the chunks that are done.
    pub(super) done: RunStats,
}

impl<'a> RunChunks<'a> {
    pub(super) fn new(
        store: &'a ChunkStore,
        model: &impl Backend,
        segments: usize,
        batching: Batching,
        pool: WorkerPool,
    ) -> Self {
        let description = model.describe();
        Self {
            store,
            segments,
            size: batching.chunk_size(),
            conditions: ChunkConditions {
                backend: description.name.to_owned(),
                precision: description.precision.to_owned(),
                runtime: description.runtime,
                labels: model.labels(),
                extras: model.extras().iter().map(|extra| extra.shape.clone()).collect(),
                batch_size: batching.size,
            },
            threads_each: pool.threads_each,
        }
    }

    fn count(&self) -> usize {
        self.segments.div_ceil(self.size)
    }

    /// Number of the chunk of a segment.
    pub(super) fn number(&self, segment: usize) -> usize {
        segment / self.size
    }

    /// Segments of a chunk.
    pub(super) fn range(&self, number: usize) -> Range<usize> {
        let first = number * self.size;
        first..self.segments.min(first + self.size)
    }

    /// A chunk that was computed as this process would.
    fn read(&self, number: usize) -> Result<Option<ecgfm_artifacts::chunks::Chunk<ChunkRecord>>> {
        let range = self.range(number);
        let chunk = self.store.read::<ChunkRecord>(number)?;
        Ok(chunk.filter(|chunk| {
            chunk.record.segments == (range.start, range.len()) && chunk.record.conditions == self.conditions
        }))
    }

    /// Divides the chunks of this process's share into those that are done and those to do.
    pub(super) fn divide(&self) -> Result<ChunksToDo> {
        let mut found = ChunksToDo {
            runs: Vec::new(),
            done: RunStats::default(),
        };
        for number in (0..self.count()).filter(|number| self.store.is_ours(*number)) {
            let range = self.range(number);
            match self.read(number)? {
                Some(chunk) if chunk.is_intact()? => {
                    found.done.add(&chunk.record.counts.stats(range.len()));
                }
                _ => found.runs.push(range),
            }
        }
        found.done.resumed = found.done.segments;
        Ok(found)
    }

    /// Completes a chunk.
    pub(super) fn finish(&self, number: usize, stats: &RunStats, writers: ChunkWriters) -> Result<()> {
        let range = self.range(number);
        let record = ChunkRecord {
            segments: (range.start, range.len()),
            conditions: self.conditions.clone(),
            devices: stats.devices.clone(),
            threads_each: self.threads_each,
            counts: stats.into(),
        };
        let pending = self.store.begin(number, &record)?;
        writers.finish(pending)
    }

    /// Appends the outputs of all chunks, in their order, and adds their counts up.
    pub(super) fn merge(&self, outputs: &mut OutputWriters, stats: &mut RunStats) -> Result<()> {
        for number in 0..self.count() {
            let Some(chunk) = self.read(number)? else {
                let what = format!("chunk {number} of the stage is gone: something else removed it");
                return Err(ArtifactError::invalid(self.store.dir(), what).into());
            };
            let range = self.range(number);
            outputs.append_chunk(&chunk, range.len())?;
            stats.add(&chunk.record.counts.stats(range.len()));
            stats.devices.extend(chunk.record.devices);
        }
        Ok(())
    }
}
