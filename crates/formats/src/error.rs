//! Errors of reading and writing files.

use ecgfm_system::Fault;
use std::io;
use std::path::{Path, PathBuf};

/// Result of reading or writing a file of this crate's formats.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of a file, or of a call that it cannot satisfy.
///
/// Every variant names the file; the message says what is wrong, where in the file, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Action that failed: `open`, `read`, `write`.
        action: &'static str,
        /// Reason of the system.
        source: io::Error,
    },
    /// The content contradicts its format: damaged, cut short, or another kind of file.
    #[error("{}: {place}: {what}; {help}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Place in the file: a line, a byte, an array's name.
        place: String,
        /// Contradiction found there.
        what: String,
        /// Advice.
        help: String,
    },
    /// The content is valid, but of a kind that this reader does not take.
    #[error("{}: {place}: {what}; {help}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Place in the file.
        place: String,
        /// Content found there.
        what: String,
        /// Advice.
        help: String,
    },
    /// A named thing that was asked for is not in the file.
    #[error("{}: there is no {name:?}; the file holds {available}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Name that was asked for.
        name: String,
        /// Names that the file has.
        available: String,
    },
    /// A call asks for what this file cannot give or take: rows past its end, a buffer of another size.
    #[error("{}: {what}", path.display())]
    Request {
        /// The file.
        path: PathBuf,
        /// Mismatch, for a person.
        what: String,
    },
}

impl Error {
    /// Path of the file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Malformed { path, .. }
            | Self::Unsupported { path, .. }
            | Self::Missing { path, .. }
            | Self::Request { path, .. } => path,
        }
    }

    /// Advice, where the message has none.
    pub fn help(&self) -> Option<String> {
        let Self::Missing {
            path,
            name,
            available,
        } = self
        else {
            return None;
        };
        // The names of the two datasets of an archive's file.
        let only_tracings = name == "exam_id" && available.split(", ").any(|there| there == "tracings");
        only_tracings.then(|| {
            format!(
                "its recordings have no numbers, they are in the order of a table. The datasets `code_test` and `sami_trop` are read so, \
                 and others by a description with `by_position`: `ecgfm show dataset code_test` prints one. Or number a copy from 1 \
                 on, so that exam N is row N of that table: `cp {0} numbered.hdf5 && python3 -c \"import h5py; \
                 f = h5py.File('numbered.hdf5', 'a'); f['exam_id'] = range(1, len(f['tracings']) + 1)\"` \
                 (`python3 -m pip install h5py`)",
                path.display()
            )
        })
    }

    /// Fault of the system, if the error is one: then nothing is wrong with the file.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Io { source, .. } => Fault::of(source),
            _ => None,
        }
    }
}

#[allow(dead_code, reason = "which of them are called depends on the features")]
impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    pub(crate) fn malformed(
        path: &Path,
        place: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            place: place.into(),
            what: what.into(),
            help: help.into(),
        }
    }

    pub(crate) fn unsupported(
        path: &Path,
        place: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Unsupported {
            path: path.to_owned(),
            place: place.into(),
            what: what.into(),
            help: help.into(),
        }
    }

    pub(crate) fn missing(path: &Path, name: &str, available: &[&str]) -> Self {
        let available = if available.is_empty() {
            "nothing".to_owned()
        } else {
            available.join(", ")
        };
        Self::Missing {
            path: path.to_owned(),
            name: name.to_owned(),
            available,
        }
    }

    pub(crate) fn request(path: &Path, what: impl Into<String>) -> Self {
        Self::Request {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}
