//! Records as their files hold them: whole numbers, not yet amplitudes.

use super::header::WfdbHeader;
use super::paths::find_header;
use super::stored::StoredRecord;
use ecgfm_formats::Result;
use std::path::{Path, PathBuf};

/// Ordinary record in ADC units, as stored: neither skew nor gain is applied.
#[derive(Debug, Clone, PartialEq)]
pub struct DigitalRecord {
    /// Path of the header.
    pub path: PathBuf,
    /// Header.
    pub header: WfdbHeader,
    /// Samples of each signal of the header, `samples_per_frame` times `frames` of them.
    pub samples: Vec<Vec<i32>>,
    /// Frames that were read.
    pub frames: u64,
    /// What is odd about the files, in words.
    pub warnings: Vec<String>,
}

/// Reads the record that `path` names: its `.hea`, one of its signal files, or either without ending.
///
/// # Errors
/// I/O; the header or a signal file is missing, damaged, too large or contradicts the other; a multi-segment record.
pub fn read_digital(path: &Path) -> Result<DigitalRecord> {
    let path = find_header(path)?;
    let header = WfdbHeader::read(&path)?;
    let stored = StoredRecord::read(path, header)?;
    Ok(DigitalRecord {
        samples: stored.map(|_| |sample| sample),
        path: stored.path,
        header: stored.header,
        frames: stored.frames,
        warnings: stored.warnings,
    })
}
