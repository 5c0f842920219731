//! `meta.csv`: one row a kept exam, the raw table's columns first, then what was measured on the recording.

use crate::columns::{IDX, SAVE_FILE};
use crate::error::Result;
use crate::table::{self, Column, Kind, Others};
use polars::prelude::DataFrame;
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "meta.csv";

/// Columns that the signals stage adds after those of the raw table, in order; then come `mean_0..` and `std_0..`,
/// one a lead, of the trimmed, unresampled recording. `sample_rate` and `sample_size` are the recording's own.
pub const ADDED: [&str; 15] = [
    "path",
    SAVE_FILE,
    "source",
    "dataset",
    "hdf_ind",
    "save_path",
    "lead_order",
    "sample_rate",
    "sample_size",
    "avail_leads",
    "nan_any",
    "nan_leads_any",
    "nan_leads",
    "constant_leads_any",
    "constant_leads",
];

/// Reads `idx`, `save_file` and the given further columns, in that order.
///
/// # Errors
/// As [`table::read`].
pub fn read(path: &Path, further: &[Column]) -> Result<DataFrame> {
    let mut columns = vec![Column::new(IDX, Kind::Int), Column::new(SAVE_FILE, Kind::Text)];
    columns.extend(further.iter().filter(|c| c.name != IDX && c.name != SAVE_FILE));
    table::read(path, &columns, Others::Ignore)
}
