//! `meta.csv`: one row a kept exam, the raw table's columns first, then what was measured on the recording.

use crate::columns::{HDF_IND, IDX, SAMPLE_RATE, SAMPLE_SIZE, SAVE_FILE, SOURCE};
use crate::error::Result;
use crate::table::cell::is_missing;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::DataFrame;
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "meta.csv";

/// Columns that the signals stage adds after those of the raw table, in order; then come `mean_0..` and `std_0..`,
/// one a lead, of the trimmed, unresampled recording. `sample_rate` and `sample_size` are the recording's own.
pub const ADDED: [&str; 15] = [
    "path",
    SAVE_FILE,
    SOURCE,
    "dataset",
    HDF_IND,
    "save_path",
    "lead_order",
    SAMPLE_RATE,
    SAMPLE_SIZE,
    "avail_leads",
    "nan_any",
    "nan_leads_any",
    "nan_leads",
    "constant_leads_any",
    "constant_leads",
];

/// Returns true for the name of a column of means or deviations: `mean_3`, `std_11`.
pub fn is_statistic(name: &str) -> bool {
    let number = name.strip_prefix("mean_").or_else(|| name.strip_prefix("std_"));
    number.is_some_and(|n| n.parse::<u8>().is_ok())
}

/// Reads `idx`, `save_file` and the given further columns, in that order.
///
/// # Errors
/// As [`table::read`].
pub fn read(path: &Path, further: &[Column]) -> Result<DataFrame> {
    let mut columns = vec![
        Column::new(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
    ];
    columns.extend(further.iter().filter(|c| c.name != IDX && c.name != SAVE_FILE));
    table::read(path, &columns, OtherColumns::Ignore)
}

/// A key such as a patient's number without blanks around it, and without the `.0` that an integer has where pandas has
/// turned its column into floats: records need not come from the signals stage, which writes one text for one value.
/// Empty for every text of a missing value.
pub fn normalize_key(value: &str) -> &str {
    let value = value.trim();
    if is_missing(value) {
        return "";
    }
    match value.strip_suffix(".0") {
        Some(integer) if integer.bytes().all(|b| b.is_ascii_digit()) && !integer.is_empty() => integer,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_one_text_and_only_an_integer_loses_its_fraction() {
        assert_eq!([" 7", "7.0", "7 ", " 7.0 "].map(normalize_key), ["7"; 4]);
        assert_eq!(["", " NA", "NaN", "null", "."].map(normalize_key), [""; 5]);
        for other in ["007", "7.00", "7.5", "a.0", ".0", "-", "v1.0"] {
            assert_eq!(normalize_key(other), other);
        }
    }
}
