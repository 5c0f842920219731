//! Statistics of the order of scores, whatever the threshold: ROC and precision–recall.

use super::sort_descending::sort_descending;
use ecgfm_artifacts::evaluation::exceeds;

/// Rows ordered by falling score, rows of equal score taken together.
///
/// Built once a label; the curves and both areas are read off it.
#[derive(Debug, Clone)]
pub struct Ranking {
    steps: Vec<ScoreStep>,
    positives: u64,
    negatives: u64,
}

/// Rows of one score, all of them.
#[derive(Debug, Clone, Copy)]
struct ScoreStep {
    score: f32,
    /// Positives and negatives with this score or a higher one.
    tp: u64,
    fp: u64,
}

/// Counts of what is predicted at `probability ≥ score`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    /// The lowest score that is predicted.
    pub score: f32,
    /// Positives among them.
    pub tp: u64,
    /// Negatives among them.
    pub fp: u64,
}

/// A point of the ROC curve: what is predicted at `score ≥ threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The lowest score predicted positive; none where nothing is.
    pub threshold: Option<f32>,
    /// 1 − specificity.
    pub fpr: f64,
    /// Sensitivity.
    pub tpr: f64,
}

/// A point of the precision–recall curve: what is predicted at `score ≥ threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrPoint {
    /// The lowest score predicted positive.
    pub threshold: f32,
    /// Sensitivity.
    pub recall: f64,
    /// Positive predictive value.
    pub precision: f64,
}

impl Ranking {
    /// Orders rows by score. Scores must be finite; `truth` and `scores` have one entry a row.
    pub fn new(truth: &[bool], scores: &[f32]) -> Self {
        let sorted = sort_descending(scores, |row| u32::from(truth[row]));
        Self::of_sorted(sorted.into_iter().map(|(score, truth)| (score, truth == 1)))
    }

    /// Ranking of rows that are in order already: scores fall.
    pub fn of_sorted(rows: impl IntoIterator<Item = (f32, bool)>) -> Self {
        let (mut tp, mut fp) = (0, 0);
        let mut steps: Vec<ScoreStep> = Vec::new();
        for (score, truth) in rows {
            if truth {
                tp += 1
            } else {
                fp += 1
            }
            match steps.last_mut() {
                // 0.0 and −0.0 are one score, as `==` has it.
                Some(last) if last.score == score => (last.tp, last.fp) = (tp, fp),
                _ => steps.push(ScoreStep { score, tp, fp }),
            }
        }
        Self {
            steps,
            positives: tp,
            negatives: fp,
        }
    }

    /// Area under the ROC curve: the probability that a positive scores higher than a negative, ties counting one
    /// half (Mann–Whitney). Computed in integers, so exact but for one division. Undefined unless both classes occur.
    pub fn auroc(&self) -> Option<f64> {
        let pairs = u128::from(self.positives) * u128::from(self.negatives);
        let (mut twice, mut tp, mut fp) = (0u128, 0u64, 0u64);
        for step in &self.steps {
            twice += u128::from(step.fp - fp) * u128::from(tp + step.tp);
            (tp, fp) = (step.tp, step.fp);
        }
        (pairs > 0).then(|| twice as f64 / (2 * pairs) as f64)
    }

    /// Average precision, Σ (recall gained) · precision over falling scores, without interpolation, as scikit-learn
    /// defines it. Undefined without positives.
    pub fn auprc(&self) -> Option<f64> {
        let mut tp = 0;
        let mut sum = 0.0;
        for step in &self.steps {
            sum += (step.tp - tp) as f64 * (step.tp as f64 / (step.tp + step.fp) as f64);
            tp = step.tp;
        }
        (self.positives > 0).then(|| sum / self.positives as f64)
    }

    /// Every place for a threshold, by falling score.
    pub fn operating_points(&self) -> Vec<OperatingPoint> {
        let point = |step: &ScoreStep| OperatingPoint {
            score: step.score,
            tp: step.tp,
            fp: step.fp,
        };
        self.steps.iter().map(point).collect()
    }

    /// Positives and negatives that are predicted above a threshold.
    pub fn predicted_above(&self, threshold: f64) -> (u64, u64) {
        let above = self.steps.partition_point(|step| exceeds(step.score, threshold));
        above
            .checked_sub(1)
            .map_or((0, 0), |last| (self.steps[last].tp, self.steps[last].fp))
    }

    /// Points of the whole ROC curve: one a distinct score, and the origin; 0 unless both classes occur.
    pub fn roc_points(&self) -> u64 {
        if self.positives == 0 || self.negatives == 0 {
            0
        } else {
            self.steps.len() as u64 + 1
        }
    }

    /// Points of the whole precision–recall curve up to full recall; 0 without positives.
    pub fn precision_recall_points(&self) -> u64 {
        self.up_to_full_recall() as u64
    }

    /// The ROC curve from (0, 0) to (1, 1), at most `limit` points (at least 2); empty unless both classes occur.
    ///
    /// A longer curve loses the points that lie straight between their neighbours, which changes nothing, and if it
    /// is longer still, is thinned to the first point at or beyond each of `limit` equally spaced values of
    /// fpr + tpr, ends included.
    pub fn roc(&self, limit: usize) -> Vec<RocPoint> {
        if self.positives == 0 || self.negatives == 0 {
            return Vec::new();
        }
        let mut steps = self.steps.clone();
        if steps.len() >= limit {
            steps = roc_corners(&steps);
        }
        let origin = RocPoint {
            threshold: None,
            fpr: 0.0,
            tpr: 0.0,
        };
        let points = steps.iter().map(|s| RocPoint {
            threshold: Some(s.score),
            fpr: s.fp as f64 / self.negatives as f64,
            tpr: s.tp as f64 / self.positives as f64,
        });
        thin_points(std::iter::once(origin).chain(points).collect(), limit, |p| {
            p.fpr + p.tpr
        })
    }

    /// The precision–recall curve by rising recall, at most `limit` points (at least 2); empty without positives.
    ///
    /// A longer curve keeps the first point of each recall, which changes nothing where it is drawn in steps, and if
    /// it is longer still, is thinned to the first point at or beyond each of `limit` equally spaced values of recall
    /// between the first and the last, ends included.
    pub fn precision_recall(&self, limit: usize) -> Vec<PrPoint> {
        let mut steps = self.steps[..self.up_to_full_recall()].to_vec();
        if steps.len() > limit {
            steps.dedup_by_key(|s| s.tp);
        }
        let points = steps.iter().map(|s| PrPoint {
            threshold: s.score,
            recall: s.tp as f64 / self.positives as f64,
            precision: s.tp as f64 / (s.tp + s.fp) as f64,
        });
        thin_points(points.collect(), limit, |p| p.recall)
    }

    /// Steps up to full recall; beyond it the curve only falls, down to the prevalence.
    fn up_to_full_recall(&self) -> usize {
        let full = self.steps.iter().position(|s| s.tp == self.positives && s.tp > 0);
        full.map_or(0, |i| i + 1)
    }
}

/// The steps at which the ROC curve turns, and its last.
fn roc_corners(steps: &[ScoreStep]) -> Vec<ScoreStep> {
    let straight = |a: (u64, u64), b: &ScoreStep, c: &ScoreStep| {
        let (before, after) = ((b.tp - a.0, b.fp - a.1), (c.tp - b.tp, c.fp - b.fp));
        u128::from(before.0) * u128::from(after.1) == u128::from(before.1) * u128::from(after.0)
    };
    let mut kept: Vec<ScoreStep> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let last = kept.last().map_or((0, 0), |k| (k.tp, k.fp));
        if steps.get(i + 1).is_none_or(|next| !straight(last, step, next)) {
            kept.push(*step);
        }
    }
    kept
}

/// Keeps the first point at or beyond each of `limit` equally spaced values of the never falling `along`.
fn thin_points<T: Copy>(points: Vec<T>, limit: usize, along: impl Fn(&T) -> f64) -> Vec<T> {
    let limit = limit.max(2);
    if points.len() <= limit {
        return points;
    }
    let last = points.len() - 1;
    let (start, length) = (along(&points[0]), along(&points[last]) - along(&points[0]));
    let target = |slot: usize| start + length * slot as f64 / (limit - 1) as f64;
    let mut kept = Vec::with_capacity(limit);
    let mut slot = 0;
    for point in &points[..last] {
        // The last slot is the last point's, so that the curve ends where it ends.
        if slot < limit - 1 && along(point) >= target(slot) {
            kept.push(*point);
            while slot < limit - 1 && along(point) >= target(slot) {
                slot += 1;
            }
        }
    }
    kept.push(points[last]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scored() -> impl Strategy<Value = (Vec<bool>, Vec<f32>)> {
        // Few distinct scores, so that ties are the rule.
        prop::collection::vec((any::<bool>(), 0u8..12), 1..80)
            .prop_map(|rows| rows.into_iter().map(|(t, s)| (t, f32::from(s) / 11.0)).unzip())
    }

    fn auroc_by_pairs(truth: &[bool], scores: &[f32]) -> Option<f64> {
        let of = |class: bool| {
            truth
                .iter()
                .zip(scores)
                .filter(move |(t, _)| **t == class)
                .map(|(_, s)| *s)
        };
        let pairs = of(true).flat_map(|p| of(false).map(move |n| (p, n)));
        let (mut won, mut all) = (0.0, 0.0);
        for (p, n) in pairs {
            won += if p > n {
                1.0
            } else if p == n {
                0.5
            } else {
                0.0
            };
            all += 1.0;
        }
        (all > 0.0).then(|| won / all)
    }

    #[test]
    fn one_class_alone_has_no_auroc_and_no_positives_no_auprc() {
        let none = Ranking::new(&[false, false], &[0.1, 0.9]);
        assert_eq!((none.auroc(), none.auprc()), (None, None));
        assert!(none.roc(10).is_empty() && none.precision_recall(10).is_empty());
        let all = Ranking::new(&[true, true], &[0.1, 0.9]);
        assert_eq!((all.auroc(), all.auprc()), (None, Some(1.0)));
    }

    #[test]
    fn equal_scores_rank_as_chance() {
        let flat = Ranking::new(&[true, false, false, true], &[0.3; 4]);
        assert_eq!((flat.auroc(), flat.auprc()), (Some(0.5), Some(0.5)));
        assert_eq!(flat.roc(9).len(), 2);
    }

    fn area(curve: &[RocPoint]) -> f64 {
        curve
            .windows(2)
            .map(|w| (w[1].fpr - w[0].fpr) * (w[0].tpr + w[1].tpr) / 2.0)
            .sum()
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_its_shape() {
        let n = 5000;
        let scores: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
        let truth: Vec<bool> = (0..n).map(|i| (i * 7919) % 5003 < i).collect();
        let ranking = Ranking::new(&truth, &scores);
        let (roc, whole) = (ranking.roc(200), ranking.roc(usize::MAX));
        assert!(roc.len() <= 200 && roc.len() > 150, "{}", roc.len());
        assert_eq!((roc[0].fpr, roc[0].tpr), (0.0, 0.0));
        assert_eq!((roc[roc.len() - 1].fpr, roc[roc.len() - 1].tpr), (1.0, 1.0));
        assert!((area(&roc) - area(&whole)).abs() < 2e-3);
        let pr = ranking.precision_recall(200);
        assert!(pr.len() <= 200 && pr[pr.len() - 1].recall == 1.0, "{}", pr.len());
    }

    #[test]
    fn a_long_curve_with_few_positives_keeps_its_shape_exactly() {
        let n = 3000;
        let scores: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
        let truth: Vec<bool> = (0..n).map(|i| i % 500 == 77).collect();
        let ranking = Ranking::new(&truth, &scores);
        let (thin, whole) = (ranking.roc(200), ranking.roc(usize::MAX));
        assert!(thin.len() < 20 && whole.len() == n + 1);
        assert!((area(&thin) - area(&whole)).abs() < 1e-12);
        assert_eq!(
            ranking.precision_recall(200).len(),
            7,
            "one point a recall, and the one before the first positive"
        );
    }

    proptest! {
        #[test]
        fn auroc_is_the_share_of_pairs_won((truth, scores) in scored()) {
            let (ours, theirs) = (Ranking::new(&truth, &scores).auroc(), auroc_by_pairs(&truth, &scores));
            prop_assert_eq!(ours.is_some(), theirs.is_some());
            prop_assert!((ours.unwrap_or(0.0) - theirs.unwrap_or(0.0)).abs() < 1e-14);
        }

        #[test]
        fn auroc_is_the_area_under_the_unthinned_curve((truth, scores) in scored()) {
            let ranking = Ranking::new(&truth, &scores);
            let curve = ranking.roc(usize::MAX);
            prop_assert!((ranking.auroc().unwrap_or(0.0) - area(&curve)).abs() < 1e-12);
        }

        #[test]
        fn neither_row_order_nor_a_monotone_change_of_scores_matters((truth, scores) in scored()) {
            let one = Ranking::new(&truth, &scores);
            let turned: Vec<bool> = truth.iter().rev().copied().collect();
            let squeezed: Vec<f32> = scores.iter().rev().map(|s| s * s * 0.25 + 0.1).collect();
            let two = Ranking::new(&turned, &squeezed);
            prop_assert_eq!((one.auroc(), one.auprc()), (two.auroc(), two.auprc()));
        }

        #[test]
        fn turning_the_scores_round_turns_auroc_round((truth, scores) in scored()) {
            let turned: Vec<f32> = scores.iter().map(|s| 1.0 - s).collect();
            if let Some(auroc) = Ranking::new(&truth, &scores).auroc() {
                // 1 − s rounds, but never merges or splits these twelve scores.
                prop_assert!((Ranking::new(&truth, &turned).auroc().unwrap() - (1.0 - auroc)).abs() < 1e-12);
            }
        }

        #[test]
        fn what_is_predicted_above_a_threshold_is_what_a_count_says((truth, scores) in scored(), threshold in -0.1f64..1.1) {
            for threshold in [threshold, 0.0, 1.0, f64::from(scores[0])] {
                let above = |wanted: bool| {
                    let rows = truth.iter().zip(&scores);
                    rows.filter(|&(&truth, &score)| truth == wanted && exceeds(score, threshold)).count() as u64
                };
                let counts = Ranking::new(&truth, &scores).predicted_above(threshold);
                prop_assert_eq!(counts, (above(true), above(false)));
            }
        }

        #[test]
        fn auprc_lies_between_nothing_and_one((truth, scores) in scored()) {
            if let Some(auprc) = Ranking::new(&truth, &scores).auprc() {
                prop_assert!(auprc > 0.0 && auprc <= 1.0);
            }
        }
    }
}
