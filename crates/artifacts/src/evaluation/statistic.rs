//! The statistics of a label, in one table: all that any part of the program knows about each.
//!
//! A new statistic is a row of [`STATISTICS`] and its arithmetic: a method of [`ConfusionMatrix`] where four counts are enough,
//! otherwise a variant of [`ComputedFrom`] with its function in the crate `ecgfm-evaluate`. Columns of tables, averages, intervals,
//! the page and the terminal follow from the row.

use super::confusion_matrix::ConfusionMatrix;

/// A statistic of one label.
#[derive(Debug, Clone, Copy)]
pub struct Statistic {
    /// Name in `metrics.json` and in the tables.
    pub name: &'static str,
    /// Input of its computation.
    pub computed_from: ComputedFrom,
    /// Reason why it has no value, where it has none.
    pub undefined: fn(&ConfusionMatrix) -> &'static str,
    /// Rows that it is a share of, where it is one: its interval is Wilson's where rows are independent.
    pub share_of: Option<ShareOf>,
    /// Intervals are read off resamples. A statistic that resampling itself changes has no interval, and no columns of one.
    pub resampled: bool,
    /// True where the columns in `metrics.csv` follow those of the 2×2 table.
    pub after_counts: bool,
    /// Places that show a part of the statistics; `metrics.json`, `metrics.csv`, macro averages and the page show all.
    pub shown_in: &'static [ShownIn],
}

/// Input of the computation of a statistic.
#[derive(Debug, Clone, Copy)]
pub enum ComputedFrom {
    /// The 2×2 table at the threshold.
    Counts(fn(&ConfusionMatrix) -> Option<f64>),
    /// The area under the ROC curve.
    RocCurve,
    /// The steps of the precision–recall curve.
    PrecisionRecallCurve,
    /// Squared differences of probability and outcome.
    SquaredErrors,
    /// Logarithms of the probability of the outcome.
    LogErrors,
    /// Bins of the calibration curve.
    CalibrationBins,
}

/// Rows that a statistic is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareOf {
    /// Every row.
    AllRows,
    /// Rows with the label.
    Positives,
    /// Rows without it.
    Negatives,
    /// Rows for which it is predicted.
    PredictedPositives,
    /// Rows for which it is not predicted.
    PredictedNegatives,
}

impl ShareOf {
    /// Returns true where a row counts.
    pub fn includes(self, truth: bool, decision: bool) -> bool {
        match self {
            Self::AllRows => true,
            Self::Positives => truth,
            Self::Negatives => !truth,
            Self::PredictedPositives => decision,
            Self::PredictedNegatives => !decision,
        }
    }
}

/// A place that shows a part of the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownIn {
    /// The micro average: all pairs of row and label as one label.
    MicroAverage,
    /// Subgroups of ECGs.
    Subgroups,
    /// The differences of two evaluations.
    Comparison,
    /// The table of differences that `ecgfm compare` prints.
    ComparisonText,
    /// The table that a finished run prints.
    RunText,
    /// Several models side by side.
    Panel,
}

use ComputedFrom::{CalibrationBins, Counts, LogErrors, PrecisionRecallCurve, RocCurve, SquaredErrors};
use ShownIn::{Comparison, ComparisonText, MicroAverage, Panel, RunText, Subgroups};

/// Statistics of a label, in the order of their columns.
pub static STATISTICS: [Statistic; 13] = [
    Statistic {
        computed_from: Counts(ConfusionMatrix::prevalence),
        share_of: Some(ShareOf::AllRows),
        shown_in: &[MicroAverage],
        ..usual_statistic("prevalence")
    },
    Statistic {
        computed_from: RocCurve,
        undefined: |counts| match counts.positives() {
            0 => NO_POSITIVES,
            _ => NO_NEGATIVES,
        },
        shown_in: &[
            MicroAverage,
            Subgroups,
            Comparison,
            ComparisonText,
            RunText,
            Panel,
        ],
        ..usual_statistic("auroc")
    },
    Statistic {
        computed_from: PrecisionRecallCurve,
        undefined: |_| NO_POSITIVES,
        shown_in: &[MicroAverage, Comparison, ComparisonText, Panel],
        ..usual_statistic("auprc")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::sensitivity),
        undefined: |_| NO_POSITIVES,
        share_of: Some(ShareOf::Positives),
        shown_in: &[MicroAverage, Subgroups, Comparison, ComparisonText, RunText],
        ..usual_statistic("sensitivity")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::specificity),
        undefined: |_| NO_NEGATIVES,
        share_of: Some(ShareOf::Negatives),
        shown_in: &[MicroAverage, Subgroups, Comparison, ComparisonText, RunText],
        ..usual_statistic("specificity")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::ppv),
        undefined: |_| "nothing predicted positive",
        share_of: Some(ShareOf::PredictedPositives),
        shown_in: &[MicroAverage, Subgroups, Comparison, RunText],
        ..usual_statistic("ppv")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::npv),
        undefined: |_| "nothing predicted negative",
        share_of: Some(ShareOf::PredictedNegatives),
        shown_in: &[MicroAverage, Comparison],
        ..usual_statistic("npv")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::f1),
        undefined: |_| "no positives and nothing predicted positive",
        shown_in: &[MicroAverage, Comparison, ComparisonText, RunText],
        ..usual_statistic("f1")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::accuracy),
        share_of: Some(ShareOf::AllRows),
        shown_in: &[MicroAverage, Comparison],
        ..usual_statistic("accuracy")
    },
    Statistic {
        computed_from: Counts(ConfusionMatrix::mcc),
        undefined: |_| "truth or prediction is the same in every row",
        after_counts: true,
        shown_in: &[MicroAverage, Comparison],
        ..usual_statistic("mcc")
    },
    Statistic {
        computed_from: SquaredErrors,
        after_counts: true,
        shown_in: &[MicroAverage, Comparison, ComparisonText, Panel],
        ..usual_statistic("brier")
    },
    Statistic {
        computed_from: LogErrors,
        after_counts: true,
        shown_in: &[MicroAverage, Comparison],
        ..usual_statistic("log_loss")
    },
    Statistic {
        computed_from: CalibrationBins,
        // A resample's calibration error is larger than that of the data, so that no interval can be read off resamples.
        resampled: false,
        after_counts: true,
        ..usual_statistic("ece")
    },
];

const NO_POSITIVES: &str = "no positives";
const NO_NEGATIVES: &str = "no negatives";

/// A row as most are: defined wherever there are rows, resampled, shown where all are.
const fn usual_statistic(name: &'static str) -> Statistic {
    Statistic {
        name,
        computed_from: ComputedFrom::Counts(|_| None),
        undefined: |_| "no rows",
        share_of: None,
        resampled: true,
        after_counts: false,
        shown_in: &[],
    }
}

/// The statistics that a place shows, in the order of [`STATISTICS`].
pub fn shown_in(place: ShownIn) -> impl Iterator<Item = &'static Statistic> {
    STATISTICS
        .iter()
        .filter(move |statistic| statistic.shown_in.contains(&place))
}

/// A statistic of a class in the tutorial's table.
pub type TutorialStatistic = (&'static str, fn(&ConfusionMatrix) -> Option<f64>);

/// The statistics of the tutorial's table under the tutorial's names, in the order of its columns.
pub static TUTORIAL_STATISTICS: [TutorialStatistic; 7] = [
    ("prevalence", ConfusionMatrix::prevalence),
    ("recall", ConfusionMatrix::sensitivity),
    ("precision", ConfusionMatrix::ppv),
    ("f1", ConfusionMatrix::tutorial_f1),
    ("specificity", ConfusionMatrix::specificity),
    ("accuracy", ConfusionMatrix::accuracy),
    ("npv", ConfusionMatrix::npv),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_in_the_table_twice() {
        let names: std::collections::BTreeSet<&str> = STATISTICS.iter().map(|s| s.name).collect();
        assert_eq!(names.len(), STATISTICS.len());
    }

    #[test]
    fn what_has_no_interval_is_shown_nowhere_that_promises_one() {
        let without = STATISTICS.iter().filter(|statistic| !statistic.resampled);
        assert!(without.clone().count() > 0);
        for statistic in without {
            let promises = [Subgroups, Comparison, ComparisonText, Panel];
            assert!(
                statistic.share_of.is_none()
                    && !promises.iter().any(|place| statistic.shown_in.contains(place)),
                "{}",
                statistic.name
            );
        }
    }
}
