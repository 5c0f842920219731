//! Runs the model on every segment of a run, chunk by chunk, and writes its outputs.

use super::batch_size::Batching;
use super::chunks::{ChunksToDo, RunChunks};
use super::returns::ReturnedValues;
use super::run_stats::RunStats;
use super::segment_source::SubsetSegments;
use super::writers::{ChunkWriters, OutputWriters};
use crate::backend::{Backend, BackendError, BatchOutput, DeviceName};
use crate::failure::batch_error;
use crate::prefetch::{Batch, Batches, with_batches};
use crate::worker_pool::{WorkerPool, run_in_order};
use crate::{Error, Result};
use ecgfm_artifacts::chunks::ChunkStore;
use ecgfm_artifacts::stage::Context;
use std::time::{Duration, Instant};

/// Runs a prepared model on all segments whose chunks are not there yet, and writes the outputs of all. A share of a run writes its
/// chunks only.
pub(super) fn score_segments(
    source: &SubsetSegments,
    model: &impl Backend,
    returned: &ReturnedValues,
    (batching, pool): (Batching, WorkerPool),
    store: &ChunkStore,
    ctx: &Context<'_>,
) -> Result<RunStats> {
    let segments = source.subset.rows.len();
    let chunks = RunChunks::new(store, model, segments, batching, pool);
    let todo = chunks.divide()?;
    let ours = todo.done.segments + todo.runs.iter().map(ExactSizeIterator::len).sum::<usize>();
    ctx.progress.begin(ours as u64, "segments");
    ctx.progress.advance(todo.done.segments as u64);
    let started = Instant::now();
    let mut stats = score_chunks(source, model, returned, (batching, pool), &chunks, todo, ctx)?;
    stats.elapsed = started.elapsed();
    stats.workers = pool.workers;
    if store.shard().is_none() {
        merge_chunks(source, model, returned, &chunks, &mut stats, ctx)?;
    }
    if stats.non_finite > 0 {
        let keys = stats.non_finite_keys.join(", ");
        let note = format!(
            "{} segments have infinite or NaN logits: {keys}",
            stats.non_finite
        );
        ctx.progress.note(&note);
    }
    Ok(stats)
}

/// Computes the chunks that are to be done.
fn score_chunks(
    source: &SubsetSegments,
    model: &impl Backend,
    returned: &ReturnedValues,
    (batching, pool): (Batching, WorkerPool),
    chunks: &RunChunks<'_>,
    todo: ChunksToDo,
    ctx: &Context<'_>,
) -> Result<RunStats> {
    let rows = &source.subset.rows;
    let plan = batching.plan(&todo.runs, model.devices().len());
    // One for every reader to fill, and those that workers have.
    let segments: usize = todo.runs.iter().map(ExactSizeIterator::len).sum();
    let buffers = (plan.readers + pool.batches_in_flight()).min(segments.div_ceil(batching.size));
    let buffers = (0..buffers).map(|_| model.allocate(batching.size, source.shape));
    let buffers = buffers.collect::<Result<Vec<_>>>()?;
    let read = |segment: usize, values: &mut [f32]| {
        source
            .reader
            .read(&rows[segment].path, values)
            .map_err(Error::from)
    };
    let mut scoring = ScoringRun {
        source,
        model,
        returned,
        ctx,
        chunks,
        devices: model.devices(),
        open: None,
        stats: todo.done,
    };
    let waited = with_batches(plan, buffers, read, |batches| scoring.consume(pool, batches))?;
    scoring.stats.waited = waited;
    Ok(scoring.stats)
}

/// Writes the outputs of a run whose chunks are all there.
fn merge_chunks(
    source: &SubsetSegments,
    model: &impl Backend,
    returned: &ReturnedValues,
    chunks: &RunChunks<'_>,
    stats: &mut RunStats,
    ctx: &Context<'_>,
) -> Result<()> {
    let subset = &source.subset;
    let mut outputs = OutputWriters::create(ctx.out, &subset.name, model)?;
    // Counted anew, in the order of the segments.
    let mut all = RunStats::default();
    chunks.merge(&mut outputs, &mut all)?;
    if model.labels() > 0 {
        // Before the files are finished: a refused model leaves no result.
        returned.conclude(&all)?;
    }
    outputs.finish(subset.rows.iter().map(|row| &row.key))?;
    *stats = RunStats {
        resumed: stats.resumed,
        elapsed: stats.elapsed,
        workers: stats.workers,
        waited: stats.waited,
        ..all
    };
    Ok(())
}

/// Chunk whose segments are being scored.
struct OpenChunk {
    number: usize,
    stats: RunStats,
    writers: ChunkWriters,
}

/// Run in progress.
struct ScoringRun<'a, M> {
    source: &'a SubsetSegments,
    model: &'a M,
    returned: &'a ReturnedValues,
    ctx: &'a Context<'a>,
    chunks: &'a RunChunks<'a>,
    /// Devices of the model.
    devices: Vec<DeviceName>,
    open: Option<OpenChunk>,
    /// Counts of the chunks that were done before, and of all segments since.
    stats: RunStats,
}

impl<M: Backend> ScoringRun<'_, M> {
    /// Runs the model on all batches; returns the time that workers waited for them.
    fn consume(&mut self, pool: WorkerPool, batches: &mut Batches<Error>) -> Result<Duration> {
        let (model, cancel) = (self.model, self.ctx.cancel);
        let run = |batch: &Batch| {
            let mut answer = model.run(&batch.signals, batch.rows)?;
            answer.truncate(batch.segments.len(), batch.rows);
            Ok(answer)
        };
        let may_continue = || {
            if cancel.is_cancelled() {
                Err(Error::Cancelled)
            } else {
                Ok(())
            }
        };
        run_in_order(pool, batches, run, may_continue, |batch, answer| {
            self.write_batch(batch, answer)
        })
    }

    /// Writes the outputs of a batch, and completes its chunk where it is the last of it.
    fn write_batch(&mut self, batch: &Batch, answer: Result<BatchOutput, BackendError>) -> Result<()> {
        let labels = self.model.labels();
        let rows = &self.source.subset.rows[batch.segments.clone()];
        let first = rows.first().map_or("", |row| &row.key.segment);
        let answer = answer.map_err(|error| batch_error(first, "run the model", error))?;
        for warning in self.model.take_warnings() {
            self.ctx.progress.warn(
                &warning,
                "what failed is computed again, and nothing is lost: see what `nvidia-smi` says",
            );
        }
        let mut chunk = self.open_chunk(self.chunks.number(batch.segments.start))?;
        chunk
            .stats
            .devices
            .extend(self.devices.get(answer.device).cloned());
        for (at, row) in rows.iter().enumerate() {
            let logits = &answer.logits[at * labels..][..labels];
            self.stats.add_segment(&row.key.segment, logits);
            chunk.stats.add_segment(&row.key.segment, logits);
            if labels > 0 {
                self.returned.check(&self.stats, &row.key.segment)?;
            }
        }
        chunk.writers.push(&answer)?;
        chunk.stats.batches += 1;
        self.stats.batches += 1;
        if batch.segments.end == self.chunks.range(chunk.number).end {
            self.chunks.finish(chunk.number, &chunk.stats, chunk.writers)?;
        } else {
            self.open = Some(chunk);
        }
        self.ctx.progress.advance(rows.len() as u64);
        Ok(())
    }

    /// The chunk of a number, which is begun where it is not open.
    fn open_chunk(&mut self, number: usize) -> Result<OpenChunk> {
        match self.open.take() {
            Some(open) if open.number == number => Ok(open),
            _ => Ok(OpenChunk {
                number,
                stats: RunStats::default(),
                writers: ChunkWriters::create(self.chunks.store, self.model)?,
            }),
        }
    }
}
