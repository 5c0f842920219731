//! One interface for whatever runs a model.

use crate::Result;
use crate::choice::Output;

/// Leads and samples of every segment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Leads.
    pub leads: usize,
    /// Samples per lead.
    pub samples: usize,
}

impl Shape {
    /// Values in one segment.
    pub fn len(&self) -> usize {
        self.leads * self.samples
    }

    /// Whether a segment would hold nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

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
    /// Shape of one segment's.
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
    fn prepare(&mut self, shape: Shape, batch_sizes: &[usize]) -> Result<()>;

    /// What it says of `count` segments: `batch` holds count × leads × samples values.
    ///
    /// # Errors
    /// When the model fails.
    fn run(&self, batch: &[f32], count: usize, shape: Shape) -> Result<Answer, tch::TchError>;

    /// How it runs.
    fn describe(&self) -> Description;
}
