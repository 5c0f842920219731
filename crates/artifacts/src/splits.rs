//! `meta_split.csv` and `segmented_split.csv`: which split each recording and each segment belongs to.

use crate::columns::{IDX, PATH, SAMPLE_SIZE, SAVE_FILE, SPLIT};
use crate::error::Result;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::DataFrame;
use std::path::Path;

/// File of the recordings' splits: idx, save_file, split, then kept columns.
pub const META_FILE: &str = "meta_split.csv";
/// File of the segments' splits: idx, save_file, split, kept columns, path, sample_size.
pub const SEGMENTED_FILE: &str = "segmented_split.csv";

/// Writes either table; `frame` has its columns in the order of the file.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, frame: &DataFrame) -> Result<()> {
    table::write(path, frame)
}

/// Reads `meta_split.csv`: idx, save_file, split.
///
/// # Errors
/// As [`table::read`].
pub fn read_meta(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SPLIT, ColumnKind::Text),
    ];
    table::read(path, &columns, OtherColumns::Ignore)
}

/// Reads `segmented_split.csv`: idx, save_file, split, path, sample_size.
///
/// # Errors
/// As [`table::read`].
pub fn read_segmented(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SPLIT, ColumnKind::Text),
        Column::new(PATH, ColumnKind::Text),
        Column::new(SAMPLE_SIZE, ColumnKind::Int),
    ];
    table::read(path, &columns, OtherColumns::Ignore)
}

/// Reads the split and the path of every segment of `segmented_split.csv`.
///
/// # Errors
/// As [`table::read`].
pub fn read_paths(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(SPLIT, ColumnKind::Text),
        Column::new(PATH, ColumnKind::Text),
    ];
    table::read(path, &columns, OtherColumns::Ignore)
}
