//! Errors of opening an archive.

use ecgfm_artifacts::Error as ArtifactError;
use std::path::PathBuf;

/// Result of opening an archive.
pub type Result<T> = std::result::Result<T, Error>;

/// Reason why an archive cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table of exams, or a directory, that cannot be read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A file of recordings that the system does not let us read.
    #[error(transparent)]
    Recording(#[from] ecgfm_recordings::Error),
    /// A file or directory that is missing, or not what it should be.
    #[error("{}: {what}", path.display())]
    BadInput {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do about it.
        help: Option<String>,
    },
}
