//! Statistics

/// The statistics of a label, in the order of their columns in `metrics.csv`; keys of [`LabelMetrics::estimates`].
pub const STATISTICS: [&str; 9] = [
    "prevalence",
    "auroc",
    "auprc",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "f1",
    "accuracy",
];

/// Statistics whose columns follow those in `metrics.csv`; keys of [`LabelMetrics::estimates`] too.
pub const FURTHER_STATISTICS: [&str; 4] = ["mcc", "brier", "log_loss", "ece"];

/// Those of them that have intervals: a resample's calibration error is larger than that of the data.
pub const FURTHER_WITH_INTERVALS: [&str; 3] = ["mcc", "brier", "log_loss"];
