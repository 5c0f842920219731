//! Estimates of a label's statistics: a value, or why there is none.

use crate::metrics::interval::Interval;
use crate::metrics::probability::{brier_score, calibration_curve, expected_calibration_error, log_loss};
use crate::metrics::{ConfusionMatrix, LabelRows, Ranking};
use ecgfm_artifacts::evaluation::exceeds;
use ecgfm_artifacts::evaluation::{ComputedFrom, Estimate, Statistic};

/// Rows of one label, counted and ranked once for all of its statistics.
pub(crate) struct LabelStatistics<'a> {
    truth: &'a [bool],
    scores: &'a [f32],
    /// The 2×2 table at the label's threshold.
    pub(crate) counts: ConfusionMatrix,
    /// The rows by score.
    pub(crate) ranking: Ranking,
}

impl<'a> LabelStatistics<'a> {
    /// Ranks the rows; `counts` is their 2×2 table.
    pub(crate) fn new(truth: &'a [bool], scores: &'a [f32], counts: ConfusionMatrix) -> Self {
        Self {
            truth,
            scores,
            counts,
            ranking: Ranking::new(truth, scores),
        }
    }

    /// Counts a label's rows at its threshold, and ranks them.
    pub(crate) fn of_label(label: &LabelRows<'a>) -> Self {
        let decided = (label.scores.iter()).map(|&score| exceeds(score, f64::from(label.threshold)));
        let counts = ConfusionMatrix::count(label.truth.iter().copied().zip(decided));
        Self::new(label.truth, label.scores, counts)
    }

    /// The value of a statistic; none where the rows do not define it.
    pub(crate) fn value(&self, statistic: &Statistic) -> Option<f64> {
        match statistic.computed_from {
            ComputedFrom::Counts(of) => of(&self.counts),
            ComputedFrom::RocCurve => self.ranking.auroc(),
            ComputedFrom::PrecisionRecallCurve => self.ranking.auprc(),
            ComputedFrom::SquaredErrors => brier_score(self.truth, self.scores),
            ComputedFrom::LogErrors => log_loss(self.truth, self.scores),
            ComputedFrom::CalibrationBins => {
                expected_calibration_error(&calibration_curve(self.truth, self.scores))
            }
        }
    }

    /// The value of a statistic, or why there is none; still without interval.
    pub(crate) fn estimate(&self, statistic: &Statistic) -> Estimate {
        estimate(self.value(statistic), (statistic.undefined)(&self.counts))
    }
}

/// A value, or why there is none.
pub(crate) fn estimate(value: Option<f64>, reason: &str) -> Estimate {
    let reason = value.is_none().then(|| reason.to_owned());
    Estimate {
        value,
        lo: None,
        hi: None,
        reason,
    }
}

/// Puts an interval into an estimate.
pub(crate) fn set_interval(estimate: &mut Estimate, interval: Interval) {
    (estimate.lo, estimate.hi) = (Some(interval.lo), Some(interval.hi));
}
