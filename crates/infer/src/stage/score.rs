//! Every segment of a run through the model, and what it says into the files.

use super::batch_size::Batching;
use super::journal::{Conditions, Journal};
use super::returns::Returned;
use super::source::Source;
use super::tally::Tally;
use super::writers::Writers;
use crate::backend::{Answer, Backend};
use crate::failure::in_batch;
use crate::prefetch::{Batch, Batches, with_batches};
use crate::signals::Signals;
use crate::workers::{Crew, in_order};
use crate::{Error, Result};
use ecgfm_artifacts::stage::Context;
use std::time::{Duration, Instant};
use tch::TchError;

/// Runs a prepared model on all segments, from where an interrupted run stopped; `room` makes memory for one batch.
pub(super) fn score(
    source: &Source,
    model: &impl Backend,
    returned: &Returned,
    room: impl Fn(usize) -> Result<Signals>,
    (batching, crew): (Batching, Crew),
    journal: &mut Journal,
    ctx: &Context<'_>,
) -> Result<Tally> {
    let rows = &source.subset.rows;
    let conditions = Conditions::new(model, rows.len(), batching, crew);
    let (mut writer, reached) = opened(source, model, journal.reached(&conditions), ctx)?;
    let mut plan = batching.plan(rows.len());
    plan.done = reached.segments;
    // One that is being filled for every reader, and those that are handed out.
    let buffers = (plan.readers + crew.ahead()).min(rows.len().div_ceil(batching.size));
    let buffers = (0..buffers.max(1)).map(|_| room(batching.size));
    let buffers = buffers.collect::<Result<Vec<_>>>()?;
    ctx.progress.begin(rows.len() as u64, "segments");
    ctx.progress.advance(reached.segments as u64);
    let read = |segment: usize, values: &mut [f32]| {
        source
            .reader
            .read(&rows[segment].path, values)
            .map_err(Error::from)
    };
    let mut scoring = Scoring {
        source,
        model,
        returned,
        ctx,
        resumed: reached.segments,
        tally: reached,
        note: (journal, conditions),
        writer: &mut writer,
    };
    let started = Instant::now();
    let waited = with_batches(plan, buffers, read, |batches| scoring.consume(crew, batches));
    let mut tally = scoring.stopped(waited)?;
    if model.labels() > 0 {
        // Before the files are finished: a refused model leaves no result.
        returned.conclude(&tally)?;
    }
    writer.finish(rows.iter().map(|row| &row.key))?;
    tally.elapsed = started.elapsed();
    tally.workers = crew.workers;
    if tally.non_finite > 0 {
        let keys = tally.non_finite_keys.join(", ");
        let note = format!(
            "{} segments have infinite or NaN logits: {keys}",
            tally.non_finite
        );
        ctx.progress.note(&note);
    }
    Ok(tally)
}

/// The files to write, and what of them is written: nothing, unless an interrupted run has left it and it is there.
fn opened(
    source: &Source,
    model: &impl Backend,
    reached: Option<Tally>,
    ctx: &Context<'_>,
) -> Result<(Writers, Tally)> {
    let subset = &source.subset;
    if let Some(reached) = reached.filter(|reached| reached.segments > 0) {
        match Writers::resume(ctx.out, &subset.name, model, reached.segments) {
            Ok(writers) => return Ok((writers, reached)),
            Err(error) => tracing::warn!("what an interrupted run left is not used: {error}"),
        }
    }
    Ok((Writers::create(ctx.out, &subset.name, model)?, Tally::default()))
}

/// A run in progress.
struct Scoring<'a, M> {
    source: &'a Source,
    model: &'a M,
    returned: &'a Returned,
    ctx: &'a Context<'a>,
    /// Segments that an interrupted run had answered.
    resumed: usize,
    tally: Tally,
    note: (&'a mut Journal, Conditions),
    writer: &'a mut Writers,
}

impl<M: Backend> Scoring<'_, M> {
    /// Answers all batches; gives the time that workers waited for them.
    fn consume(&mut self, crew: Crew, batches: &mut Batches<Error>) -> Result<Duration> {
        let (model, cancel) = (self.model, self.ctx.cancel);
        let run = |batch: &Batch| {
            let mut answer = model.run(&batch.signals, batch.rows)?;
            answer.truncate(batch.segments.len(), batch.rows);
            Ok(answer)
        };
        let go_on = || {
            if cancel.is_cancelled() {
                Err(Error::Cancelled)
            } else {
                Ok(())
            }
        };
        in_order(crew, batches, run, go_on, |batch, answer| {
            self.deliver(batch, answer)
        })
    }

    fn deliver(&mut self, batch: &Batch, answer: Result<Answer, TchError>) -> Result<()> {
        let labels = self.model.labels();
        let rows = &self.source.subset.rows[batch.segments.clone()];
        let first = rows.first().map_or("", |row| &row.key.segment);
        let answer = answer.map_err(|error| in_batch(first, "run the model", error))?;
        for (at, row) in rows.iter().enumerate() {
            let logits = &answer.logits[at * labels..][..labels];
            self.tally.see(&row.key.segment, logits);
            if labels > 0 {
                self.returned.check(&self.tally, &row.key.segment)?;
            }
            self.writer.push(logits)?;
        }
        self.writer.push_extras(&answer)?;
        self.tally.batches += 1;
        self.ctx.progress.advance(rows.len() as u64);
        if self.note.0.due() {
            self.note()?;
        }
        Ok(())
    }

    /// Notes how far the run is.
    fn note(&mut self) -> Result<()> {
        self.writer.flush()?;
        let (journal, conditions) = &mut self.note;
        journal.note(conditions, &self.tally)
    }

    /// The end of the run; one that was asked to stop notes first what it has answered.
    fn stopped(mut self, waited: Result<Duration>) -> Result<Tally> {
        if matches!(waited, Err(Error::Cancelled)) && self.tally.batches > 0 {
            self.note()?;
        }
        self.tally.waited = waited?;
        self.tally.resumed = self.resumed;
        Ok(self.tally)
    }
}
