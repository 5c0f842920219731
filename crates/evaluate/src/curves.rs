//! Curves, as they are kept for drawing.

use crate::metrics::Ranking;
use crate::metrics::probability::Bin;
use ecgfm_artifacts::evaluation::{CalibrationBin, OperatingPoints, PrCurve, RocCurve};

/// Points kept of a curve.
pub(crate) const CURVE_POINTS: usize = 200;

pub(crate) fn roc_curve(ranking: &Ranking) -> RocCurve {
    let mut curve = RocCurve {
        points: ranking.roc_points(),
        ..RocCurve::default()
    };
    for point in ranking.roc(CURVE_POINTS) {
        curve.threshold.push(point.threshold);
        curve.fpr.push(round6(point.fpr));
        curve.tpr.push(round6(point.tpr));
    }
    curve
}

pub(crate) fn precision_recall(ranking: &Ranking) -> PrCurve {
    let mut curve = PrCurve {
        points: ranking.precision_recall_points(),
        ..PrCurve::default()
    };
    for point in ranking.precision_recall(CURVE_POINTS) {
        curve.threshold.push(point.threshold);
        curve.recall.push(round6(point.recall));
        curve.precision.push(round6(point.precision));
    }
    curve
}

/// Thresholds below 0.01 and above 0.99 that [`operating_points`] counts at, for rare labels and for a model that is sure.
const OUTER_THRESHOLDS: [f64; 6] = [0.0, 0.001, 0.002, 0.005, 0.995, 0.999];

/// What is predicted above every hundredth, above some thresholds near 0 and 1, and above `threshold`.
pub(crate) fn operating_points(ranking: &Ranking, threshold: f64) -> OperatingPoints {
    let hundredths = (1..100).map(|hundredth| f64::from(hundredth) / 100.0);
    let mut thresholds: Vec<f64> = OUTER_THRESHOLDS.into_iter().chain(hundredths).collect();
    if !thresholds.contains(&threshold) {
        thresholds.push(threshold);
    }
    thresholds.sort_by(f64::total_cmp);
    let counts = thresholds
        .iter()
        .map(|&threshold| ranking.predicted_above(threshold));
    let (tp, fp) = counts.unzip();
    OperatingPoints {
        threshold: thresholds,
        tp,
        fp,
    }
}

fn round6(v: f64) -> f64 {
    (v * 1e6).round() / 1e6
}

/// The artifact's form of a calibration curve.
pub(crate) fn calibration_bins(bins: &[Bin]) -> Vec<CalibrationBin> {
    let bin = |bin: &Bin| CalibrationBin {
        from: bin.from,
        count: bin.count,
        mean: bin.mean,
        observed: bin.positives as f64 / bin.count as f64,
        lo: bin.observed.lo,
        hi: bin.observed.hi,
    };
    bins.iter().map(bin).collect()
}
