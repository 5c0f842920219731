//! Error of a reduced precision, measured on the first segments of the run itself.

use super::Params;
use super::batch_size::Batching;
use super::returns::ReturnedValues;
use super::segment_source::SubsetSegments;
use crate::Result;
use crate::backend::Backend;
use crate::device::Placement;
use crate::failure::batch_error;
use crate::torchscript::TorchScript;
use ecgfm_artifacts::logits::PrecisionComparison;
use ecgfm_artifacts::stage::Context;
use ecgfm_stage_params::{InferOutput, OutputSelection, Precision, Returns};

/// Segments that are run in both precisions, at most.
const SEGMENTS: usize = 64;

/// Values that two precisions are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ComparedValues {
    Logits,
    /// Of a model that returns them.
    Probabilities,
    /// Of an encoder, which has no logits.
    Embedding,
    /// Of an encoder that is asked for nothing else.
    Saliency,
}

/// Largest changes of a reduced precision against float32.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PrecisionChange {
    /// Segments compared.
    segments: usize,
    /// Values that were compared.
    of: ComparedValues,
    /// Largest change of a value.
    largest: f64,
    /// Largest change of a probability; none from an encoder, which has none.
    probability: Option<f64>,
}

/// Runs the first segments in float32 too, where the run itself is in something less. Warns where a probability
/// changes by more than the bound.
pub(super) fn compare_with_float32(
    params: &Params,
    (source, returned): (&SubsetSegments, &ReturnedValues),
    model: &impl Backend,
    placement: Placement,
    batching: Batching,
    ctx: &Context<'_>,
) -> Result<Option<PrecisionChange>> {
    if placement.precision == Precision::Float32 {
        return Ok(None);
    }
    let exact = placement.in_precision(Precision::Float32);
    exact.activate()?;
    let segments = source.subset.rows.len().min(SEGMENTS);
    let wanted = match model.labels() {
        0 => OutputSelection::new(&params.outputs, params.saliency_per, params.saliency_heads),
        _ => OutputSelection::default(),
    };
    let mut reference = TorchScript::load(&params.model, exact, wanted)?;
    reference.prepare(source.shape, &batching.row_counts(segments))?;
    let expected = run_first_segments(&reference, source, segments, batching)?;
    // Frees its memory for the model that runs next.
    drop(reference);
    // TF32 is a switch of the whole process, so the float32 reference had turned it off.
    placement.activate()?;
    let actual = run_first_segments(model, source, segments, batching)?;
    let of = match (model.labels(), returned.stated()) {
        (0, _) if first_output(model) == Some(InferOutput::Saliency) => ComparedValues::Saliency,
        (0, _) => ComparedValues::Embedding,
        (_, Some(Returns::Probabilities)) => ComparedValues::Probabilities,
        _ => ComparedValues::Logits,
    };
    let change = compare_outputs(of, &expected, &actual, segments);
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

/// First of a model's outputs beside logits.
fn first_output(model: &impl Backend) -> Option<InferOutput> {
    model.extras().first().map(|extra| extra.output)
}

/// Logits of the first segments, batch by batch as the run computes them; from an encoder the first of what it says.
fn run_first_segments(
    model: &impl Backend,
    source: &SubsetSegments,
    segments: usize,
    batching: Batching,
) -> Result<Vec<f32>> {
    let (rows, plan) = (
        source.subset.rows.get(..segments).unwrap_or_default(),
        batching.plan(&[], 1),
    );
    let (mut signals, mut values) = (model.allocate(batching.size, source.shape)?, Vec::new());
    for batch in rows.chunks(batching.size) {
        let chunks = signals.values_mut().chunks_exact_mut(source.shape.len());
        for (row, signal) in batch.iter().zip(chunks) {
            source.reader.read(&row.path, signal)?;
        }
        let padded = plan.rows(batch.len());
        signals.pad(batch.len(), padded);
        let answer = model.run(&signals, padded);
        let first = batch.first().map_or("", |row| &row.key.segment);
        let mut answer = answer.map_err(|error| batch_error(first, "run the model", error))?;
        answer.truncate(batch.len(), padded);
        match model.labels() {
            0 => values.extend(answer.extras.into_iter().next().unwrap_or_default()),
            _ => values.extend(answer.logits),
        }
    }
    Ok(values)
}

fn compare_outputs(of: ComparedValues, expected: &[f32], actual: &[f32], segments: usize) -> PrecisionChange {
    let sigmoid = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
    // NaN against a number is as bad as can be; `max` would pass over it.
    let largest = |differences: &mut dyn Iterator<Item = f64>| {
        differences.fold(0.0, |a: f64, b| if b.is_nan() { f64::INFINITY } else { a.max(b) })
    };
    let pairs = || expected.iter().zip(actual);
    let change = largest(&mut pairs().map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()));
    PrecisionChange {
        segments,
        of,
        largest: change,
        probability: match of {
            ComparedValues::Logits => Some(largest(
                &mut pairs().map(|(a, b)| (sigmoid(*a) - sigmoid(*b)).abs()),
            )),
            ComparedValues::Probabilities => Some(change),
            _ => None,
        },
    }
}

impl PrecisionChange {
    /// What was found, for the record of the run.
    pub(super) fn record(self, bound: f64) -> PrecisionComparison {
        let largest_of = |values: ComparedValues| (self.of == values).then_some(self.largest);
        PrecisionComparison {
            segments: self.segments,
            largest_embedding_change: largest_of(ComparedValues::Embedding),
            largest_saliency_change: largest_of(ComparedValues::Saliency),
            largest_logit_change: largest_of(ComparedValues::Logits),
            largest_probability_change: self.probability,
            bound: self.probability.map(|_| bound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_change_is_found_and_nan_is_no_agreement() {
        let change = compare_outputs(ComparedValues::Logits, &[0.0, 2.0], &[0.5, 2.0], 1);
        assert_eq!(change.largest, 0.5);
        assert!((change.probability.unwrap() - 0.122_459).abs() < 1e-6);
        assert_eq!(
            compare_outputs(ComparedValues::Logits, &[0.0], &[f32::NAN], 1).probability,
            Some(f64::INFINITY)
        );
        assert_eq!(
            compare_outputs(ComparedValues::Embedding, &[1.0], &[3.0], 1).probability,
            None
        );
        assert_eq!(
            compare_outputs(ComparedValues::Probabilities, &[0.25], &[0.5], 1).probability,
            Some(0.25)
        );
    }
}
