//! `index.csv` of a packed store or a view.

use crate::error::Error;
use std::path::Path;

/// File of the keys of a packed store or a view.
pub const INDEX_FILE: &str = "index.csv";

/// Returns the error for a segment of which an index has two rows, so that either may be meant.
pub(super) fn duplicate_segment(index: &Path, segment: &str) -> Error {
    Error::invalid(index, format!("segment `{segment}` is in more than one row"))
}
