//! Counts and facts of a run.

use super::segment_source::SubsetSegments;
use crate::backend::Backend;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_stage_params::ValueRange;
use std::time::Duration;

/// Segments a second, warm-up excluded.
const RATE: &str = "segments_per_second";

/// Share of their time that workers waited for a batch to be read.
const FEEDING: &str = "waiting_for_batches";

/// Facts about time, which differ from run to run.
pub(super) const VARYING: [&str; 2] = [RATE, FEEDING];

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
}

impl RunStats {
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

/// Record of a run.
pub(super) fn report_outcome(source: &SubsetSegments, model: &impl Backend, stats: &RunStats) -> Outcome {
    let description = model.describe();
    let seconds = stats.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let rate = ((stats.segments - stats.resumed) as f64 / seconds * 100.0).round() / 100.0;
    let waited = stats.waited.as_secs_f64() / (seconds * stats.workers.max(1) as f64);
    let mut outcome = Outcome::default()
        .count("segments", stats.segments)
        .count("batches", stats.batches)
        .count("non_finite", stats.non_finite)
        .fact("backend", description.name)
        .fact("device", description.device)
        .fact("precision", description.precision)
        .fact("labels", model.labels())
        .fact("leads", source.shape.leads)
        .fact("samples", source.shape.samples)
        .fact(RATE, rate)
        .fact(FEEDING, (waited * 1e4).round() / 1e4);
    for extra in model.extras() {
        outcome = outcome.fact(&format!("{}_shape", extra.output.name()), extra.shape.clone());
    }
    if let Some(runtime) = description.runtime {
        outcome = outcome.fact("libtorch", runtime);
    }
    if stats.non_finite > 0 {
        outcome = outcome.fact("non_finite_segments", stats.non_finite_keys.clone());
    }
    outcome
}
