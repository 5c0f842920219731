//! What can go wrong.

use ecgfm_stage::{FailureClass, StageFailure};
use std::path::PathBuf;

/// Why synthetic ECGs could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option is outside what it may be.
    #[error("option `{option}` is {value}: {hint}")]
    Option {
        /// The option's name as in the configuration.
        option: &'static str,
        /// What was given.
        value: String,
        /// What it may be.
        hint: String,
    },
    /// The directory to write into holds something already.
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
        /// Why.
        source: std::io::Error,
    },
    /// The HDF5 part could not be written.
    #[error("cannot write {path}: {source}")]
    Part {
        /// The part.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Stopped on request. What was written is not a finished release: it has no synth.json.
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
