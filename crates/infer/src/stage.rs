//! The stage `infer`: logits of every segment of a manifest, in its order, keyed.

mod batch_size;
mod hints;
mod journal;
mod labels;
mod precision;
mod returns;
mod score;
mod source;
mod tally;
mod writers;

use crate::backend::Backend;
use crate::device::{Placement, Resolved};
use crate::workers::Crew;
use crate::{Error, Params, Result, version};
use batch_size::{Batching, choose};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{extras, logits, manifests};
use ecgfm_stage_params::Output;
use journal::Journal;
use returns::Returned;
use score::score;
use source::{Source, load};
use tally::{VARYING, outcome};
use tch::Device;

/// Runs the model on every segment of the subset and writes its logits into `ctx.out`.
///
/// # Errors
/// When the manifest, a segment, the model or the device cannot be used, the model does not suit the segments or the label
/// set, or somebody asks to stop.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let source = Source::open(params)?;
    let Resolved { placement, note } = Placement::find(params.device, params.precision)?;
    if let Some(note) = note {
        ctx.progress.note(&note);
    }
    let (segments, threads) = (source.subset.rows.len(), threads(params.threads)?);
    let without_idx =
        (source.without_idx > 0).then(|| manifests::note_without_idx(source.without_idx, segments));
    for warning in version::warning().into_iter().chain(without_idx) {
        ctx.progress.note(&warning);
    }
    let mut loaded = load(params, &source, placement)?;
    // A sweep measures one worker of a crew that has as many batches as it can take.
    let measuring = Threads::set(Crew::new(threads, placement.device, usize::MAX).threads_each);
    let on_cpu = placement.device == Device::Cpu;
    for note in hints::of(params.precision, on_cpu, segments, &hints::processor()) {
        ctx.progress.note(note);
    }
    let mut journal = Journal::open(ctx.out)?;
    let chosen = choose(
        (params.batch_size, journal.batch_size()),
        &mut loaded.model,
        source.shape,
        segments,
        on_cpu,
    )?;
    drop(measuring);
    let batching = Batching::new(chosen.size, segments, on_cpu);
    let crew = Crew::new(threads, placement.device, segments.div_ceil(batching.size));
    let _threads = Threads::set(crew.threads_each);
    let label_set = loaded.prepare(params, source.shape, &batching.row_counts(segments))?;
    let model = &loaded.model;
    let returned = Returned::find(params, loaded.returns())?;
    let change = precision::check(params, (&source, &returned), model, placement, batching, ctx)?;
    let room = |rows: usize| model.signals(rows, source.shape);
    let tally = score(
        &source,
        model,
        &returned,
        room,
        (batching, crew),
        &mut journal,
        ctx,
    )?;
    let done = outcome(&source, model, &tally)
        .fact("batch_size", batching.size)
        .fact("batch_size_by", chosen.by);
    let done = match change {
        None => done,
        Some(change) => change.record(done, params.precision_bound),
    };
    let mut done = done.fact("model_sha256", loaded.sha256.clone());
    if model.labels() > 0
        && let Some((returns, by)) = returned.conclude(&tally)?
    {
        done = done.fact(logits::RETURNS, returns.name()).fact("returns_by", by);
    }
    if let Some(set) = label_set {
        done = done.fact("label_set", set.name).fact("label_names", set.labels);
        if let Some(hash) = set.hash {
            done = done.fact(logits::LABEL_SET_HASH, hash);
        }
    }
    if params.outputs.contains(&Output::Saliency) {
        done = done.fact(extras::SALIENCY_PER, params.saliency_per.name());
    }
    let notices = loaded.notices(&source);
    if !notices.is_empty() {
        done = done.fact(logits::NOTICES, notices);
    }
    let mut record = done.facts.clone();
    // What changes from run to run is for the lock file; the same run should leave the same bytes.
    record.retain(|name, _| !VARYING.contains(&name.as_str()));
    logits::write_record(ctx.out, &record)?;
    Ok(chosen
        .record(done)
        .fact("threads", crew.threads())
        .fact("workers", crew.workers))
}

/// Threads to share out.
fn threads(wanted: Option<usize>) -> Result<usize> {
    match wanted {
        None => Ok(usize::try_from(tch::get_num_threads()).unwrap_or(1)),
        Some(n) if (1..=1024).contains(&n) => Ok(n),
        Some(n) => Err(Error::device(format!("threads {n}; a number from 1 to 1024"))),
    }
}

/// Sets libtorch's threads for a run, and sets them back.
struct Threads(i32);

impl Threads {
    fn set(threads: usize) -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        Self(before)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}

#[cfg(test)]
mod tests;
