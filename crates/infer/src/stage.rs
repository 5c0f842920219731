//! The stage `infer`: logits of every segment of a manifest, in its order, keyed.

mod batch_size;
mod chunks;
mod hints;
mod labels;
mod precision;
mod returns;
mod run_stats;
mod scoring;
mod segment_source;
mod writers;

use crate::backend::Backend;
use crate::device::Placement;
use crate::golden::check_golden_vectors;
use crate::processor::processor_features;
use crate::threads::ThreadCount;
use crate::worker_pool::WorkerPool;
use crate::{Error, Params, Result, version};
use batch_size::{Batching, choose_batch_size};
use chunks::{agree_on_batching, planned_batch_size, require_same_kind};
use ecgfm_artifacts::chunks::{ChunkStore, remove_own};
use ecgfm_artifacts::logits::{GoldenComparison, InferenceRecord};
use ecgfm_artifacts::manifests;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_stage_params::InferOutput;
use returns::ReturnedValues;
use run_stats::{record_inference, report_outcome};
use scoring::score_segments;
#[cfg(test)]
pub(crate) use segment_source::hash_file;
use segment_source::{LoadedModel, SubsetSegments, load_model};
use tch::Device;

/// Runs the model on every segment of the subset and writes its logits into `ctx.out`.
///
/// # Errors
/// When the manifest, a segment, the model or the device cannot be used, the model does not suit the segments or the label
/// set, or the run is interrupted.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let source = SubsetSegments::open(params)?;
    let resolved = Placement::resolve(params.device, params.precision)?;
    let placement = resolved.placement;
    placement.activate()?;
    if let Some(note) = &resolved.note {
        ctx.progress.note(note);
    }
    let (segments, threads) = (source.subset.rows.len(), thread_count(params.threads)?);
    let without_idx =
        (source.without_idx > 0).then(|| manifests::note_without_idx(source.without_idx, segments));
    for warning in version::version_warning().into_iter().chain(without_idx) {
        ctx.progress.note(&warning);
    }
    let mut loaded = load_model(params, &source, &resolved)?;
    let devices = loaded.model.devices();
    if params.same_device {
        require_same_kind(&devices)?;
    }
    let golden = check_model(params, &mut loaded, ctx)?;
    // A sweep measures one worker of a pool that has as many batches as it can run.
    let measuring =
        ThreadCount::set(WorkerPool::new(threads, (placement.device, 1), usize::MAX).threads_each);
    let on_cpu = placement.device == Device::Cpu;
    for note in hints::for_precision(params.precision, on_cpu, segments, &processor_features()) {
        ctx.progress.note(note);
    }
    let chunks = ChunkStore::open(ctx, None)?;
    let chosen = choose_batch_size(
        (params.batch_size, planned_batch_size(&chunks)?),
        loaded.model.smallest_mut(),
        source.shape,
        segments,
        on_cpu,
    )?;
    // Puts the number of threads back before the pool sets its own, so that the end of the run restores the first.
    drop(measuring);
    let batching = Batching::new(chosen.size, segments, on_cpu);
    let kind = devices.first().filter(|_| params.same_device);
    let batching = agree_on_batching(&chunks, batching, segments, on_cpu, kind)?;
    let pool = WorkerPool::new(
        threads,
        (placement.device, devices.len()),
        segments.div_ceil(batching.size),
    );
    let _threads = ThreadCount::set(pool.threads_each);
    let label_set = loaded.prepare(params, source.shape, &batching.row_counts(segments))?;
    let model = &loaded.model;
    let returned = ReturnedValues::new(params, loaded.returns())?;
    let change =
        precision::compare_with_float32(params, (&source, &returned), model, placement, batching, ctx)?;
    let stats = score_segments(&source, model, &returned, (batching, pool), &chunks, ctx)?;
    if chunks.shard().is_some() {
        return Ok(report_outcome(&stats).fact("device", model.describe().device));
    }
    if params.same_device {
        require_same_kind(&stats.devices)?;
    }
    remove_own(ctx)?;
    let mut record = InferenceRecord {
        batch_size: Some(batching.size),
        batch_size_by: Some(chosen.chosen_by.to_owned()),
        against_float32: change.map(|change| change.record(params.precision_bound)),
        golden,
        model_sha256: Some(loaded.sha256.clone()),
        notices: Some(loaded.notices(&source)).filter(|notices| !notices.is_empty()),
        ..record_inference(&source, model, &stats)
    };
    if model.labels() > 0
        && let Some((returns, by)) = returned.conclude(&stats)?
    {
        (record.returns, record.returns_by) = (Some(returns), Some(by.to_owned()));
    }
    if let Some(set) = label_set {
        record.set_labels_by_name(set);
    }
    if params.outputs.contains(&InferOutput::Saliency) {
        record.saliency_per = Some(params.saliency_per);
    }
    record.write(ctx.out)?;
    let mut done = report_outcome(&stats);
    done.facts.extend(record.facts()?);
    Ok(chosen
        .record(done)
        .fact("threads", pool.threads())
        .fact("workers", pool.workers))
}

/// Holds a model on each device against its golden vectors, if its card names some; returns the largest differences. With one thread,
/// so that the record of a run does not depend on the number of threads.
fn check_model(
    params: &Params,
    loaded: &mut LoadedModel,
    ctx: &Context<'_>,
) -> Result<Option<GoldenComparison>> {
    let Some(card) = loaded.golden() else {
        ctx.progress.note(
            "the model has no golden vectors: nothing was checked of what it computes on this device and with this library",
        );
        return Ok(None);
    };
    let _threads = ThreadCount::set(1);
    let mut comparison = GoldenComparison::default();
    for model in loaded.model.members_mut() {
        let placement = model.placement();
        comparison.join(check_golden_vectors(&params.model, &card, model, placement)?);
    }
    if comparison.largest_differences.is_empty() {
        ctx.progress.warn(
            "none of the outputs that are asked for is among the model's golden vectors: nothing was compared",
            "ask for `outputs: [embedding]` too, and the model is checked by it",
        );
    }
    Ok(Some(comparison))
}

/// Number of threads to divide among workers.
fn thread_count(wanted: Option<usize>) -> Result<usize> {
    match wanted {
        None => Ok(usize::try_from(tch::get_num_threads()).unwrap_or(1)),
        Some(n) if (1..=1024).contains(&n) => Ok(n),
        Some(n) => Err(Error::device(format!("threads {n}; a number from 1 to 1024"))),
    }
}

#[cfg(test)]
mod tests;
