//! The rows of one label, as statistics take them.

/// Truth and scores of one label, one entry a row.
#[derive(Debug, Clone, Copy)]
pub struct LabelRows<'a> {
    /// The label is present.
    pub truth: &'a [bool],
    /// Scores, finite.
    pub scores: &'a [f32],
    /// Number of the cluster of each row: those of one cluster are resampled together.
    pub clusters: &'a [u32],
    /// Predicted where the score is above it.
    pub threshold: f32,
}
