//! What a reduced precision costs, measured on the first segments of the run itself.

use super::Params;
use super::batch_size::Batching;
use super::returns::Returned;
use super::source::Source;
use crate::Result;
use crate::backend::Backend;
use crate::device::Placement;
use crate::failure::in_batch;
use crate::torchscript::TorchScript;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_stage_params::{Precision, Returns, Wanted};

/// Segments that are run in both precisions, at most.
const SEGMENTS: usize = 64;

/// What a model with a head is compared by.
const LOGIT: &str = "logit";

/// The same where its values are probabilities already.
const PROBABILITY: &str = "probability";

/// How far a reduced precision is from float32.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// Segments compared.
    segments: usize,
    /// What was compared: logits, or what an encoder says in their place.
    of: &'static str,
    /// Largest change of one of them.
    largest: f64,
    /// Largest change of a probability; none from an encoder, which has none.
    probability: Option<f64>,
}

/// Runs the first segments in float32 too, where the run itself is in something less. Warns where a probability
/// changes by more than the bound.
pub(super) fn check(
    params: &Params,
    (source, returned): (&Source, &Returned),
    model: &TorchScript,
    placement: Placement,
    batching: Batching,
    ctx: &Context<'_>,
) -> Result<Option<Change>> {
    if placement.precision == Precision::Float32 {
        return Ok(None);
    }
    let exact = placement.in_precision(Precision::Float32);
    exact.activate()?;
    let segments = source.subset.rows.len().min(SEGMENTS);
    let wanted = match model.labels() {
        0 => Wanted::of(&params.outputs, params.saliency_per, params.saliency_heads),
        _ => Wanted::default(),
    };
    let mut reference = TorchScript::load(&params.model, exact, wanted)?;
    reference.prepare(source.shape, &batching.row_counts(segments))?;
    let expected = first(&reference, source, segments, batching)?;
    drop(reference);
    // TF32 is a switch of the whole process.
    placement.activate()?;
    let actual = first(model, source, segments, batching)?;
    let extra = model
        .extras()
        .first()
        .map_or("output", |extra| extra.output.name());
    let of = match (model.labels(), returned.said()) {
        (0, _) => extra,
        (_, Some(Returns::Probabilities)) => PROBABILITY,
        _ => LOGIT,
    };
    let change = compare(of, &expected, &actual, segments);
    if let Some(probability) = change
        .probability
        .filter(|&change| change > params.precision_bound)
    {
        let note = format!(
            "{} changes a probability by up to {probability:.4} against float32 (first {segments} segments), more than \
             precision_bound {}; use float32",
            placement.precision.name(),
            params.precision_bound
        );
        ctx.progress.note(&note);
    }
    Ok(Some(change))
}

/// Logits of the first segments, batch by batch as the run computes them; from an encoder the first of what it says.
fn first(model: &TorchScript, source: &Source, segments: usize, batching: Batching) -> Result<Vec<f32>> {
    let (rows, plan) = (
        source.subset.rows.get(..segments).unwrap_or_default(),
        batching.plan(segments),
    );
    let (mut signals, mut values) = (model.signals(batching.size, source.shape)?, Vec::new());
    for batch in rows.chunks(batching.size) {
        let chunks = signals.values_mut().chunks_exact_mut(source.shape.len());
        for (row, signal) in batch.iter().zip(chunks) {
            source.reader.read(&row.path, signal)?;
        }
        let padded = plan.rows(batch.len());
        signals.pad(batch.len(), padded);
        let answer = model.run(&signals, padded);
        let first = batch.first().map_or("", |row| &row.key.segment);
        let mut answer = answer.map_err(|error| in_batch(first, "run the model", error))?;
        answer.truncate(batch.len(), padded);
        match model.labels() {
            0 => values.extend(answer.extras.into_iter().next().unwrap_or_default()),
            _ => values.extend(answer.logits),
        }
    }
    Ok(values)
}

fn compare(of: &'static str, expected: &[f32], actual: &[f32], segments: usize) -> Change {
    let sigmoid = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
    // NaN against a number is as bad as can be; `max` would pass over it.
    let largest = |differences: &mut dyn Iterator<Item = f64>| {
        differences.fold(0.0, |a: f64, b| if b.is_nan() { f64::INFINITY } else { a.max(b) })
    };
    let pairs = || expected.iter().zip(actual);
    let change = largest(&mut pairs().map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()));
    Change {
        segments,
        of,
        largest: change,
        probability: match of {
            LOGIT => Some(largest(
                &mut pairs().map(|(a, b)| (sigmoid(*a) - sigmoid(*b)).abs()),
            )),
            PROBABILITY => Some(change),
            _ => None,
        },
    }
}

impl Change {
    /// The record of the run, with what was found.
    pub(super) fn record(self, outcome: Outcome, bound: f64) -> Outcome {
        let mut found = serde_json::json!({ "segments": self.segments });
        found[format!("largest_{}_change", self.of)] = self.largest.into();
        if let Some(probability) = self.probability {
            found["largest_probability_change"] = probability.into();
            found["bound"] = bound.into();
        }
        outcome.fact("against_float32", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_change_is_found_and_nan_is_no_agreement() {
        let change = compare(LOGIT, &[0.0, 2.0], &[0.5, 2.0], 1);
        assert_eq!(change.largest, 0.5);
        assert!((change.probability.unwrap() - 0.122_459).abs() < 1e-6);
        assert_eq!(
            compare(LOGIT, &[0.0], &[f32::NAN], 1).probability,
            Some(f64::INFINITY)
        );
        assert_eq!(compare("embedding", &[1.0], &[3.0], 1).probability, None);
        assert_eq!(compare(PROBABILITY, &[0.25], &[0.5], 1).probability, Some(0.25));
    }
}
