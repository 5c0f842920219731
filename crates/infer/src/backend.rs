//! One interface for whatever runs a model.

use crate::Result;
use crate::shape::SegmentShape;
use crate::signals::Signals;
use ecgfm_stage_params::Output;

/// How a backend runs, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What runs the model, as in `torchscript`.
    pub name: &'static str,
    /// The device, as in `cpu` or `cuda:0`.
    pub device: String,
    /// The precision, as in `float32`.
    pub precision: &'static str,
    /// Version of the runtime, where it says.
    pub runtime: Option<String>,
}

/// Something a model says beside logits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// What it is.
    pub output: Output,
    /// SegmentShape of one segment's.
    pub shape: Vec<usize>,
}

/// What a model says of a batch; every array row-major, one row a segment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// (segments, labels); empty from an encoder.
    pub logits: Vec<f32>,
    /// In the order of [`Backend::extras`].
    pub extras: Vec<Vec<f32>>,
}

impl Answer {
    /// The first `count` of `rows` rows; the others are padding.
    pub fn truncate(&mut self, count: usize, rows: usize) {
        for values in std::iter::once(&mut self.logits).chain(&mut self.extras) {
            values.truncate(values.len() / rows.max(1) * count);
        }
    }
}

/// A model that is ready to run.
///
/// Several threads may ask it for logits at once.
pub trait Backend: Sync {
    /// Number of labels, the width of a row of logits; 0 for an encoder, which has none. Known after [`prepare`](Self::prepare).
    fn labels(&self) -> usize;

    /// What it says beside logits, as far as it was asked. Known after [`prepare`](Self::prepare).
    fn extras(&self) -> &[Extra];

    /// Runs once on each batch size that will come, so that a model which does not suit the segments is refused before any
    /// of them is computed, and what the first run of a model costs is paid.
    ///
    /// # Errors
    /// When the model refuses the shape, or answers with anything but one row of logits a segment.
    fn prepare(&mut self, shape: SegmentShape, batch_sizes: &[usize]) -> Result<()>;

    /// What it says of the first `rows` rows of `signals`. They are not looked at any more once this returns.
    ///
    /// # Errors
    /// When the model fails.
    fn run(&self, signals: &Signals, rows: usize) -> Result<Answer, tch::TchError>;

    /// Bytes of the device's memory that are free, where the device says.
    fn free_memory(&self) -> Option<u64> {
        None
    }

    /// How it runs.
    fn describe(&self) -> Description;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_padding_is_dropped() {
        let mut answer = Answer {
            logits: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            extras: vec![vec![7.0, 8.0, 9.0], Vec::new()],
        };
        answer.truncate(2, 3);
        assert_eq!(answer.logits, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(answer.extras, [vec![7.0, 8.0], Vec::new()]);
    }
}
