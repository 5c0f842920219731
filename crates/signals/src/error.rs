//! Errors of the stage.

use ecgfm_archives::Error as ArchiveError;
use ecgfm_artifacts::recipe::Error as RecipeError;
use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use ecgfm_artifacts::{Error as ArtifactError, formats};
use std::path::{Path, PathBuf};

/// Result of the stage `signals`.
pub type Result<T> = std::result::Result<T, Error>;

/// Error that ends the stage `signals`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table or store could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A file in another's format could not be read or written.
    #[error(transparent)]
    Format(#[from] formats::Error),
    /// The raw data are missing, or not what they should be.
    #[error("{}: {what}", path.display())]
    BadInput {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A parameter does not fit the data or the other parameters.
    #[error("parameter `{name}` {what}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// A phrase that follows its name.
        what: String,
    },
    /// The stage saw the cancellation flag and stopped.
    #[error("interrupted")]
    Interrupted,
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Format(_) | Self::BadInput { .. } => FailureClass::BadInput,
            Self::Parameter { .. } => FailureClass::Config,
            Self::Interrupted => FailureClass::Interrupted,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::BadInput { help, .. } => help.clone(),
            Self::Artifact(error) => error.help(),
            Self::Format(error) => error.help(),
            Self::Parameter { .. } | Self::Interrupted => None,
        }
    }
}

impl Error {
    /// Bad input data without a hint.
    pub fn bad_input(path: &Path, what: impl Into<String>) -> Self {
        Self::BadInput {
            path: path.to_owned(),
            what: what.into(),
            help: None,
        }
    }

    /// An error of ECG-FM's recipe as one of the parameter, which it names itself: `leads: …`.
    pub(crate) fn of_recipe(error: RecipeError) -> Self {
        let name = match error {
            RecipeError::SampleRate { .. } => "sample_rate",
            RecipeError::SegmentLength { .. } => "segment_seconds",
            _ => "leads",
        };
        let text = error.to_string();
        let what = text
            .strip_prefix(name)
            .and_then(|t| t.strip_prefix(": "))
            .unwrap_or(&text);
        Self::parameter(name, format!("is refused: {what}"))
    }

    /// A parameter that does not fit.
    pub fn parameter(name: &'static str, what: impl Into<String>) -> Self {
        Self::Parameter {
            name,
            what: what.into(),
        }
    }
}

impl From<ArchiveError> for Error {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Artifact(error) => Self::Artifact(error),
            ArchiveError::Recording(error) => Self::Format(error),
            ArchiveError::BadInput { path, what, help } => Self::BadInput { path, what, help },
        }
    }
}
