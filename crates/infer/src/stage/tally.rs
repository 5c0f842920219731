//! What a run counts and records.

use super::Source;
use crate::backend::Backend;
use ecgfm_artifacts::stage::Outcome;
use std::time::Duration;

/// The fact that tells time.
pub(super) const RATE: &str = "segments_per_second";

/// Keys of segments with non-finite logits that are named; the rest is counted.
const NAMED: usize = 20;

/// What a run counted.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) segments: usize,
    pub(super) batches: usize,
    pub(super) batch_size: usize,
    pub(super) non_finite: usize,
    /// The first of them.
    pub(super) non_finite_keys: Vec<String>,
    pub(super) elapsed: Duration,
}

impl Tally {
    pub(super) fn see(&mut self, segment: &str, logits: &[f32]) {
        self.segments += 1;
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
    let seconds = tally.elapsed.as_secs_f64();
    let rate = if seconds > 0.0 {
        (tally.segments as f64 / seconds * 100.0).round() / 100.0
    } else {
        0.0
    };
    let mut outcome = Outcome::default()
        .count("segments", tally.segments)
        .count("batches", tally.batches)
        .count("non_finite", tally.non_finite)
        .fact("backend", description.name)
        .fact("device", description.device)
        .fact("precision", description.precision)
        .fact("batch_size", tally.batch_size)
        .fact("labels", model.labels())
        .fact("leads", source.shape.leads)
        .fact("samples", source.shape.samples)
        .fact(RATE, rate);
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
