//! What can go wrong while a model runs.

use std::path::{Path, PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a model runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A manifest, a segment or the logits' files.
    #[error(transparent)]
    Artifact(#[from] ecgfm_artifacts::Error),
    /// The model file cannot be used.
    #[error("{}: {what}", path.display())]
    Model {
        /// The model or its card.
        path: PathBuf,
        /// What is wrong, and what to do about it.
        what: String,
    },
    /// Nobody says what the model returns, and its values do not tell; or they are not what was said.
    #[error("{}: {what}", path.display())]
    Returns {
        /// The model.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The segments do not suit the model or each other.
    #[error("{}: {what}", path.display())]
    Segments {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, and what to do about it.
        what: String,
    },
    /// The device or precision that was asked for is not to be had.
    #[error("{what}")]
    Device {
        /// Why not, and what to do about it.
        what: String,
    },
    /// The device, its driver, its memory or the installation failed: no fault of the data or the model.
    #[error("{what}")]
    Machine {
        /// What failed, and what to do about it.
        what: String,
    },
    /// libtorch failed while segments were running.
    #[error("segments from `{segment}` on: libtorch cannot {action}: {what}")]
    Torch {
        /// Key of the first segment of the batch.
        segment: String,
        /// What was being done.
        action: &'static str,
        /// Its reason in a sentence, and what to do where the machine is to blame.
        what: String,
        /// Its own words.
        source: Box<tch::TchError>,
    },
    /// Somebody asked to stop.
    #[error("stopped on request")]
    Cancelled,
}

impl Error {
    pub(crate) fn model(path: &Path, what: impl Into<String>) -> Self {
        Self::Model {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn device(what: impl Into<String>) -> Self {
        Self::Device { what: what.into() }
    }

    pub(crate) fn machine(what: impl Into<String>) -> Self {
        Self::Machine { what: what.into() }
    }
}
