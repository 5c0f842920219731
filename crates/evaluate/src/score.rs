//! All statistics of one unit, from its compared rows.

use crate::clusters::Clusters;
use crate::compare::Compared;
use crate::metrics::bootstrap::{self, Plan};
use crate::metrics::histogram::Histogram;
use crate::metrics::interval::{Interval, wilson};
use crate::metrics::{Confusion, Ranking};
use crate::sigmoid::above;
use crate::tutorial::{counts, exact_matches};
use ecgfm_artifacts::evaluation::{
    CoOccurrence, Estimate, LabelMetrics, PairUsed, PrCurve, RocCurve, ScoreHistogram, Unit, UnitMetrics,
};
use std::collections::BTreeMap;

/// Points kept of a curve.
pub(crate) const CURVE_POINTS: usize = 200;

/// How to score.
pub(crate) struct Scoring<'a> {
    /// The mapped labels in order.
    pub(crate) pairs: &'a [PairUsed],
    /// A label is predicted above this.
    pub(crate) threshold: f64,
    /// Resampling for intervals; none for no intervals.
    pub(crate) plan: Option<Plan>,
}

/// Whether each mapped label is predicted.
pub(crate) fn decide(scores: &[Vec<f32>], threshold: f64) -> Vec<Vec<bool>> {
    scores
        .iter()
        .map(|column| column.iter().map(|&p| above(p, threshold)).collect())
        .collect()
}

/// Computes the statistics of one unit. Proportions get Wilson intervals where rows are ECGs; segments of one ECG
/// are not independent, so there they get none.
pub(crate) fn score(unit: Unit, rows: &Compared, clusters: &Clusters, scoring: &Scoring<'_>) -> UnitMetrics {
    let decided = decide(&rows.scores, scoring.threshold);
    let resampled = resample(rows, clusters, scoring);
    let labels = scoring.pairs.iter().enumerate().map(|(i, pair)| {
        let mut label = label(pair, &rows.truth[i], &rows.scores[i], &decided[i], unit);
        for (name, interval) in resampled.get(i).into_iter().flatten() {
            if let (Some(estimate), Some(interval)) = (label.estimates.get_mut(*name), interval) {
                set(estimate, *interval);
            }
        }
        label
    });
    let matches = exact_matches(&rows.truth, &decided, rows.len());
    UnitMetrics {
        unit,
        n: rows.len() as u64,
        exact_match: proportion(matches, rows.len() as u64, "no rows", unit),
        labels: labels.collect(),
        co_occurrence: co_occurrence(&rows.truth, &decided, rows.len()),
    }
}

fn resample(
    rows: &Compared,
    clusters: &Clusters,
    scoring: &Scoring<'_>,
) -> Vec<[(&'static str, Option<Interval>); 3]> {
    let Some(plan) = scoring.plan else {
        return Vec::new();
    };
    let labels: Vec<bootstrap::Label<'_>> = (rows.truth.iter().zip(&rows.scores))
        .map(|(truth, scores)| bootstrap::Label {
            truth,
            scores,
            threshold: scoring.threshold as f32,
        })
        .collect();
    bootstrap::intervals(&labels, &clusters.of_row, clusters.count, plan)
        .into_iter()
        .map(|got| [("auroc", got.auroc), ("auprc", got.auprc), ("f1", got.f1)])
        .collect()
}

fn label(pair: &PairUsed, truth: &[bool], scores: &[f32], decided: &[bool], unit: Unit) -> LabelMetrics {
    let table = Confusion::count(truth.iter().copied().zip(decided.iter().copied()));
    let ranking = Ranking::new(truth, scores);
    let histogram = Histogram::count(truth, scores);
    LabelMetrics {
        label: pair.to.clone(),
        title: pair.title.clone(),
        positives: table.positives(),
        counts: counts(&table),
        estimates: estimates(&table, &ranking, unit),
        roc: roc(&ranking),
        pr: precision_recall(&ranking),
        histogram: ScoreHistogram {
            positives: histogram.positives,
            negatives: histogram.negatives,
        },
    }
}

fn estimates(table: &Confusion, ranking: &Ranking, unit: Unit) -> BTreeMap<String, Estimate> {
    let (tp, fp, r#fn, tn) = (table.tp, table.fp, table.r#fn, table.tn);
    let one_class = if table.positives() == 0 {
        "no positives"
    } else {
        "no negatives"
    };
    let share = |part, whole, reason| proportion(part, whole, reason, unit);
    let all = [
        ("prevalence", share(tp + r#fn, table.n(), "no rows")),
        ("auroc", estimate(ranking.auroc(), one_class)),
        ("auprc", estimate(ranking.auprc(), "no positives")),
        ("sensitivity", share(tp, tp + r#fn, "no positives")),
        ("specificity", share(tn, tn + fp, "no negatives")),
        ("ppv", share(tp, tp + fp, "nothing predicted positive")),
        ("npv", share(tn, tn + r#fn, "nothing predicted negative")),
        (
            "f1",
            estimate(table.f1(), "no positives and nothing predicted positive"),
        ),
        ("accuracy", share(tp + tn, table.n(), "no rows")),
    ];
    all.into_iter()
        .map(|(name, estimate)| (name.to_owned(), estimate))
        .collect()
}

fn estimate(value: Option<f64>, reason: &str) -> Estimate {
    let reason = value.is_none().then(|| reason.to_owned());
    Estimate {
        value,
        lo: None,
        hi: None,
        reason,
    }
}

fn proportion(part: u64, whole: u64, reason: &str, unit: Unit) -> Estimate {
    let mut out = estimate((whole > 0).then(|| part as f64 / whole as f64), reason);
    if let (Unit::Ecg, Some(interval)) = (unit, wilson(part, whole)) {
        set(&mut out, interval);
    }
    out
}

fn set(estimate: &mut Estimate, interval: Interval) {
    (estimate.lo, estimate.hi) = (Some(interval.lo), Some(interval.hi));
}

fn roc(ranking: &Ranking) -> RocCurve {
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

fn precision_recall(ranking: &Ranking) -> PrCurve {
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

fn round6(v: f64) -> f64 {
    (v * 1e6).round() / 1e6
}

fn co_occurrence(truth: &[Vec<bool>], decided: &[Vec<bool>], rows: usize) -> CoOccurrence {
    let both = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && **b).count() as u64;
    let matrix = |rows: &[Vec<bool>], columns: &[Vec<bool>]| -> Vec<Vec<u64>> {
        rows.iter()
            .map(|row| columns.iter().map(|column| both(row, column)).collect())
            .collect()
    };
    let none: Vec<bool> = (0..rows).map(|row| truth.iter().all(|t| !t[row])).collect();
    CoOccurrence {
        actual: matrix(truth, truth),
        predicted: matrix(decided, decided),
        actual_predicted: matrix(truth, decided),
        none_predicted: decided.iter().map(|column| both(&none, column)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn rows() -> Compared {
        Compared {
            keys: df!("idx" => [0i64, 1, 2, 3]).unwrap(),
            truth: vec![vec![true, false, false, true], vec![false; 4]],
            scores: vec![vec![0.9, 0.6, 0.1, 0.2], vec![0.1, 0.2, 0.3, 0.4]],
            without_truth: 0,
        }
    }

    fn scored(unit: Unit) -> UnitMetrics {
        let pair = |to: &str| PairUsed {
            from: to.into(),
            to: to.into(),
            title: to.into(),
        };
        let pairs = [pair("AF"), pair("SB")];
        let scoring = Scoring {
            pairs: &pairs,
            threshold: 0.5,
            plan: None,
        };
        let clusters = Clusters {
            of_row: vec![0, 1, 2, 3],
            count: 4,
        };
        score(unit, &rows(), &clusters, &scoring)
    }

    #[test]
    fn what_is_undefined_says_why_and_what_is_defined_does_not() {
        let sb = &scored(Unit::Ecg).labels[1];
        for (name, reason) in [
            ("auroc", "no positives"),
            ("auprc", "no positives"),
            ("sensitivity", "no positives"),
            ("ppv", "nothing predicted positive"),
        ] {
            assert_eq!(
                (sb.estimates[name].value, sb.estimates[name].reason.as_deref()),
                (None, Some(reason))
            );
        }
        assert_eq!(
            (
                sb.estimates["specificity"].value,
                &sb.estimates["specificity"].reason
            ),
            (Some(1.0), &None)
        );
    }

    #[test]
    fn proportions_of_segments_get_no_interval_that_assumes_independence() {
        assert_eq!(scored(Unit::Segment).labels[0].estimates["sensitivity"].lo, None);
        let ecg = &scored(Unit::Ecg).labels[0].estimates["sensitivity"];
        assert!(ecg.lo.unwrap() < 0.5 && ecg.hi.unwrap() > 0.5);
    }

    #[test]
    fn co_occurrence_counts_pairs_of_truth_and_decision() {
        let both = scored(Unit::Ecg).co_occurrence;
        assert_eq!(both.actual, [[2, 0], [0, 0]]);
        assert_eq!(both.actual_predicted, [[1, 0], [0, 0]]);
        assert_eq!(both.none_predicted, [1, 0]);
    }
}
