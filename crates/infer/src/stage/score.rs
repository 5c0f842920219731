//! Every segment of a run through the model, and what it says into the files.

use super::batch_size::Batching;
use super::source::Source;
use super::tally::Tally;
use super::writers::Writers;
use crate::backend::Backend;
use crate::prefetch::{Batch, Batches, with_batches};
use crate::signals::Signals;
use crate::workers::{Crew, in_order};
use crate::{Error, Result};
use ecgfm_artifacts::stage::Context;
use std::time::Instant;

/// Runs a prepared model on all segments; `room` makes memory for one batch.
pub(super) fn score(
    source: &Source,
    model: &impl Backend,
    room: impl Fn(usize) -> Result<Signals>,
    batching: Batching,
    crew: Crew,
    ctx: &Context<'_>,
) -> Result<Tally> {
    let rows = &source.subset.rows;
    let plan = batching.plan(rows.len());
    // One that is being filled for every reader, and those that are handed out.
    let buffers = (plan.readers + crew.ahead()).min(rows.len().div_ceil(batching.size));
    let buffers = (0..buffers.max(1)).map(|_| room(batching.size));
    let buffers = buffers.collect::<Result<Vec<_>>>()?;
    let mut writer = Writers::create(ctx.out, &source.subset.name, model)?;
    ctx.progress.begin(rows.len() as u64, "segments");
    let read = |segment: usize, values: &mut [f32]| {
        source
            .reader
            .read(&rows[segment].path, values)
            .map_err(Error::from)
    };
    let started = Instant::now();
    let mut tally = with_batches(plan, buffers, read, |batches| {
        consume(source, model, crew, batches, &mut writer, ctx)
    })?;
    writer.finish()?;
    tally.elapsed = started.elapsed();
    tally.workers = crew.workers;
    if tally.non_finite > 0 {
        let keys = tally.non_finite_keys.join(", ");
        let note = format!(
            "{} segments have infinite or NaN logits: {keys}",
            tally.non_finite
        );
        ctx.progress.note(&note);
        tracing::warn!("{note}");
    }
    Ok(tally)
}

fn consume(
    source: &Source,
    model: &impl Backend,
    crew: Crew,
    batches: &mut Batches<Error>,
    writer: &mut Writers,
    ctx: &Context<'_>,
) -> Result<Tally> {
    let (rows, labels, cancel) = (&source.subset.rows, model.labels(), ctx.cancel);
    let mut tally = Tally::default();
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
    let waited = in_order(crew, batches, run, go_on, |batch, answer| {
        let rows = &rows[batch.segments.clone()];
        let answer = answer.map_err(|source| Error::Torch {
            segment: rows
                .first()
                .map_or_else(String::new, |row| row.key.segment.clone()),
            action: "run the model",
            source,
        })?;
        for (at, row) in rows.iter().enumerate() {
            let logits = &answer.logits[at * labels..][..labels];
            tally.see(&row.key.segment, logits);
            writer.push(row.key.clone(), logits)?;
        }
        writer.push_extras(&answer)?;
        tally.batches += 1;
        ctx.progress.advance(rows.len() as u64);
        Ok(())
    })?;
    tally.waited = waited;
    Ok(tally)
}
