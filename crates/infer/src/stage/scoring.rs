//! Runs the model on every segment of a run, and writes its outputs.

use super::batch_size::Batching;
use super::journal::{RunConditions, ScoringJournal};
use super::returns::ReturnedValues;
use super::run_stats::RunStats;
use super::segment_source::SubsetSegments;
use super::writers::OutputWriters;
use crate::backend::{Backend, BackendError, BatchOutput};
use crate::failure::batch_error;
use crate::prefetch::{Batch, Batches, with_batches};
use crate::worker_pool::{WorkerPool, run_in_order};
use crate::{Error, Result};
use ecgfm_artifacts::stage::Context;
use std::time::{Duration, Instant};

/// Runs a prepared model on all segments, from where an interrupted run stopped.
pub(super) fn score_segments(
    source: &SubsetSegments,
    model: &impl Backend,
    returned: &ReturnedValues,
    (batching, pool): (Batching, WorkerPool),
    journal: &mut ScoringJournal,
    ctx: &Context<'_>,
) -> Result<RunStats> {
    let rows = &source.subset.rows;
    let conditions = RunConditions::new(model, rows.len(), batching, pool);
    let (mut writer, reached) = open_writers(source, model, journal.progress_of(&conditions), ctx)?;
    let mut plan = batching.plan(rows.len());
    plan.done = reached.segments;
    // One for every reader to fill, and those that workers have.
    let buffers = (plan.readers + pool.batches_in_flight()).min(rows.len().div_ceil(batching.size));
    let buffers = (0..buffers.max(1)).map(|_| model.allocate(batching.size, source.shape));
    let buffers = buffers.collect::<Result<Vec<_>>>()?;
    ctx.progress.begin(rows.len() as u64, "segments");
    ctx.progress.advance(reached.segments as u64);
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
        resumed: reached.segments,
        stats: reached,
        journal: (journal, conditions),
        writer: &mut writer,
    };
    let started = Instant::now();
    let waited = with_batches(plan, buffers, read, |batches| scoring.consume(pool, batches));
    let mut stats = scoring.finish(waited)?;
    if model.labels() > 0 {
        // Before the files are finished: a refused model leaves no result.
        returned.conclude(&stats)?;
    }
    writer.finish(rows.iter().map(|row| &row.key))?;
    stats.elapsed = started.elapsed();
    stats.workers = pool.workers;
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

/// Opens the output files, and returns what an interrupted run has written of them, if they are usable.
fn open_writers(
    source: &SubsetSegments,
    model: &impl Backend,
    reached: Option<RunStats>,
    ctx: &Context<'_>,
) -> Result<(OutputWriters, RunStats)> {
    let subset = &source.subset;
    if let Some(reached) = reached.filter(|reached| reached.segments > 0) {
        match OutputWriters::resume(ctx.out, &subset.name, model, reached.segments) {
            Ok(writers) => return Ok((writers, reached)),
            Err(error) => tracing::warn!("what an interrupted run left is not used: {error}"),
        }
    }
    Ok((
        OutputWriters::create(ctx.out, &subset.name, model)?,
        RunStats::default(),
    ))
}

/// Run in progress.
struct ScoringRun<'a, M> {
    source: &'a SubsetSegments,
    model: &'a M,
    returned: &'a ReturnedValues,
    ctx: &'a Context<'a>,
    /// Segments that an interrupted run had finished.
    resumed: usize,
    stats: RunStats,
    journal: (&'a mut ScoringJournal, RunConditions),
    writer: &'a mut OutputWriters,
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

    /// Writes the outputs of a batch.
    fn write_batch(&mut self, batch: &Batch, answer: Result<BatchOutput, BackendError>) -> Result<()> {
        let labels = self.model.labels();
        let rows = &self.source.subset.rows[batch.segments.clone()];
        let first = rows.first().map_or("", |row| &row.key.segment);
        let answer = answer.map_err(|error| batch_error(first, "run the model", error))?;
        for (at, row) in rows.iter().enumerate() {
            let logits = &answer.logits[at * labels..][..labels];
            self.stats.add_segment(&row.key.segment, logits);
            if labels > 0 {
                self.returned.check(&self.stats, &row.key.segment)?;
            }
            self.writer.push(logits)?;
        }
        self.writer.push_extras(&answer)?;
        self.stats.batches += 1;
        self.ctx.progress.advance(rows.len() as u64);
        if self.journal.0.is_due() {
            self.record_progress()?;
        }
        Ok(())
    }

    /// Records the progress of the run in the journal.
    fn record_progress(&mut self) -> Result<()> {
        self.writer.flush()?;
        let (journal, conditions) = &mut self.journal;
        journal.record(conditions, &self.stats)
    }

    /// Ends the run. A run that was interrupted records its progress first.
    fn finish(mut self, waited: Result<Duration>) -> Result<RunStats> {
        if matches!(waited, Err(Error::Cancelled)) && self.stats.batches > 0 {
            self.record_progress()?;
        }
        self.stats.waited = waited?;
        self.stats.resumed = self.resumed;
        Ok(self.stats)
    }
}
