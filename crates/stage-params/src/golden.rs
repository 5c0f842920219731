//! Golden vectors: a few inputs of a model and what it returned for them when it was exported, beside the model in
//! `model.golden.npz`. Whoever runs the model makes it answer them first.
//!
//! The arrays are `inputs` (count, rows, samples), and `logits` (count, labels) or `embedding` (count, …) or both, float32.

use ecgfm_formats::npz::{self, NpzArray};
use ecgfm_formats::{Error, Result};
use std::path::{Path, PathBuf};

/// Most inputs that are read.
const MAX_COUNT: usize = 64;

/// Outputs that may be compared: the values for labels, and the embedding.
pub const COMPARED: [&str; 2] = ["logits", "embedding"];

/// A few inputs of a model, and its outputs for them.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenVectors {
    /// The inputs: (count, rows, samples).
    pub inputs: NpzArray,
    /// Outputs among [`COMPARED`], each (count, …).
    pub outputs: Vec<NpzArray>,
}

impl GoldenVectors {
    /// Path beside a model: `model.golden.npz` for `model.ts`.
    pub fn path_beside(model: &Path) -> PathBuf {
        model.with_extension("golden.npz")
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// A shape that does not fit its values.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let arrays: Vec<NpzArray> = std::iter::once(&self.inputs)
            .chain(&self.outputs)
            .cloned()
            .collect();
        npz::write(&arrays)
    }

    /// Reads the bytes of the file, which [`npz::read_bytes`] gives.
    ///
    /// # Errors
    /// Arrays that are missing, unknown, of shapes that do not fit each other, or hold values that are no numbers.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let (inputs, outputs) = npz::parse(path, bytes)?
            .into_iter()
            .partition(|array| array.name == "inputs");
        let vectors = Self::new(inputs, outputs);
        vectors.map_err(|(place, what)| Error::Malformed {
            path: path.to_owned(),
            place,
            what,
            help: "export the model again, or copy the file again".to_owned(),
        })
    }

    fn new(mut inputs: Vec<NpzArray>, outputs: Vec<NpzArray>) -> Result<Self, (String, String)> {
        let at = |array: &NpzArray, what: String| Err((array.name.clone(), what));
        let Some(inputs) = inputs.pop().filter(|_| inputs.is_empty()) else {
            return Err(("archive".to_owned(), "one array `inputs` is needed".to_owned()));
        };
        let count = match inputs.shape[..] {
            [count, rows, samples] if (1..=MAX_COUNT).contains(&count) && rows > 0 && samples > 0 => count,
            _ => {
                return at(
                    &inputs,
                    format!(
                        "shape {:?}; (count, rows, samples) with 1 to {MAX_COUNT} inputs is read",
                        inputs.shape
                    ),
                );
            }
        };
        if outputs.is_empty() {
            return Err((
                "archive".to_owned(),
                format!("none of {} is there", COMPARED.join(", ")),
            ));
        }
        for (place, output) in outputs.iter().enumerate() {
            let name = output.name.as_str();
            if !COMPARED.contains(&name) || outputs[..place].iter().any(|earlier| earlier.name == name) {
                return at(output, format!("one each of {} is read", COMPARED.join(", ")));
            }
            if output.shape.first() != Some(&count) || output.shape.len() < 2 || output.values.is_empty() {
                return at(output, format!("shape {:?} for {count} inputs", output.shape));
            }
        }
        for array in std::iter::once(&inputs).chain(&outputs) {
            if array.values.iter().any(|value| !value.is_finite()) {
                return at(array, "a value is infinite or no number".to_owned());
            }
        }
        Ok(Self { inputs, outputs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(name: &str, shape: &[usize], value: f32) -> NpzArray {
        let values = vec![value; shape.iter().product()];
        NpzArray {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values,
        }
    }

    fn read(arrays: &[NpzArray]) -> Result<GoldenVectors> {
        GoldenVectors::parse(Path::new("m.golden.npz"), &npz::write(arrays).unwrap())
    }

    #[test]
    fn what_is_written_is_read() {
        let vectors = GoldenVectors {
            inputs: array("inputs", &[3, 1, 5], 0.5),
            outputs: vec![array("logits", &[3, 2], 1.0)],
        };
        let bytes = vectors.to_bytes().unwrap();
        assert_eq!(
            GoldenVectors::parse(Path::new("m.golden.npz"), &bytes).unwrap(),
            vectors
        );
        assert_eq!(
            GoldenVectors::path_beside(Path::new("a/m.ts")),
            Path::new("a/m.golden.npz")
        );
    }

    #[test]
    fn arrays_that_do_not_belong_together_are_refused_with_the_reason() {
        let inputs = || array("inputs", &[3, 1, 5], 0.5);
        for (arrays, problem) in [
            (vec![array("logits", &[3, 2], 1.0)], "one array `inputs`"),
            (vec![inputs()], "none of logits, embedding"),
            (
                vec![array("inputs", &[3, 5], 0.5), array("logits", &[3, 2], 1.0)],
                "inputs: shape [3, 5]",
            ),
            (
                vec![inputs(), array("logits", &[2, 2], 1.0)],
                "logits: shape [2, 2] for 3 inputs",
            ),
            (
                vec![inputs(), array("saliency", &[3, 2], 1.0)],
                "saliency: one each of",
            ),
            (
                vec![inputs(), array("logits", &[3, 2], f32::NAN)],
                "logits: a value is infinite or no number",
            ),
        ] {
            let message = read(&arrays).unwrap_err().to_string();
            assert!(message.contains(problem), "{message}");
        }
    }
}
