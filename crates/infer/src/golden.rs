//! Golden vectors, which a model answers before the first batch: that is how a device or library that computes otherwise, and a
//! damaged or exchanged model file, are found.

use crate::backend::Backend;
use crate::device::Placement;
use crate::failure::batch_error;
use crate::shape::SegmentShape;
use crate::threads::ThreadCount;
use crate::torchscript::TorchScript;
use crate::{Error, Result};
use ecgfm_artifacts::formats::npz::{self, NpzArray};
use ecgfm_artifacts::logits::GoldenComparison;
use ecgfm_artifacts::presence::is_file;
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{CardFile, InferOutput, OutputSelection, Precision};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Least size that an output is taken to have: values below it come from sums that cancel, whose rounding is not theirs.
const LEAST_SCALE: f64 = 0.01;

/// Largest difference from a golden output that a precision explains, as a share of the output's largest value.
///
/// Measured against float64 on small networks of six families, with PyTorch: float32 differs by 1e-7 to 3e-7, and by 6e-6 after batch
/// norms of small variances; two devices may differ by twice that. On the demo model float16 differs from float32 by 1e-3 and bfloat16
/// by 1e-2; TF32 has float16's digits. Ten times that is left for deeper networks. Of 60 weights of the demo model whose sign was
/// turned, one at a time, 59 change a logit by more than float32's tolerance, half of them by 2e-3 or more.
fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Auto | Precision::Float32 => 2e-5,
        Precision::Tf32 | Precision::Float16 => 0.02,
        Precision::Bfloat16 => 0.15,
    }
}

/// Runs a model on its golden inputs, on its device and in its precision, and compares. Its outputs beside logits are compared
/// where they were asked for.
///
/// # Errors
/// The file is not there, is not the card's or does not fit the model; or an output differs by more than the precision's
/// tolerance, or is no number.
pub(crate) fn check_golden_vectors(
    path: &Path,
    card: &CardFile,
    model: &mut impl Backend,
    placement: Placement,
) -> Result<GoldenComparison> {
    let golden = GoldenVectors::path_beside(path);
    let vectors = read(&golden, card)?;
    let &[count, leads, samples] = vectors.inputs.shape.as_slice() else {
        return Err(Error::model(
            &golden,
            "inputs of another shape than (count, rows, samples)",
        ));
    };
    let shape = SegmentShape { leads, samples };
    model.prepare(shape, &[count])?;
    let mut signals = model.allocate(count, shape)?;
    signals.values_mut().copy_from_slice(&vectors.inputs.values);
    let answer = model.run(&signals, count);
    let answer = answer.map_err(|error| batch_error("a golden input", "run the model", error))?;
    let embedding = model
        .extras()
        .iter()
        .position(|extra| extra.output == InferOutput::Embedding);
    let mut comparison = GoldenComparison {
        inputs: count,
        tolerance: tolerance(placement.precision),
        ..GoldenComparison::default()
    };
    for expected in &vectors.outputs {
        let actual = match (expected.name.as_str(), embedding) {
            ("logits", _) => &answer.logits,
            ("embedding", Some(place)) => &answer.extras[place],
            _ => continue,
        };
        let found = compare(expected, actual).map_err(|what| Error::model(&golden, what))?;
        found.require_within(comparison.tolerance, expected, actual, (path, placement))?;
        comparison
            .largest_differences
            .insert(expected.name.clone(), found.relative);
    }
    Ok(comparison)
}

/// What a TorchScript file returns for labels, on the CPU and with one thread, beside the inputs that it is given.
///
/// # Errors
/// The file cannot be loaded, does not take such inputs, or returns none of these values, or a value that is no number.
pub fn record_golden_vectors(path: &Path, inputs: NpzArray) -> Result<GoldenVectors> {
    let &[count, leads, samples] = inputs.shape.as_slice() else {
        return Err(Error::model(
            path,
            "inputs of another shape than (count, rows, samples)",
        ));
    };
    let shape = SegmentShape { leads, samples };
    let placement = Placement {
        device: tch::Device::Cpu,
        precision: Precision::Float32,
    };
    let _threads = ThreadCount::set(1);
    let mut model = TorchScript::load(path, placement, OutputSelection::default())?;
    model.prepare(shape, &[count])?;
    let mut signals = model.allocate(count, shape)?;
    signals.values_mut().copy_from_slice(&inputs.values);
    let answer = model.run(&signals, count);
    let answer = answer.map_err(|error| batch_error("a golden input", "run the model", error))?;
    if answer.logits.iter().any(|value| !value.is_finite()) {
        return Err(Error::model(
            path,
            "it returns a value that is infinite or no number for a made-up ECG",
        ));
    }
    let logits = NpzArray {
        name: "logits".to_owned(),
        shape: vec![count, model.labels()],
        values: answer.logits,
    };
    Ok(GoldenVectors {
        inputs,
        outputs: vec![logits],
    })
}

/// Reads the file, if it is the card's.
fn read(golden: &Path, card: &CardFile) -> Result<GoldenVectors> {
    if !is_file(golden)? {
        let what = "the model's card names golden vectors, and this file of them is not there: copy it from beside the model \
                    that was exported, or export again; without it nobody knows whether the model computes here what it \
                    should. To run it unchecked, remove `golden` from the card";
        return Err(Error::model(golden, what));
    }
    let bytes = npz::read_bytes(golden).map_err(ecgfm_artifacts::Error::from)?;
    let sha256: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if !sha256.eq_ignore_ascii_case(&card.sha256) {
        let what = format!(
            "these are the golden vectors of another model, or damaged: sha256 {sha256}, and {} in the model's card; copy the \
             file again from beside the model that was exported, or export again",
            card.sha256
        );
        return Err(Error::model(golden, what));
    }
    Ok(GoldenVectors::parse(golden, &bytes).map_err(ecgfm_artifacts::Error::from)?)
}

/// The largest difference between an output and what it should be.
struct LargestDifference {
    /// Place in the array.
    at: usize,
    /// Share of the largest value expected; infinite where the value is no number.
    relative: f64,
}

fn compare(expected: &NpzArray, actual: &[f32]) -> Result<LargestDifference, String> {
    if actual.len() != expected.values.len() {
        let (name, shape) = (&expected.name, &expected.shape);
        return Err(format!(
            "{name} of shape {shape:?}, and the model returns {} values",
            actual.len()
        ));
    }
    let largest = expected
        .values
        .iter()
        .fold(0.0, |most: f64, v| most.max(f64::from(v.abs())));
    let scale = largest.max(LEAST_SCALE);
    let differences = expected.values.iter().zip(actual).map(|(expected, actual)| {
        let difference = (f64::from(*actual) - f64::from(*expected)).abs();
        if difference.is_nan() {
            f64::INFINITY
        } else {
            difference / scale
        }
    });
    let most = differences.enumerate().fold(
        (0, 0.0),
        |most, found| if found.1 > most.1 { found } else { most },
    );
    Ok(LargestDifference {
        at: most.0,
        relative: most.1,
    })
}

impl LargestDifference {
    fn require_within(
        &self,
        tolerance: f64,
        expected: &NpzArray,
        actual: &[f32],
        (model, placement): (&Path, Placement),
    ) -> Result<()> {
        if self.relative <= tolerance {
            return Ok(());
        }
        let width = (expected.values.len() / expected.shape[0]).max(1);
        let (input, value) = (self.at / width + 1, self.at % width + 1);
        let (device, precision) = (placement.device_name(), placement.precision.name());
        Err(Error::Golden {
            path: model.to_owned(),
            what: format!(
                "on {device} in {precision} it does not compute what it did when it was exported: {name}, golden input {input}, \
                 value {value}, is {} and should be {}: a difference of {:.2e} of the largest value, where {precision} \
                 explains {tolerance:.0e}",
                actual[self.at],
                expected.values[self.at],
                self.relative,
                name = expected.name,
            ),
        })
    }
}

#[cfg(test)]
mod tests;
