//! Reading a record of either kind.

use super::header::WfdbHeader;
use super::paths::find_header;
use super::record::WfdbRecord;
use super::segments::read_segments;
use super::stored::StoredRecord;
use ecgfm_formats::Result;
use std::path::{Path, PathBuf};

/// Reads the record that `path` names: its `.hea`, one of its signal files, or either without ending.
///
/// # Errors
/// I/O; the header or a signal file is missing, damaged, too large or contradicts the other.
pub fn read(path: &Path) -> Result<WfdbRecord> {
    let path = find_header(path)?;
    let header = WfdbHeader::read(&path)?;
    read_record(path, header)
}

/// Reads the signals of the record whose header is at `path`.
pub(super) fn read_record(path: PathBuf, header: WfdbHeader) -> Result<WfdbRecord> {
    match header.segments {
        Some(_) => read_segments(path, header),
        None => Ok(WfdbRecord::from_stored(StoredRecord::read(path, header)?)),
    }
}
