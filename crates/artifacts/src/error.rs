//! Errors of reading and writing artifacts.

use ecgfm_stage::{FailureClass, StageFailure};
use std::io;
use std::path::{Path, PathBuf};

/// Result of reading or writing an artifact.
pub type Result<T> = std::result::Result<T, Error>;

/// Artifact that cannot be read or written; messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// Action that failed, as in "cannot read".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A table lacks a column that its readers need.
    #[error("{}: no column `{column}`; it has {found}", path.display())]
    MissingColumn {
        /// The table's file.
        path: PathBuf,
        /// The column looked for.
        column: String,
        /// The columns that are there.
        found: String,
    },
    /// A cell of a table does not hold what its column promises.
    #[error("{}: line {line}, column `{column}`: `{value}` is not {wanted}", path.display())]
    Cell {
        /// The table's file.
        path: PathBuf,
        /// Line in the file, the header being line 1 (records that span lines are counted as one).
        line: usize,
        /// The column's name.
        column: String,
        /// Text of the cell.
        value: String,
        /// Description of a valid cell.
        wanted: &'static str,
    },
    /// The file as a whole is not what it should be.
    #[error("{}: {what}", path.display())]
    Invalid {
        /// The file or directory.
        path: PathBuf,
        /// Description of the fault, and what to do where that is known.
        what: String,
    },
    /// A file as a whole is not what it should be, and it is known what to do.
    #[error("{}: {what}", path.display())]
    Advised {
        /// The file or directory.
        path: PathBuf,
        /// Description of the fault.
        what: String,
        /// Advice.
        help: String,
    },
    /// A file in somebody else's format could not be read or written.
    #[error(transparent)]
    Format(#[from] ecgfm_formats::Error),
    /// A configuration file (label set, mapping) could not be understood.
    #[error("{origin}: {message}")]
    Config {
        /// File name or the name of the built-in configuration.
        origin: String,
        /// Description of the fault, with line and column where known.
        message: String,
    },
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => FailureClass::Failed,
            Self::Io { .. }
            | Self::MissingColumn { .. }
            | Self::Cell { .. }
            | Self::Invalid { .. }
            | Self::Advised { .. }
            | Self::Format(_) => FailureClass::BadInput,
            Self::Config { .. } => FailureClass::Config,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Format(error) => error.help(),
            Self::Advised { help, .. } => Some(help.clone()),
            _ => None,
        }
    }
}

impl Error {
    /// Returns true for a fault of the system: then nothing is wrong with the file.
    pub fn is_system_fault(&self) -> bool {
        ecgfm_formats::Fault::in_chain(self).is_some()
    }

    /// Wraps an I/O error with what was being done to which path.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// An error about a whole file.
    pub fn invalid(path: &Path, what: impl Into<String>) -> Self {
        Self::Invalid {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    /// An error about a whole file, and what to do.
    pub fn advised(path: &Path, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Advised {
            path: path.to_owned(),
            what: what.into(),
            help: help.into(),
        }
    }
}
