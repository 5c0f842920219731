//! The 2×2 table of truth against decision, and what follows from its four counts.

use serde::{Deserialize, Serialize};

/// Counts of truth against decision for one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// Present and predicted.
    pub tp: u64,
    /// Absent and predicted.
    pub fp: u64,
    /// Present and not predicted.
    pub r#fn: u64,
    /// Absent and not predicted.
    pub tn: u64,
}

impl ConfusionMatrix {
    /// Counts pairs of (truth, decision).
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut table = Self::default();
        for (truth, decision) in pairs {
            table.add(truth, decision, 1);
        }
        table
    }

    /// Adds `weight` rows of one kind.
    pub fn add(&mut self, truth: bool, decision: bool, weight: u64) {
        *match (truth, decision) {
            (true, true) => &mut self.tp,
            (false, true) => &mut self.fp,
            (true, false) => &mut self.r#fn,
            (false, false) => &mut self.tn,
        } += weight;
    }

    /// Number of all rows.
    pub fn n(&self) -> u64 {
        self.tp + self.fp + self.r#fn + self.tn
    }

    /// Rows in which the label is present.
    pub fn positives(&self) -> u64 {
        self.tp + self.r#fn
    }

    /// Rows in which the label is absent.
    pub fn negatives(&self) -> u64 {
        self.fp + self.tn
    }

    /// Share of rows in which the label is present; undefined without rows.
    pub fn prevalence(&self) -> Option<f64> {
        ratio(self.positives(), self.n())
    }

    /// Share of the positives that are predicted (recall); undefined without positives.
    pub fn sensitivity(&self) -> Option<f64> {
        ratio(self.tp, self.positives())
    }

    /// Share of the negatives that are not predicted; undefined without negatives.
    pub fn specificity(&self) -> Option<f64> {
        ratio(self.tn, self.negatives())
    }

    /// Share of the predicted that are positive (precision); undefined when nothing is predicted.
    pub fn ppv(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
    }

    /// Share of the not predicted that are negative; undefined when everything is predicted.
    pub fn npv(&self) -> Option<f64> {
        ratio(self.tn, self.tn + self.r#fn)
    }

    /// Share of rows decided rightly; undefined without rows.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.tp + self.tn, self.n())
    }

    /// 2 tp / (2 tp + fp + fn), as scikit-learn computes it; undefined when no row is positive or predicted.
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.r#fn)
    }

    /// Matthews' correlation of truth and decision; undefined where either is the same in every row.
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, r#fn, tn] = [self.tp, self.fp, self.r#fn, self.tn].map(|n| n as f64);
        let product = (tp + fp) * (tp + r#fn) * (tn + fp) * (tn + r#fn);
        (product > 0.0).then(|| (tp * tn - fp * r#fn) / product.sqrt())
    }

    /// Sums the counts of two tables.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tp: self.tp + other.tp,
            fp: self.fp + other.fp,
            r#fn: self.r#fn + other.r#fn,
            tn: self.tn + other.tn,
        }
    }

    /// F1 as the tutorial's table has it: the harmonic mean of precision and recall, and [`Self::f1`] where that would divide by 0.
    /// The two differ in the last digit only.
    pub fn tutorial_f1(&self) -> Option<f64> {
        self.harmonic_f1().or_else(|| self.f1())
    }

    /// The harmonic mean of precision and recall, as the tutorial computes it: undefined where either is undefined
    /// and where both are 0. Where it is defined it equals [`Self::f1`] up to rounding.
    pub fn harmonic_f1(&self) -> Option<f64> {
        let (precision, recall) = (self.ppv()?, self.sensitivity()?);
        (precision + recall > 0.0).then(|| 2.0 * (precision * recall) / (precision + recall))
    }
}

/// `part / whole`, undefined when `whole` is 0.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statistic_is_undefined_on_no_rows() {
        let empty = ConfusionMatrix::default();
        let all = [
            empty.prevalence(),
            empty.sensitivity(),
            empty.specificity(),
            empty.ppv(),
            empty.npv(),
        ];
        assert!(
            all.iter()
                .chain(&[empty.accuracy(), empty.f1(), empty.harmonic_f1()])
                .all(Option::is_none)
        );
    }

    #[test]
    fn a_label_that_is_never_predicted_has_recall_zero_and_no_precision() {
        let table = ConfusionMatrix {
            tp: 0,
            fp: 0,
            r#fn: 5,
            tn: 9,
        };
        assert_eq!((table.sensitivity(), table.ppv()), (Some(0.0), None));
        assert_eq!((table.f1(), table.harmonic_f1()), (Some(0.0), None));
    }

    #[test]
    fn the_two_by_two_table_of_a_textbook() {
        let table = ConfusionMatrix {
            tp: 90,
            fp: 40,
            r#fn: 10,
            tn: 860,
        };
        assert_eq!(table.n(), 1000);
        assert_eq!(table.sensitivity(), Some(0.9));
        assert_eq!(table.specificity(), Some(860.0 / 900.0));
        assert_eq!(table.ppv(), Some(90.0 / 130.0));
        assert_eq!(table.npv(), Some(860.0 / 870.0));
        assert_eq!(table.accuracy(), Some(0.95));
    }

    proptest::proptest! {
        #[test]
        fn swapping_the_classes_swaps_the_statistics(tp in 0u64..50, fp in 0u64..50, fn_ in 0u64..50, tn in 0u64..50) {
            let table = ConfusionMatrix { tp, fp, r#fn: fn_, tn };
            let swapped = ConfusionMatrix { tp: tn, fp: fn_, r#fn: fp, tn: tp };
            proptest::prop_assert_eq!(table.sensitivity(), swapped.specificity());
            proptest::prop_assert_eq!(table.ppv(), swapped.npv());
            proptest::prop_assert_eq!(table.accuracy(), swapped.accuracy());
            if let Some(harmonic) = table.harmonic_f1() {
                proptest::prop_assert!((harmonic - table.f1().unwrap()).abs() < 1e-12);
            }
        }
    }
}
