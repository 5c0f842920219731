//! Curves and counts of one label, as `metrics.json` has them for drawing.

use serde::{Deserialize, Serialize};

/// Rows whose probabilities fall in one bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// The bin's lower end; it is a tenth wide.
    pub from: f64,
    /// Rows in it.
    pub count: u64,
    /// Mean probability of these rows.
    pub mean: f64,
    /// The share of them in which the label holds.
    pub observed: f64,
    /// Lower end of the 95 % interval (Wilson) of `observed`.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// A ROC curve as columns; empty unless both classes occur.
///
/// At most 200 points are kept: of a longer curve those at which it turns, and of these, where there are more, the
/// first at or beyond each of 200 equally spaced values of fpr + tpr. Areas are computed from all points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RocCurve {
    /// Points of the whole curve.
    pub points: u64,
    /// Predicted where the probability is at least this; none for the origin.
    pub threshold: Vec<Option<f32>>,
    /// 1 − specificity, to six decimals.
    pub fpr: Vec<f64>,
    /// Sensitivity, to six decimals.
    pub tpr: Vec<f64>,
}

/// A precision–recall curve as columns, up to full recall; empty without positives.
///
/// At most 200 points are kept: of a longer curve the first of each recall, and of these, where there are more, the
/// first at or beyond each of 200 equally spaced values of recall. Areas are computed from all points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PrCurve {
    /// Points of the whole curve up to full recall.
    pub points: u64,
    /// Predicted where the probability is at least this.
    pub threshold: Vec<f32>,
    /// Sensitivity, to six decimals.
    pub recall: Vec<f64>,
    /// Positive predictive value, to six decimals.
    pub precision: Vec<f64>,
}

/// Counts of what is predicted at rising thresholds, as columns. The label's own threshold is one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoints {
    /// Predicted where the probability is above this.
    pub threshold: Vec<f64>,
    /// Rows predicted in which the label holds.
    pub tp: Vec<u64>,
    /// Rows predicted in which it does not.
    pub fp: Vec<u64>,
}

/// Counts of probabilities in bins of equal width from 0 to 1; the last bin holds 1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreHistogram {
    /// Rows in which the label holds.
    pub positives: Vec<u64>,
    /// Rows in which it does not.
    pub negatives: Vec<u64>,
}
