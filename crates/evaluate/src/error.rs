//! Errors of the stages predict and evaluate.

use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use std::path::{Path, PathBuf};

/// Result of a stage of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that stops predict or evaluate, said so that a person can act on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of another stage cannot be read, or one of ours not written.
    #[error(transparent)]
    Artifact(#[from] ecgfm_artifacts::Error),
    /// A parameter is out of its range or contradicts what the predictions say.
    #[error("parameter `{name}`: {what}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// The fault, and what to do.
        what: String,
    },
    /// Logits and label set do not belong together.
    #[error(
        "{}: {logits} logits a segment, but label set `{set}` has {labels} labels; \
         name the label set that the model was finetuned on", path.display()
    )]
    LabelCount {
        /// Directory of the logits.
        path: PathBuf,
        /// Width of the logits.
        logits: usize,
        /// Number of labels in the set.
        labels: usize,
        /// Name of the label set.
        set: String,
    },
    /// A logit is NaN or infinite.
    #[error(
        "{}: segment `{segment}`: the logit of `{label}` is {value} ({count} of {rows} segments have such a value); \
         look at that recording, or set on_non_finite: drop to leave them out and count them", path.display()
    )]
    NonFinite {
        /// Directory of the logits.
        path: PathBuf,
        /// The first such segment.
        segment: String,
        /// The first such label.
        label: String,
        /// Value that is no probability.
        value: f32,
        /// Segments with such a value.
        count: usize,
        /// Number of all segments.
        rows: usize,
    },
    /// Keys contradict each other.
    #[error("{}: {what}", path.display())]
    Keys {
        /// The file or directory.
        path: PathBuf,
        /// The contradiction.
        what: String,
    },
    /// The truth lacks a label that the mapping names.
    #[error("{}: no label `{label}`, which mapping `{mapping}` needs; it has {found}", path.display())]
    TruthLabel {
        /// The truth table.
        path: PathBuf,
        /// The label looked for.
        label: String,
        /// Name of the mapping.
        mapping: String,
        /// Labels that are there.
        found: String,
    },
    /// Predicted segments or ECGs without truth.
    #[error(
        "{}: no truth for {unit} `{name}` (idx {idx}), nor for {more} more of {rows} predicted {unit}s; \
         make labels for these ECGs, or set missing_truth: drop to leave them out and count them", path.display()
    )]
    MissingTruth {
        /// The truth table.
        path: PathBuf,
        /// Unit of a row: `segment` or `ECG`.
        unit: &'static str,
        /// The first such row.
        name: String,
        /// Key of its exam, or "none".
        idx: String,
        /// Further ones.
        more: usize,
        /// Predicted rows.
        rows: usize,
    },
    /// Segments of the subset without a prediction.
    #[error(
        "{}: segment `{segment}` of split `{subset}` has no prediction, nor have {more} more of {rows}; \
         run infer and predict on the whole split, or set missing_prediction: drop to count them", path.display()
    )]
    MissingPrediction {
        /// The split table.
        path: PathBuf,
        /// The first such segment.
        segment: String,
        /// The subset.
        subset: String,
        /// Further ones.
        more: usize,
        /// Segments of the split.
        rows: usize,
    },
    /// A table operation failed.
    #[error("{what}: {source}")]
    Table {
        /// The operation.
        what: &'static str,
        /// Polars' reason.
        source: polars::error::PolarsError,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Cancelled,
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Parameter { .. } | Self::LabelCount { .. } | Self::TruthLabel { .. } => {
                FailureClass::Config
            }
            Self::NonFinite { .. }
            | Self::Keys { .. }
            | Self::MissingTruth { .. }
            | Self::MissingPrediction { .. }
            | Self::Table { .. } => FailureClass::BadInput,
            Self::Cancelled => FailureClass::Interrupted,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.help(),
            _ => None,
        }
    }
}

impl Error {
    /// An error about a parameter.
    pub(crate) fn parameter(name: &'static str, what: impl Into<String>) -> Self {
        Self::Parameter {
            name,
            what: what.into(),
        }
    }

    /// An error about contradicting keys.
    pub(crate) fn keys(path: &Path, what: impl Into<String>) -> Self {
        Self::Keys {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// Wraps polars' error with what was being done.
    pub(crate) fn table(what: &'static str) -> impl FnOnce(polars::error::PolarsError) -> Self {
        move |source| Self::Table { what, source }
    }
}
