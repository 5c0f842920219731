//! Errors of headers and signal files.

use ecgfm_formats::Error;
use std::io;
use std::path::Path;

/// Advice for a header that cannot be right.
pub(super) const HEADER_HELP: &str =
    "correct the header, or copy the record again; the format is described in header(5) of WFDB";

/// Contradiction in one line of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineDefect(pub(super) String);

impl LineDefect {
    /// Error of the header `path` at line `number`.
    pub(super) fn in_line(self, path: &Path, number: usize) -> Error {
        malformed(path, format!("line {number}"), self.0, HEADER_HELP)
    }
}

/// Error of a file whose content contradicts its format or its header.
pub(super) fn malformed(
    path: &Path,
    place: impl Into<String>,
    what: impl Into<String>,
    help: impl Into<String>,
) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        place: place.into(),
        what: what.into(),
        help: help.into(),
    }
}

/// Error of a file that is valid and not read here.
pub(super) fn unsupported(
    path: &Path,
    place: impl Into<String>,
    what: impl Into<String>,
    help: impl Into<String>,
) -> Error {
    Error::Unsupported {
        path: path.to_owned(),
        place: place.into(),
        what: what.into(),
        help: help.into(),
    }
}

/// Error of the operating system.
pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, action, source }
}
