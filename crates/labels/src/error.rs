//! Errors of the stage.

use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use std::path::{Path, PathBuf};

/// Result of the stage `labels`.
pub type Result<T> = std::result::Result<T, Error>;

/// Error that ends the stage `labels`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table that cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A table whose content is refused.
    #[error("{}: {what}", path.display())]
    BadInput {
        /// Path of the table.
        path: PathBuf,
        /// Line, column and value, and why they are refused.
        what: String,
    },
    /// A parameter that does not fit the others, or what they name.
    #[error("parameter `{name}` {what}")]
    Parameter {
        /// Name of the parameter; `outer.inner` where it is within another.
        name: &'static str,
        /// Phrase that follows its name.
        what: String,
    },
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::BadInput { .. } => FailureClass::BadInput,
            Self::Parameter { .. } => FailureClass::Config,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.help(),
            Self::BadInput { .. } | Self::Parameter { .. } => None,
        }
    }
}

impl Error {
    /// Error about the table at `path`.
    pub(crate) fn bad_input(path: &Path, what: impl Into<String>) -> Self {
        Self::BadInput {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// An error about `from`, as one about what `by_source` says of a source.
    pub(crate) fn of_source(self, source: &str) -> Self {
        match self {
            Self::Parameter { name, what } => {
                let name = name.strip_prefix("from.").unwrap_or(name);
                Self::parameter("by_source", format!("has for `{source}` a `{name}` that {what}"))
            }
            other => other,
        }
    }

    /// Error about the parameter `name`; `what` follows the name in the message.
    pub(crate) fn parameter(name: &'static str, what: impl Into<String>) -> Self {
        Self::Parameter {
            name,
            what: what.into(),
        }
    }
}
