//! Settings by which rows are scored: labels, thresholds, resampling, the Challenge's score.

use crate::challenge::ChallengeRewards;
use crate::resampled::Sampling;
use ecgfm_artifacts::evaluation::PairUsed;
use ecgfm_artifacts::evaluation::exceeds;

/// Settings by which rows are scored.
pub(crate) struct ScoringSettings<'a> {
    /// The mapped labels in order.
    pub(crate) pairs: &'a [PairUsed],
    /// Threshold of each label, above which it is predicted.
    pub(crate) thresholds: &'a [f64],
    /// Resampling for intervals; none for no intervals.
    pub(crate) sampling: Option<Sampling>,
    /// The Challenge's score, as far as the labels have one.
    pub(crate) challenge: &'a ChallengeRewards,
}

/// Decisions on each mapped label: true where its probability is above its threshold.
pub(crate) fn decide_labels(scores: &[Vec<f32>], thresholds: &[f64]) -> Vec<Vec<bool>> {
    let column =
        |(column, &threshold): (&Vec<f32>, &f64)| column.iter().map(|&p| exceeds(p, threshold)).collect();
    scores.iter().zip(thresholds).map(column).collect()
}
