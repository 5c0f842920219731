//! Paths of the user's files, and messages that name no other path.

use crate::errors::file_error;
use ecgfm_pipeline::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// Returns the error for a file that cannot be predicted.
pub(super) fn bad_input(what: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, what.to_string())
}

/// Returns the absolute path of an existing file, links resolved.
pub(super) fn absolute_path(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|e| file_error("open", path, &e))
}

/// Returns the absolute path of a file as text, for the table that lists it.
pub(super) fn absolute_text(path: &Path) -> Result<String, Error> {
    let path = std::path::absolute(path).map_err(|e| file_error("open", path, &e))?;
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}`: its name is not UTF-8 text", path.display());
        Error::new(ErrorKind::BadInput, message).help("rename it")
    })
}

/// Returns the text with "the files given" for every path that begins with `place`.
pub(super) fn hide_paths_below(text: &str, place: &str) -> String {
    let mut left = text;
    let mut shown = String::with_capacity(text.len());
    while let Some(at) = left.find(place) {
        shown += &left[..at];
        shown += "the files given";
        let after = &left[at + place.len()..];
        let end = after.find(|c: char| c.is_whitespace() || "`:,;".contains(c));
        left = &after[end.unwrap_or(after.len())..];
    }
    shown + left
}
