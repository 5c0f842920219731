//! All statistics of one unit, from its compared rows.

use crate::averages::averages;
use crate::clusters::Clusters;
use crate::compare::Compared;
use crate::curves;
use crate::estimate::{PROPORTIONS, estimate, estimates, proportion, set_interval};
use crate::known::{KnownRows, complete};
use crate::metrics::histogram::Histogram;
use crate::metrics::probability::{brier, calibration, expected_calibration_error, log_loss};
use crate::metrics::{Confusion, Ranking};
use crate::resampled::Resamples;
use crate::scoring::Scoring;
use crate::together::together;
use crate::tutorial::counts;
use ecgfm_artifacts::evaluation::{LabelMetrics, PairUsed, ScoreHistogram, Unit, UnitMetrics};
use rayon::prelude::*;

/// Computes the statistics of one unit.
pub(crate) fn score(unit: Unit, rows: &Compared, clusters: &Clusters, scoring: &Scoring<'_>) -> UnitMetrics {
    let known = KnownRows::of_all(rows, clusters, scoring.thresholds);
    let resamples = scoring
        .sampling
        .map(|sampling| Resamples::draw(&known, clusters, sampling));
    let independent = unit == Unit::Ecg && clusters.count == rows.len();
    let labels: Vec<LabelMetrics> = (scoring.pairs.par_iter().zip(&known).enumerate())
        .map(|(i, (pair, known))| {
            let decided = known.decided();
            let mut label = label(pair, known, &decided);
            label.unknown = (rows.len() - known.truth.len()) as u64;
            for (name, estimate) in &mut label.estimates {
                let interval = resamples
                    .as_ref()
                    .and_then(|r| r.of_label(i, name, estimate.value));
                if let Some(interval) = interval {
                    set_interval(estimate, interval);
                }
            }
            for name in PROPORTIONS {
                if let Some(estimate) = label.estimates.get_mut(name) {
                    proportion(
                        name,
                        estimate,
                        (&known.truth, &decided),
                        &known.clusters,
                        independent,
                    );
                }
            }
            label
        })
        .collect();
    let averages = averages(&labels, &known, resamples.as_ref());
    drop(known);
    let complete = complete(rows);
    let together = match &complete {
        None => together(rows, clusters, scoring),
        Some(some) => together(&rows.part(some), &clusters.part_of(some), scoring),
    };
    UnitMetrics {
        unit,
        n: rows.len() as u64,
        complete: complete.map(|rows| rows.len() as u64),
        exact_match: together.exact_match,
        hamming: together.hamming,
        jaccard: together.jaccard,
        challenge: together.challenge,
        averages,
        labels,
        co_occurrence: together.co_occurrence,
    }
}

fn label(pair: &PairUsed, known: &KnownRows<'_>, decided: &[bool]) -> LabelMetrics {
    let (truth, scores) = (&known.truth[..], &known.scores[..]);
    let table = Confusion::count(truth.iter().copied().zip(decided.iter().copied()));
    let ranking = Ranking::new(truth, scores);
    let histogram = Histogram::count(truth, scores);
    let bins = calibration(truth, scores);
    let mut estimates = estimates(&table, &ranking);
    for (name, value) in [
        ("brier", brier(truth, scores)),
        ("log_loss", log_loss(truth, scores)),
        ("ece", expected_calibration_error(&bins)),
    ] {
        estimates.insert(name.to_owned(), estimate(value, "no rows"));
    }
    LabelMetrics {
        label: pair.to.clone(),
        title: pair.title.clone(),
        threshold: known.threshold,
        unknown: 0,
        positives: table.positives(),
        counts: counts(&table),
        estimates,
        roc: curves::roc(&ranking),
        pr: curves::precision_recall(&ranking),
        histogram: ScoreHistogram {
            positives: histogram.positives,
            negatives: histogram.negatives,
        },
        calibration: curves::calibration(&bins),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Challenge;
    use crate::metrics::interval::wilson;
    use polars::prelude::df;

    fn rows() -> Compared {
        Compared {
            keys: df!("idx" => [0i64, 1, 2, 3]).unwrap(),
            truth: vec![vec![true, false, false, true], vec![false; 4]],
            unknown: vec![vec![], vec![]],
            scores: vec![vec![0.9, 0.6, 0.1, 0.2], vec![0.1, 0.2, 0.3, 0.4]],
            without_truth: 0,
        }
    }

    fn scored(unit: Unit) -> UnitMetrics {
        scored_rows(unit, &rows())
    }

    fn scored_rows(unit: Unit, rows: &Compared) -> UnitMetrics {
        let pair = |to: &str| PairUsed {
            from: to.into(),
            to: to.into(),
            title: to.into(),
            pool: vec![],
        };
        let pairs = [pair("AF"), pair("SB")];
        let scoring = Scoring {
            pairs: &pairs,
            thresholds: &[0.5, 0.5],
            sampling: None,
            challenge: &Challenge::Undefined("not asked for".into()),
        };
        let clusters = Clusters {
            of_row: vec![0, 1, 2, 3],
            count: 4,
        };
        score(unit, rows, &clusters, &scoring)
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
    fn a_row_of_unknown_truth_is_left_out_of_that_label_and_of_what_needs_all_labels() {
        let mut rows = rows();
        rows.unknown = vec![vec![1, 3], vec![0]];
        let unit = scored_rows(Unit::Ecg, &rows);
        assert_eq!((unit.n, unit.complete), (4, Some(1)));
        let told: Vec<_> = unit
            .labels
            .iter()
            .map(|l| (l.unknown, l.positives, l.counts.tp, l.counts.fp, l.counts.tn))
            .collect();
        assert_eq!(told, [(2, 1, 1, 0, 1), (1, 0, 0, 0, 3)]);
        assert_eq!(unit.exact_match.value, Some(1.0), "of the third row alone");
        assert_eq!(unit.co_occurrence.actual, [[0, 0], [0, 0]]);
    }

    #[test]
    fn proportions_have_wilsons_interval_where_ecgs_are_independent_and_segments_never_are() {
        assert_eq!(scored(Unit::Segment).labels[0].estimates["sensitivity"].lo, None);
        let ecg = &scored(Unit::Ecg).labels[0].estimates["sensitivity"];
        assert!(ecg.lo.unwrap() < 0.5 && ecg.hi.unwrap() > 0.5);
    }

    #[test]
    fn all_of_few_patients_is_not_certainty() {
        // Four rows of two patients; nothing that is resampled varies.
        let clusters = [0, 0, 1, 1];
        let interval = |name: &str, truth: [bool; 4]| {
            let mut told = estimate(Some(1.0), "");
            proportion(name, &mut told, (&truth, &truth), &clusters, false);
            (told.lo.unwrap(), told.hi.unwrap())
        };
        let by_hand = |n: u64| wilson(n, n).map(|i| (i.lo, i.hi)).unwrap();
        assert_eq!(interval("sensitivity", [true, true, false, false]), by_hand(1));
        assert_eq!(interval("accuracy", [true, true, false, false]), by_hand(2));
        // What resampling told, stays.
        let mut told = estimate(Some(1.0), "");
        (told.lo, told.hi) = (Some(0.9), Some(1.0));
        proportion("ppv", &mut told, (&[true; 4], &[true; 4]), &clusters, false);
        assert_eq!(told.lo, Some(0.9));
    }

    #[test]
    fn averages_name_the_labels_that_they_leave_out() {
        let unit = scored(Unit::Ecg);
        let of = |average: &str, statistic: &str| {
            let found = unit
                .averages
                .iter()
                .find(|a| a.average == average && a.statistic == statistic);
            found.unwrap().clone()
        };
        let auroc = of("macro", "auroc");
        assert_eq!(
            (auroc.over, auroc.left_out),
            (vec!["AF".to_owned()], vec!["SB".to_owned()])
        );
        assert_eq!(auroc.estimate.value, unit.labels[0].estimates["auroc"].value);
        assert_eq!(of("macro", "brier").over.len(), 2);
        assert_eq!(of("micro", "sensitivity").estimate.value, Some(0.5));
        assert_eq!(
            of("weighted", "specificity").estimate.value,
            unit.labels[0].estimates["specificity"].value
        );
        assert_eq!(
            (unit.exact_match.value, unit.hamming.value),
            (Some(0.5), Some(0.25))
        );
        assert_eq!(unit.challenge.reason.as_deref(), Some("not asked for"));
    }

    #[test]
    fn co_occurrence_counts_pairs_of_truth_and_decision() {
        let both = scored(Unit::Ecg).co_occurrence;
        assert_eq!(both.actual, [[2, 0], [0, 0]]);
        assert_eq!(both.actual_predicted, [[1, 0], [0, 0]]);
        assert_eq!(both.none_predicted, [1, 0]);
    }
}
