//! Errors of the stage report.

use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use std::path::PathBuf;

/// Result of the report stage.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that stops a report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of another stage cannot be read, or one of ours not written.
    #[error(transparent)]
    Artifact(#[from] ecgfm_artifacts::Error),
    /// A file that tells about the run is not what it should be.
    #[error("{}: {what}", path.display())]
    About {
        /// The file.
        path: PathBuf,
        /// The fault.
        what: String,
    },
    /// The page's template failed; a defect of this program.
    #[error("the page could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::About { .. } => FailureClass::BadInput,
            Self::Template(_) => FailureClass::Failed,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.help(),
            Self::About { .. } | Self::Template(_) => None,
        }
    }
}
