//! Errors of looking at a run.

use ecgfm_artifacts::stage::{FailureClass, StageFailure};
use std::io;

/// Result of looking at a run.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that keeps a run from being shown, or a verdict from being kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the run cannot be read, or the reviews not be written.
    #[error(transparent)]
    Artifact(#[from] ecgfm_artifacts::Error),
    /// The port is not to be had.
    #[error("cannot listen on 127.0.0.1, port {port}: {source}")]
    Listen {
        /// The port; 0 for any.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// There is no thread to answer on.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// There are no random bytes for a token.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// Another program holds the reviews, and does not let go of them.
    #[error("{0}")]
    Held(String),
    /// The template of a page failed; a defect of this program.
    #[error("a page could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Listen { .. } | Self::Thread(_) | Self::Random(_) | Self::Held(_) | Self::Template(_) => {
                FailureClass::Failed
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.help(),
            Self::Listen { port, .. } if *port != 0 => {
                Some("leave --port out, and a free port is taken".to_owned())
            }
            _ => None,
        }
    }
}
