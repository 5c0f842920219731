//! `segmented.csv`: one row a segment, sorted by path as text.
//!
//! In a `mat` store `path` is the absolute path of the file, as other tools expect. In a `packed` store there is no
//! file of one segment: `path` is `<stage directory>/segments/<segment>`, relative to the directory that holds the
//! stage's directory, so that a run can be moved and two runs can be compared byte for byte.

use crate::columns::{PATH, SAMPLE_SIZE, SAVE_FILE};
use crate::error::{Error, Result};
use crate::pandas::Cell;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::{BooleanChunked, DataFrame};
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "segmented.csv";

/// Row of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Path of its `.mat` file, or its name in the packed store.
    pub path: String,
    /// The recording it was cut from.
    pub save_file: String,
    /// Samples per lead.
    pub sample_size: usize,
}

/// Writes the table, sorted by path as text.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, segments: &mut [Segment]) -> Result<()> {
    segments.sort_by(|a, b| a.path.cmp(&b.path));
    table::write_rows(path, [PATH, SAVE_FILE, SAMPLE_SIZE], |w| {
        for s in segments.iter() {
            w.row([
                Cell::Text(&s.path),
                Cell::Text(&s.save_file),
                Cell::Int(s.sample_size as i64),
            ])?;
        }
        Ok(())
    })
}

/// Reads the table: path, save_file (text), sample_size (integer). Rows without a path are left out: the Python scripts write one,
/// which names nothing, for every recording that is shorter than a segment.
///
/// # Errors
/// As [`table::read`].
pub fn read(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(PATH, ColumnKind::Text),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SAMPLE_SIZE, ColumnKind::Int),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let paths = table::str_column(path, &frame, PATH)?;
    let named: BooleanChunked = paths
        .iter()
        .map(|path| path.is_some_and(|path| !path.is_empty()))
        .collect();
    match named.all() {
        true => Ok(frame),
        false => frame
            .filter(&named)
            .map_err(|e| Error::invalid(path, e.to_string())),
    }
}
