//! What a run counts and records.

use super::source::Source;
use crate::backend::Backend;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_stage_params::Range;
use std::time::Duration;

/// Segments a second, warm-up excluded.
const RATE: &str = "segments_per_second";

/// The share of their time that workers waited for a batch to be read.
const FEEDING: &str = "waiting_for_batches";

/// The facts that tell time, which is another one in every run.
pub(super) const VARYING: [&str; 2] = [RATE, FEEDING];

/// Keys of segments with non-finite logits that are named; the rest is counted.
const NAMED: usize = 20;

/// What a run counted.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) segments: usize,
    /// Those of them that an interrupted run had answered.
    pub(super) resumed: usize,
    pub(super) batches: usize,
    pub(super) non_finite: usize,
    /// The first of them.
    pub(super) non_finite_keys: Vec<String>,
    /// Of all values for labels.
    pub(super) range: Range,
    pub(super) elapsed: Duration,
    pub(super) workers: usize,
    /// Added up over the workers.
    pub(super) waited: Duration,
}

impl Tally {
    pub(super) fn see(&mut self, segment: &str, logits: &[f32]) {
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

/// The record of a run.
pub(super) fn outcome(source: &Source, model: &impl Backend, tally: &Tally) -> Outcome {
    let description = model.describe();
    let seconds = tally.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let rate = ((tally.segments - tally.resumed) as f64 / seconds * 100.0).round() / 100.0;
    let waited = tally.waited.as_secs_f64() / (seconds * tally.workers.max(1) as f64);
    let mut outcome = Outcome::default()
        .count("segments", tally.segments)
        .count("batches", tally.batches)
        .count("non_finite", tally.non_finite)
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
    if tally.non_finite > 0 {
        outcome = outcome.fact("non_finite_segments", tally.non_finite_keys.clone());
    }
    outcome
}
