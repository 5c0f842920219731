//! One interface for whatever runs a model.

use crate::Result;

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

/// A model that is ready to run.
///
/// Several threads may ask it for logits at once.
pub trait Backend: Sync {
    /// Number of labels, the width of a row of logits. Known after [`prepare`](Self::prepare).
    fn labels(&self) -> usize;

    /// Runs once on each batch size that will come, so that a model which does not suit the segments is refused before any
    /// of them is computed, and what the first run of a model costs is paid.
    ///
    /// # Errors
    /// When the model refuses the shape, or answers with anything but one row of logits a segment.
    fn prepare(&mut self, shape: Shape, batch_sizes: &[usize]) -> Result<()>;

    /// Logits of `count` segments: `batch` holds count × leads × samples values, `out` takes count × labels.
    ///
    /// # Errors
    /// When the model fails.
    fn logits(&self, batch: &[f32], count: usize, shape: Shape, out: &mut [f32])
    -> Result<(), tch::TchError>;

    /// How it runs.
    fn describe(&self) -> Description;
}
