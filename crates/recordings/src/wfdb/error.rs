//! Errors of headers and signal files.

use crate::refusal::Refusal;
pub(super) use crate::refusal::io_error;
use ecgfm_formats::Error;
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
    Refusal::malformed(place, what, help).at(path)
}

/// Error of a file that is valid and not read here.
pub(super) fn unsupported(
    path: &Path,
    place: impl Into<String>,
    what: impl Into<String>,
    help: impl Into<String>,
) -> Error {
    Refusal::unsupported(place, what, help).at(path)
}

/// Error of a directory, a pipe or a device.
pub(super) fn not_regular(path: &Path) -> Error {
    malformed(
        path,
        "file",
        "this is not a regular file",
        "copy the record again",
    )
}
