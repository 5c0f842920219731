//! Errors of making synthetic ECGs.

use ecgfm_stage::{FailureClass, StageFailure};
use std::path::PathBuf;

/// Error of making synthetic ECGs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option is out of its range.
    #[error("option `{option}` is {value}: {hint}")]
    Option {
        /// Name of the option in the configuration.
        option: &'static str,
        /// Value of the option.
        value: String,
        /// Values that it may have.
        hint: String,
    },
    /// The directory to write into is not empty.
    #[error(
        "{path} is not empty: name a new directory, or empty this one (a release without synth.json was \
         never finished)"
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Reason.
        source: std::io::Error,
    },
    /// The HDF5 part could not be written.
    #[error("cannot write {path}: {source}")]
    Part {
        /// The part.
        path: PathBuf,
        /// Reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Stopped on request. The files written so far are no finished release: synth.json is missing.
    #[error("cancelled after {exams} exams: {path} holds an unfinished release, without synth.json")]
    Cancelled {
        /// The directory.
        path: PathBuf,
        /// Exams written before stopping.
        exams: u64,
    },
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Option { .. } | Self::NotEmpty { .. } | Self::Io { .. } | Self::Part { .. } => {
                FailureClass::Failed
            }
            Self::Cancelled { .. } => FailureClass::Interrupted,
        }
    }
}
