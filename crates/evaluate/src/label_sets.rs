//! Statistics of all labels together: how far the set of decided labels is the true one, row by row.

use crate::challenge::ChallengeRewards;
use crate::clusters::Clusters;
use crate::estimate::{estimate, set_interval};
use crate::metrics::challenge::EarnedRewards;
use crate::metrics::cluster_sums::ClusterSums;
use crate::metrics::multilabel::{Agreement, RowAgreement};
use crate::resampled::Resamples;
use crate::scored_rows::ScoredRows;
use crate::scoring::{ScoringSettings, decide_labels};
use ecgfm_artifacts::evaluation::{CoOccurrence, Estimate};

/// Statistics of sets of labels, with their intervals.
pub(crate) struct SetStatistics {
    pub(crate) exact_match: Estimate,
    pub(crate) hamming: Estimate,
    pub(crate) jaccard: Estimate,
    pub(crate) challenge: Estimate,
    pub(crate) co_occurrence: CoOccurrence,
}

/// Sets of labels of the rows in which every label's truth is known.
pub(crate) struct LabelSets {
    /// Still without intervals.
    statistics: SetStatistics,
    /// Number of labels.
    labels: usize,
    /// What is resampled; none where no intervals are asked for.
    sums: Option<ClusterSums>,
}

impl LabelSets {
    /// Compares decided sets with true ones, row by row.
    pub(crate) fn new(rows: &ScoredRows, clusters: &Clusters, scoring: &ScoringSettings<'_>) -> Self {
        let decided = decide_labels(&rows.scores, scoring.thresholds);
        let agreement = Agreement::count(&rows.truth, &decided, rows.len());
        let sums = || cluster_sums(rows, &decided, clusters, scoring.challenge);
        Self {
            labels: rows.truth.len(),
            sums: scoring.sampling.map(|_| sums()),
            statistics: SetStatistics {
                exact_match: estimate(agreement.exact_match(), "no rows"),
                hamming: estimate(agreement.hamming(), "no rows"),
                jaccard: estimate(agreement.mean_jaccard(), "no rows"),
                challenge: scoring.challenge.score(&rows.truth, &decided, rows.len()),
                co_occurrence: co_occurrence(&rows.truth, &decided, rows.len()),
            },
        }
    }

    /// What is to be resampled.
    pub(crate) fn take_sums(&mut self) -> Option<ClusterSums> {
        self.sums.take()
    }

    /// The statistics, with intervals from the resamples of what [`Self::take_sums`] gave.
    pub(crate) fn statistics(self, resamples: Option<&Resamples>) -> SetStatistics {
        let mut statistics = self.statistics;
        if let Some(resamples) = resamples {
            statistics.add_intervals(resamples, self.labels);
        }
        statistics
    }
}

/// Sums over rows: 1, exact, wrong, Jaccard index; earned by the decisions, by right ones, by constant ones, where the
/// Challenge has a score for these labels.
fn cluster_sums(
    rows: &ScoredRows,
    decided: &[Vec<bool>],
    clusters: &Clusters,
    challenge: &ChallengeRewards,
) -> ClusterSums {
    let agreement = |row| {
        let agreement = RowAgreement::of(&rows.truth, decided, row);
        let exact = f64::from(u8::from(agreement.exact));
        [1.0, exact, f64::from(agreement.wrong), agreement.jaccard]
    };
    let (of_row, count) = (&clusters.of_row, clusters.count);
    match challenge {
        ChallengeRewards::Rewards(rewards) => ClusterSums::of_rows(7, of_row, count, |row| {
            let earned = EarnedRewards::of(&rows.truth, decided, rewards, row);
            let earned = [earned.observed, earned.perfect, earned.constant];
            agreement(row).into_iter().chain(earned)
        }),
        ChallengeRewards::Undefined(_) => ClusterSums::of_rows(4, of_row, count, agreement),
    }
}

impl SetStatistics {
    fn add_intervals(&mut self, resamples: &Resamples, labels: usize) {
        let share = |at: usize, of: f64| {
            move |sums: &[f64]| (sums[0] > 0.0 && of > 0.0).then(|| sums[at] / (sums[0] * of))
        };
        for (estimate, at, of) in [
            (&mut self.exact_match, 1, 1.0),
            (&mut self.hamming, 2, labels as f64),
            (&mut self.jaccard, 3, 1.0),
        ] {
            if let Some(interval) = resamples.of_sums(estimate.value, share(at, of)) {
                set_interval(estimate, interval);
            }
        }
        let challenge = |sums: &[f64]| {
            let &[_, _, _, _, observed, perfect, constant] = sums else {
                return None;
            };
            let earned = EarnedRewards {
                observed,
                perfect,
                constant,
            };
            earned.score()
        };
        if let Some(interval) = resamples.of_sums(self.challenge.value, challenge) {
            set_interval(&mut self.challenge, interval);
        }
    }
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
    use crate::metrics::bootstrap::ResamplingPlan;
    use crate::metrics::interval::IntervalEstimator;
    use crate::resampled::{RowsToResample, Sampling};
    use polars::prelude::df;

    /// Sixty rows of two labels, every third of them with a wrong decision, in clusters of one row.
    fn of_method(method: IntervalEstimator) -> SetStatistics {
        let rows = ScoredRows {
            keys: df!("idx" => (0..60i64).collect::<Vec<_>>()).unwrap(),
            truth: vec![(0..60).map(|i| i % 2 == 0).collect(), vec![false; 60]],
            unknown: vec![vec![], vec![]],
            scores: vec![
                (0..60)
                    .map(|i| if (i % 2 == 0) == (i % 3 != 0) { 0.9 } else { 0.1 })
                    .collect(),
                vec![0.1; 60],
            ],
            without_truth: 0,
        };
        let clusters = Clusters {
            of_row: (0..60).collect(),
            count: 60,
        };
        let plan = ResamplingPlan {
            replicates: 400,
            seed: 3,
        };
        let scoring = ScoringSettings {
            pairs: &[],
            thresholds: &[0.5, 0.5],
            sampling: Some(Sampling { plan, method }),
            challenge: &ChallengeRewards::Undefined("not asked for".into()),
        };
        let mut sets = LabelSets::new(&rows, &clusters, &scoring);
        let unit = RowsToResample {
            known: &[],
            parts: None,
            sums: sets.take_sums(),
        };
        let resamples = Resamples::draw(vec![unit], 60, Sampling { plan, method });
        sets.statistics(resamples.first().map(|unit| &unit.all))
    }

    #[test]
    fn statistics_of_sets_of_labels_have_intervals_as_wide_as_those_of_shares() {
        for method in [IntervalEstimator::Percentile, IntervalEstimator::Bca] {
            let found = of_method(method);
            for (estimate, value) in [
                (&found.exact_match, 2.0 / 3.0),
                (&found.hamming, 1.0 / 6.0),
                (&found.jaccard, 2.0 / 3.0),
            ] {
                assert!((estimate.value.unwrap() - value).abs() < 1e-12);
                let (lo, hi) = (estimate.lo.unwrap(), estimate.hi.unwrap());
                assert!(lo < value && value < hi);
            }
            // A share of 2/3 of 60 has a standard error of 0.061.
            let width = found.exact_match.hi.unwrap() - found.exact_match.lo.unwrap();
            assert!((0.18..0.30).contains(&width), "{width}");
            let half = found.hamming.hi.unwrap() - found.hamming.lo.unwrap();
            assert!((half - width / 2.0).abs() < 0.03, "{half} of {width}");
            assert_eq!((found.challenge.lo, found.challenge.value), (None, None));
        }
    }
}
