//! Choosing a threshold on one set of rows, for use on another.

use super::Ranking;
use ecgfm_artifacts::evaluation::exceeds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Criterion that a threshold is chosen by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The largest sensitivity + specificity − 1 (W. J. Youden, Cancer 3, 1950).
    #[default]
    Youden,
    /// The largest F1.
    MaxF1,
    /// The highest threshold with at least this sensitivity.
    Sensitivity(#[schemars(range(min = 0, max = 1))] f64),
    /// The lowest threshold with at least this specificity.
    Specificity(#[schemars(range(min = 0, max = 1))] f64),
}

impl Criterion {
    /// Reason why a share makes no criterion; none where all is well.
    pub(crate) fn why_invalid(self) -> Option<String> {
        let (Self::Sensitivity(share) | Self::Specificity(share)) = self else {
            return None;
        };
        let what = || format!("{share} is not a share; give one from 0 to 1 (0.9, not 90)");
        (!(0.0..=1.0).contains(&share)).then(what)
    }

    /// In words.
    pub fn name(self) -> String {
        match self {
            Self::Youden => "youden".to_owned(),
            Self::MaxF1 => "max_f1".to_owned(),
            Self::Sensitivity(at_least) => format!("sensitivity at least {at_least}"),
            Self::Specificity(at_least) => format!("specificity at least {at_least}"),
        }
    }

    /// The threshold that the rows give: a label is predicted where its probability is above it. It lies halfway between
    /// the lowest probability that is predicted and the next lower one, so that it does not hang on one row's last digit.
    /// Of equally good ones the highest. None where the rows do not define the criterion.
    pub fn choose(self, ranking: &Ranking) -> Option<f64> {
        let points = ranking.operating_points();
        let (positives, negatives) = points.last().map(|last| (last.tp, last.fp))?;
        let needs_negatives = !matches!(self, Self::MaxF1 | Self::Sensitivity(_));
        if positives == 0 || (needs_negatives && negatives == 0) {
            return None;
        }
        // Nothing predicted is a choice too, above the highest score.
        let nothing = (0u64, 0u64);
        let counts = std::iter::once(nothing).chain(points.iter().map(|p| (p.tp, p.fp)));
        let share = |part: u64, whole: u64| part as f64 / whole as f64;
        let sensitivity = |tp: u64| share(tp, positives);
        let specificity = |fp: u64| share(negatives - fp, negatives);
        let chosen = match self {
            Self::Youden => index_of_largest(counts.map(|(tp, fp)| sensitivity(tp) + specificity(fp))),
            Self::MaxF1 => index_of_largest(counts.map(|(tp, fp)| share(2 * tp, positives + tp + fp))),
            Self::Sensitivity(least) => counts.into_iter().position(|(tp, _)| sensitivity(tp) >= least),
            Self::Specificity(least) => {
                let enough = |&(_, fp): &(u64, u64)| specificity(fp) >= least;
                counts.take_while(enough).count().checked_sub(1)
            }
        }?;
        let score = |at: usize| points.get(at).map(|p| f64::from(p.score));
        let (lowest, next) = (chosen.checked_sub(1).and_then(score), score(chosen));
        Some(match (lowest, next) {
            (Some(lowest), Some(next)) => threshold_between(lowest, next),
            // A probability of exactly 0 is above negative numbers only.
            (Some(0.0), None) => -1e-9,
            (Some(lowest), None) => lowest / 2.0,
            // No score is above it.
            (None, highest) => highest.unwrap_or(1.0),
        })
    }
}

/// A threshold that leaves `lowest` above it and `next` not: halfway between them, or `next` where float32, in which
/// probabilities are compared with their threshold, has no number between the two that `lowest` is above.
fn threshold_between(lowest: f64, next: f64) -> f64 {
    let middle = lowest / 2.0 + next / 2.0;
    if exceeds(lowest as f32, middle) {
        middle
    } else {
        next
    }
}

/// The first place of the largest value.
fn index_of_largest(values: impl Iterator<Item = f64>) -> Option<usize> {
    let mut found: Option<(usize, f64)> = None;
    for (at, value) in values.enumerate() {
        if found.is_none_or(|(_, best)| value > best) {
            found = Some((at, value));
        }
    }
    found.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ConfusionMatrix;
    use proptest::prelude::*;

    fn at(truth: &[bool], scores: &[f32], threshold: f64) -> ConfusionMatrix {
        let decided = scores.iter().map(|&s| exceeds(s, threshold));
        ConfusionMatrix::count(truth.iter().copied().zip(decided))
    }

    #[test]
    fn each_criterion_finds_its_threshold() {
        let truth = [true, true, false, true, false, false];
        let scores = [0.9, 0.8, 0.7, 0.6, 0.4, 0.2];
        let choose = |by: Criterion| by.choose(&Ranking::new(&truth, &scores)).unwrap();
        assert!(
            (choose(Criterion::Youden) - 0.75).abs() < 1e-6,
            "two of three and no false alarm, before three with one"
        );
        assert!((choose(Criterion::MaxF1) - 0.5).abs() < 1e-6);
        assert!((choose(Criterion::Sensitivity(0.9)) - 0.5).abs() < 1e-6);
        assert!((choose(Criterion::Specificity(1.0)) - 0.75).abs() < 1e-6);
        assert!(choose(Criterion::Specificity(0.0)) < 0.2);
    }

    #[test]
    fn no_threshold_is_rounded_up_to_the_probabilities_that_it_is_to_leave_above_it() {
        // Neighbours in float32: what lies between them rounds to the even one of the two.
        for (positive, negative) in [
            (1.0f32, 1.0f32.next_down()),
            (0.5f32.next_up(), 0.5),
            (f32::from_bits(1), 0.0),
        ] {
            let (truth, scores) = ([true, true, false], [positive, positive, negative]);
            let ranking = Ranking::new(&truth, &scores);
            for by in [
                Criterion::Youden,
                Criterion::MaxF1,
                Criterion::Sensitivity(0.9),
                Criterion::Specificity(0.9),
            ] {
                let found = at(&truth, &scores, by.choose(&ranking).unwrap());
                assert_eq!(
                    (found.sensitivity(), found.specificity()),
                    (Some(1.0), Some(1.0)),
                    "{by:?} between {negative} and {positive}"
                );
            }
        }
    }

    #[test]
    fn rows_of_one_class_give_no_threshold() {
        let ranking = Ranking::new(&[false, false], &[0.1, 0.9]);
        assert_eq!(Criterion::Youden.choose(&ranking), None);
        let ranking = Ranking::new(&[true, true], &[0.1, 0.9]);
        assert_eq!(Criterion::Specificity(0.9).choose(&ranking), None);
        assert!(Criterion::Sensitivity(0.9).choose(&ranking).is_some());
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_as_good_as_any_score(
            rows in prop::collection::vec((any::<bool>(), 0u8..20), 2..80),
            dense in any::<bool>(),
        ) {
            // Far apart, or neighbours in float32 up to 1.
            let score = |s: u8| match dense {
                true => 1.0 - f32::from(s) * f32::EPSILON / 2.0,
                false => f32::from(s) / 19.0,
            };
            let (truth, scores): (Vec<bool>, Vec<f32>) = rows.into_iter().map(|(t, s)| (t, score(s))).unzip();
            let ranking = Ranking::new(&truth, &scores);
            let all: Vec<ConfusionMatrix> = scores.iter().map(|&s| at(&truth, &scores, f64::from(s))).collect();
            if let Some(threshold) = Criterion::Youden.choose(&ranking) {
                let youden = |c: &ConfusionMatrix| c.sensitivity().unwrap() + c.specificity().unwrap();
                let got = youden(&at(&truth, &scores, threshold));
                prop_assert!(all.iter().all(|c| youden(c) <= got + 1e-12));
            }
            if let Some(threshold) = Criterion::MaxF1.choose(&ranking) {
                let got = at(&truth, &scores, threshold).f1().unwrap();
                prop_assert!(all.iter().all(|c| c.f1().unwrap() <= got + 1e-12));
            }
            if let Some(threshold) = Criterion::Sensitivity(0.8).choose(&ranking) {
                prop_assert!(at(&truth, &scores, threshold).sensitivity().unwrap() >= 0.8);
            }
            if let Some(threshold) = Criterion::Specificity(0.8).choose(&ranking) {
                prop_assert!(at(&truth, &scores, threshold).specificity().unwrap() >= 0.8);
            }
        }
    }
}
