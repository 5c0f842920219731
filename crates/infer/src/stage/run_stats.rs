//! Counts and facts of a run.

use super::segment_source::SubsetSegments;
use crate::backend::{Backend, DeviceName};
use ecgfm_artifacts::logits::InferenceRecord;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_stage_params::{InferOutput, ValueRange};
use std::collections::BTreeSet;
use std::time::Duration;

/// Most segments with non-finite logits that are named.
const NAMED: usize = 20;

/// Counts of a run.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RunStats {
    pub(super) segments: usize,
    /// Segments among them that an interrupted run had finished.
    pub(super) resumed: usize,
    pub(super) batches: usize,
    pub(super) non_finite: usize,
    /// Keys of the first non-finite segments.
    pub(super) non_finite_keys: Vec<String>,
    /// Range of all values for labels.
    pub(super) range: ValueRange,
    pub(super) elapsed: Duration,
    pub(super) workers: usize,
    /// Time that workers waited for batches, summed over the workers.
    pub(super) waited: Duration,
    /// Devices that computed the chunks.
    pub(super) devices: BTreeSet<DeviceName>,
}

impl RunStats {
    /// Adds the counts of later segments.
    pub(super) fn add(&mut self, later: &Self) {
        self.segments += later.segments;
        self.batches += later.batches;
        self.non_finite += later.non_finite;
        let room = NAMED.saturating_sub(self.non_finite_keys.len());
        let keys = later.non_finite_keys.iter().take(room);
        self.non_finite_keys.extend(keys.cloned());
        self.range.join(later.range);
        self.devices.extend(later.devices.iter().cloned());
    }

    pub(super) fn add_segment(&mut self, segment: &str, logits: &[f32]) {
        self.segments += 1;
        self.range.add(logits);
        if logits.iter().all(|logit| logit.is_finite()) {
            return;
        }
        self.non_finite += 1;
        if self.non_finite_keys.len() < NAMED {
            self.non_finite_keys.push(segment.to_owned());
        }
    }
}

/// Counts of a run, and facts about its time. These change from run to run and go into the lock file only: the same run must leave the
/// same bytes.
pub(super) fn report_outcome(stats: &RunStats) -> Outcome {
    let seconds = stats.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    // A second of scoring, without the warm-up and what an interrupted run had done.
    let rate = ((stats.segments - stats.resumed) as f64 / seconds * 100.0).round() / 100.0;
    // Share of their time that workers waited for a batch to be read.
    let waited = stats.waited.as_secs_f64() / (seconds * stats.workers.max(1) as f64);
    Outcome::default()
        .count("segments", stats.segments)
        .count("batches", stats.batches)
        .count("non_finite", stats.non_finite)
        .fact("segments_per_second", rate)
        .fact("waiting_for_batches", (waited * 1e4).round() / 1e4)
}

/// Record of a run as far as the segments, the model and its answers tell it.
pub(super) fn record_inference(
    source: &SubsetSegments,
    model: &impl Backend,
    stats: &RunStats,
) -> InferenceRecord {
    let description = model.describe();
    let shape_of = |output: InferOutput| {
        let extra = model.extras().iter().find(|extra| extra.output == output);
        extra.map(|extra| extra.shape.clone())
    };
    InferenceRecord {
        backend: Some(description.name.to_owned()),
        device: Some(description.device),
        precision: Some(description.precision.to_owned()),
        libtorch: description.runtime,
        labels: Some(model.labels()),
        leads: Some(source.shape.leads),
        samples: Some(source.shape.samples),
        devices: (stats.devices.len() > 1).then(|| stats.devices.iter().map(ToString::to_string).collect()),
        embedding_shape: shape_of(InferOutput::Embedding),
        saliency_shape: shape_of(InferOutput::Saliency),
        non_finite_segments: (stats.non_finite > 0).then(|| stats.non_finite_keys.clone()),
        ..InferenceRecord::default()
    }
}
