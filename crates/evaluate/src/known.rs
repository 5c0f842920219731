//! The rows of one label whose truth is known: what its statistics are computed from.

use crate::clusters::Clusters;
use crate::metrics::LabelRows;
use crate::metrics::bootstrap::ResampledLabel;
use crate::metrics::row_parts::RowParts;
use crate::probabilities::decide;
use crate::scored_rows::{ScoredRows, take_rows};
use std::borrow::Cow;

/// The rows of a label whose truth is known: all of them, or a part.
pub(crate) struct KnownRows<'a> {
    /// Truth of the label.
    pub(crate) truth: Cow<'a, [bool]>,
    /// Probabilities of the label, one a row.
    pub(crate) scores: Cow<'a, [f32]>,
    /// Number of the cluster of every row; rows of one cluster are resampled together.
    pub(crate) clusters: Cow<'a, [u32]>,
    /// The rows that are left out, ascending.
    unknown: &'a [u32],
    /// The label is predicted above this probability.
    pub(crate) threshold: f64,
}

impl<'a> KnownRows<'a> {
    /// The rows of every label, of `rows` that are grouped into `clusters`.
    pub(crate) fn of_all(rows: &'a ScoredRows, clusters: &'a Clusters, thresholds: &[f64]) -> Vec<Self> {
        let label = |(at, &threshold): (usize, &f64)| {
            let columns = (&rows.truth[at][..], &rows.scores[at][..], &clusters.of_row[..]);
            Self::new(columns, &rows.unknown[at], threshold)
        };
        thresholds.iter().enumerate().map(label).collect()
    }

    /// The rows of one label but for those that are `unknown`, ascending.
    pub(crate) fn new(
        (truth, scores, clusters): (&'a [bool], &'a [f32], &'a [u32]),
        unknown: &'a [u32],
        threshold: f64,
    ) -> Self {
        if unknown.is_empty() {
            return Self {
                truth: Cow::Borrowed(truth),
                scores: Cow::Borrowed(scores),
                clusters: Cow::Borrowed(clusters),
                unknown,
                threshold,
            };
        }
        let known = |row: &usize| unknown.binary_search(&(*row as u32)).is_err();
        let known: Vec<usize> = (0..truth.len()).filter(known).collect();
        Self {
            truth: Cow::Owned(take_rows(truth, &known)),
            scores: Cow::Owned(take_rows(scores, &known)),
            clusters: Cow::Owned(take_rows(clusters, &known)),
            unknown,
            threshold,
        }
    }

    /// Decisions, row by row.
    pub(crate) fn decided(&self) -> Vec<bool> {
        decide(&self.scores, self.threshold)
    }

    /// As resampling takes it.
    pub(crate) fn label(&self) -> LabelRows<'_> {
        LabelRows {
            truth: &self.truth,
            scores: &self.scores,
            clusters: &self.clusters,
            threshold: self.threshold as f32,
        }
    }

    /// As resampling takes it with `parts` of all rows, known or not.
    pub(crate) fn label_with<'s>(&'s self, parts: Option<&'s RowParts>) -> ResampledLabel<'s> {
        ResampledLabel {
            rows: self.label(),
            parts,
            left_out: self.unknown,
        }
    }
}

/// The rows in which the truth of every label is known; all of them, where none is missing.
pub(crate) fn complete_rows(rows: &ScoredRows) -> Option<Vec<usize>> {
    if rows.unknown.iter().all(Vec::is_empty) {
        return None;
    }
    let mut known = vec![true; rows.len()];
    for &row in rows.unknown.iter().flatten() {
        known[row as usize] = false;
    }
    Some((0..rows.len()).filter(|&row| known[row]).collect())
}
