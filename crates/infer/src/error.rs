//! What can go wrong while a model runs.

use crate::lost_device::is_lost_device;
use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use std::path::{Path, PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Failure of a backend while it runs, in the words of its runtime.
pub type BackendError = Box<dyn std::error::Error + Send + Sync>;

/// Failure of the stage infer.
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
        /// Fault, and what to do about it.
        what: String,
    },
    /// Nobody says what the model returns, and its values do not tell; or they are not what was said.
    #[error("{}: {what}", path.display())]
    Returns {
        /// The model.
        path: PathBuf,
        /// Content that was found.
        what: String,
    },
    /// The model does not compute here what it computed when it was exported.
    #[error("{}: {what}", path.display())]
    Golden {
        /// The model.
        path: PathBuf,
        /// Output, input, difference and tolerance.
        what: String,
    },
    /// The segments do not suit the model or each other.
    #[error("{}: {what}", path.display())]
    Segments {
        /// The manifest.
        path: PathBuf,
        /// Fault, and what to do about it.
        what: String,
    },
    /// The device or precision that was asked for is not to be had.
    #[error("{what}")]
    Device {
        /// Reason, and what to do about it.
        what: String,
    },
    /// The device, its driver, its memory or the installation failed: no fault of the data or the model.
    #[error("{what}")]
    Machine {
        /// Failure, and what to do about it.
        what: String,
    },
    /// libtorch failed while segments were running.
    #[error("segments from `{segment}` on: libtorch cannot {action}: {what}")]
    Torch {
        /// Key of the first segment of the batch.
        segment: String,
        /// Action that failed, as in "cannot ACTION".
        action: &'static str,
        /// Reason in a sentence, and what to do where the machine is to blame.
        what: String,
        /// Error in the backend's own words.
        source: BackendError,
    },
    /// Somebody asked to stop.
    #[error("stopped on request")]
    Cancelled,
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Device { .. } | Self::Returns { .. } => FailureClass::Config,
            Self::Model { .. } | Self::Segments { .. } => FailureClass::BadInput,
            Self::Cancelled => FailureClass::Interrupted,
            Self::Machine { what } if is_lost_device(what) => FailureClass::TryAgain,
            Self::Torch { source, .. } if is_lost_device(&source.to_string()) => FailureClass::TryAgain,
            // Model and golden vectors are those of the card, by their hashes: most likely the machine is to blame.
            Self::Golden { .. } | Self::Machine { .. } | Self::Torch { .. } => FailureClass::Failed,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.help(),
            Self::Golden { .. } => Some(
                "another GPU or its driver, or another libtorch, may compute otherwise: try `device: cpu` and `precision: float32`, \
                 or export the checkpoint again with the library of this machine. Or the model file was damaged or exchanged \
                 and its card with it: copy model, card and golden vectors again. Its results would be wrong by at least as much"
                    .to_owned(),
            ),
            Self::Returns { .. } => Some(
                "say what it returns: `returns: probabilities` where the model ends in a sigmoid or a softmax, `returns: logits` \
                 where it does not; in its card (model.json), as `infer.returns`, or as `ecgfm predict --returns`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
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
