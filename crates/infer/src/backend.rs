//! One interface for whatever runs a model.

use crate::Result;
pub use crate::error::BackendError;
use crate::shape::SegmentShape;
use crate::signal_buffer::SignalBuffer;
use ecgfm_stage_params::InferOutput;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Name of a device on its machine, and what it is: two kinds of device differ in the last bits of what they compute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceName {
    /// Place on the machine, as in `cpu` or `cuda:0`.
    pub device: String,
    /// What it is, as in `NVIDIA H100 80GB HBM3`; none where the system does not say.
    pub model: Option<String>,
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(f, "{} ({model})", self.device),
            None => f.write_str(&self.device),
        }
    }
}

/// Runtime, device and precision of a backend, for the record of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendDescription {
    /// Name of the runtime, as in `torchscript`.
    pub name: &'static str,
    /// The device, as in `cpu` or `cuda:0`, or several, as in `cuda:0,2`.
    pub device: String,
    /// The precision, as in `float32`.
    pub precision: &'static str,
    /// Version of the runtime, where it is known.
    pub runtime: Option<String>,
}

/// Output of a model beside logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraOutput {
    /// Kind of output.
    pub output: InferOutput,
    /// SegmentShape of one segment's.
    pub shape: Vec<usize>,
}

/// Outputs of a model for a batch; every array row-major, one row a segment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchOutput {
    /// (segments, labels); empty from an encoder.
    pub logits: Vec<f32>,
    /// Outputs beside logits, in the order of [`Backend::extras`].
    pub extras: Vec<Vec<f32>>,
    /// Device that computed them, by its place in [`Backend::devices`].
    pub device: usize,
}

impl BatchOutput {
    /// The first `count` of `rows` rows; the others are padding.
    pub fn truncate(&mut self, count: usize, rows: usize) {
        for values in std::iter::once(&mut self.logits).chain(&mut self.extras) {
            values.truncate(values.len() / rows.max(1) * count);
        }
    }
}

/// A model that is ready to run.
///
/// Several threads may run it at once. [`TorchScript`](crate::torchscript::TorchScript) is one; the tests of the stage have
/// another that needs no model.
pub trait Backend: Sync {
    /// Number of labels, the width of a row of logits; 0 for an encoder, which has none. Known after [`prepare`](Self::prepare).
    fn labels(&self) -> usize;

    /// Outputs beside logits that were asked for. Known after [`prepare`](Self::prepare).
    fn extras(&self) -> &[ExtraOutput];

    /// Runs once on each batch size that will come, so that a model which does not fit the segments is refused before any
    /// of them is computed, and what the first run of a model costs is paid.
    ///
    /// # Errors
    /// When the model refuses the shape, or returns anything but one row of logits a segment.
    fn prepare(&mut self, shape: SegmentShape, batch_sizes: &[usize]) -> Result<()>;

    /// Allocates memory for a batch, where the device reads it fastest.
    ///
    /// # Errors
    /// When there is no memory left.
    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer>;

    /// Outputs for the first `rows` rows of `signals`. They are not read any more once this returns.
    ///
    /// # Errors
    /// When the model fails.
    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError>;

    /// Bytes of the device's memory that are free, where the device says.
    fn free_memory(&self) -> Option<u64> {
        None
    }

    /// Runtime, device and precision.
    fn describe(&self) -> BackendDescription;

    /// The devices that it runs on.
    fn devices(&self) -> Vec<DeviceName>;

    /// Warnings since the last call, about devices that it goes on without.
    fn take_warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_padding_is_dropped() {
        let mut answer = BatchOutput {
            logits: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            extras: vec![vec![7.0, 8.0, 9.0], Vec::new()],
            device: 0,
        };
        answer.truncate(2, 3);
        assert_eq!(answer.logits, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(answer.extras, [vec![7.0, 8.0], Vec::new()]);
    }
}
