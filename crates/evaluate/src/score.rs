//! All statistics of one unit, from its compared rows.

use crate::averages::average_labels;
use crate::clusters::Clusters;
use crate::curves;
use crate::estimate::LabelStatistics;
use crate::intervals::Intervals;
use crate::known::{KnownRows, complete_rows};
use crate::label_sets::LabelSets;
use crate::metrics::ConfusionMatrix;
use crate::metrics::histogram::Histogram;
use crate::metrics::probability::calibration_curve;
use crate::metrics::row_parts::RowParts;
use crate::resampled::{Resamples, RowsToResample};
use crate::scored_rows::ScoredRows;
use crate::scoring::ScoringSettings;
use ecgfm_artifacts::evaluation::{
    EvaluationUnit, LabelMetrics, PairUsed, STATISTICS, ScoreHistogram, UnitMetrics,
};
use rayon::prelude::*;

/// The rows of one unit, ready to be resampled.
pub(crate) struct UnitRows<'a> {
    unit: EvaluationUnit,
    /// Number of rows.
    count: usize,
    /// Every row is of another cluster.
    independent: bool,
    /// Rows of each label.
    known: Vec<KnownRows<'a>>,
    /// Number of rows in which every label's truth is known, where these are not all.
    complete: Option<u64>,
    sets: LabelSets,
}

impl<'a> UnitRows<'a> {
    pub(crate) fn new(
        unit: EvaluationUnit,
        rows: &'a ScoredRows,
        clusters: &'a Clusters,
        scoring: &ScoringSettings<'_>,
    ) -> Self {
        let complete = complete_rows(rows);
        Self {
            unit,
            count: rows.len(),
            independent: unit == EvaluationUnit::Ecg && clusters.count == rows.len(),
            known: KnownRows::of_all(rows, clusters, scoring.thresholds),
            sets: match &complete {
                None => LabelSets::new(rows, clusters, scoring),
                Some(some) => LabelSets::new(&rows.part(some), &clusters.part_of(some), scoring),
            },
            complete: complete.map(|rows| rows.len() as u64),
        }
    }

    /// What is to be resampled, once, with groups of the rows.
    pub(crate) fn rows_to_resample<'s>(&'s mut self, parts: Option<&'s RowParts>) -> RowsToResample<'s> {
        RowsToResample {
            sums: self.sets.take_sums(),
            known: &self.known,
            parts,
        }
    }

    /// Computes the statistics, with intervals from the resamples of [`Self::rows_to_resample`].
    pub(crate) fn metrics(self, resamples: Option<Resamples>, pairs: &[PairUsed]) -> UnitMetrics {
        let intervals = Intervals::new(&self.known, resamples, self.independent);
        let labels: Vec<LabelMetrics> = (pairs.par_iter().zip(&self.known).enumerate())
            .map(|(at, (pair, known))| LabelMetrics {
                unknown: (self.count - known.truth.len()) as u64,
                ..label_metrics(at, pair, known, &intervals)
            })
            .collect();
        let resamples = intervals.resamples.as_ref();
        let sets = self.sets.statistics(resamples);
        UnitMetrics {
            unit: self.unit,
            n: self.count as u64,
            complete: self.complete,
            exact_match: sets.exact_match,
            hamming: sets.hamming,
            jaccard: sets.jaccard,
            challenge: sets.challenge,
            averages: average_labels(&labels, &self.known, resamples),
            labels,
            co_occurrence: sets.co_occurrence,
        }
    }
}

/// Statistics of the label at `at`, from the rows of which its truth is known.
fn label_metrics(
    at: usize,
    pair: &PairUsed,
    known: &KnownRows<'_>,
    intervals: &Intervals<'_>,
) -> LabelMetrics {
    let (truth, scores, decided) = (&known.truth[..], &known.scores[..], known.decided());
    let counts = ConfusionMatrix::count(truth.iter().copied().zip(decided.iter().copied()));
    let statistics = LabelStatistics::new(truth, scores, counts);
    let estimates = STATISTICS.iter().map(|statistic| {
        let mut estimate = statistics.estimate(statistic);
        intervals.add_to(&mut estimate, statistic, at, &decided);
        (statistic.name.to_owned(), estimate)
    });
    let histogram = Histogram::count(truth, scores);
    LabelMetrics {
        label: pair.to.clone(),
        title: pair.title.clone(),
        threshold: known.threshold,
        unknown: 0,
        positives: counts.positives(),
        counts,
        estimates: estimates.collect(),
        roc: curves::roc_curve(&statistics.ranking),
        pr: curves::precision_recall(&statistics.ranking),
        histogram: ScoreHistogram {
            positives: histogram.positives,
            negatives: histogram.negatives,
        },
        calibration: curves::calibration_bins(&calibration_curve(truth, scores)),
        operating_points: curves::operating_points(&statistics.ranking, known.threshold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::ChallengeRewards;
    use polars::prelude::df;

    fn rows() -> ScoredRows {
        ScoredRows {
            keys: df!("idx" => [0i64, 1, 2, 3]).unwrap(),
            truth: vec![vec![true, false, false, true], vec![false; 4]],
            unknown: vec![vec![], vec![]],
            scores: vec![vec![0.9, 0.6, 0.1, 0.2], vec![0.1, 0.2, 0.3, 0.4]],
            without_truth: 0,
        }
    }

    fn scored(unit: EvaluationUnit) -> UnitMetrics {
        scored_rows(unit, &rows())
    }

    fn scored_rows(unit: EvaluationUnit, rows: &ScoredRows) -> UnitMetrics {
        let pair = |to: &str| PairUsed {
            from: to.into(),
            to: to.into(),
            title: to.into(),
            pool: vec![],
        };
        let pairs = [pair("AF"), pair("SB")];
        let scoring = ScoringSettings {
            pairs: &pairs,
            thresholds: &[0.5, 0.5],
            sampling: None,
            challenge: &ChallengeRewards::Undefined("not asked for".into()),
        };
        let clusters = Clusters {
            of_row: vec![0, 1, 2, 3],
            count: 4,
        };
        UnitRows::new(unit, rows, &clusters, &scoring).metrics(None, &pairs)
    }

    #[test]
    fn what_is_undefined_says_why_and_what_is_defined_does_not() {
        let sb = &scored(EvaluationUnit::Ecg).labels[1];
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
        let unit = scored_rows(EvaluationUnit::Ecg, &rows);
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
        assert_eq!(
            scored(EvaluationUnit::Segment).labels[0].estimates["sensitivity"].lo,
            None
        );
        let ecg = &scored(EvaluationUnit::Ecg).labels[0].estimates["sensitivity"];
        assert!(ecg.lo.unwrap() < 0.5 && ecg.hi.unwrap() > 0.5);
    }

    #[test]
    fn averages_name_the_labels_that_they_leave_out() {
        let unit = scored(EvaluationUnit::Ecg);
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
        let both = scored(EvaluationUnit::Ecg).co_occurrence;
        assert_eq!(both.actual, [[2, 0], [0, 0]]);
        assert_eq!(both.actual_predicted, [[1, 0], [0, 0]]);
        assert_eq!(both.none_predicted, [1, 0]);
    }
}
