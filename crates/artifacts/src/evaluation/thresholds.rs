//! `thresholds.csv`: label, threshold. A label is predicted where its probability is above its threshold.

use super::rows::write_rows;
use crate::error::{Error, Result};
use crate::pandas::Cell;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

/// Range of thresholds: at 1 nothing is predicted, and just below 0 everything, also at a probability of 0.
pub const THRESHOLDS: RangeInclusive<f64> = -1e-9..=1.0;

/// Returns true where a probability is above a threshold, strictly. The threshold is rounded to float32 first, so that
/// "0.3" is the same number on both sides.
pub fn exceeds(probability: f32, threshold: f64) -> bool {
    probability > threshold as f32
}

/// Writes the thresholds of labels.
///
/// # Errors
/// I/O.
pub fn write_thresholds<'a>(path: &Path, rows: impl Iterator<Item = (&'a str, f64)>) -> Result<()> {
    let columns = ["label", "threshold"].map(str::to_owned).to_vec();
    write_rows(
        path,
        columns,
        rows.map(|(label, threshold)| vec![Cell::Text(label), Cell::Float(threshold)]),
    )
}

/// Reads the thresholds of labels.
///
/// # Errors
/// The file cannot be read, lacks a column, or names a label twice or without a number in [`THRESHOLDS`].
pub fn read_thresholds(path: &Path) -> Result<BTreeMap<String, f64>> {
    let columns = [
        Column::new("label", ColumnKind::Text),
        Column::new("threshold", ColumnKind::Float),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let labels = table::str_column(path, &frame, "label")?;
    let missing = |e: polars::error::PolarsError| Error::invalid(path, e.to_string());
    let thresholds = frame.column("threshold").and_then(|c| c.f64()).map_err(missing)?;
    let mut out = BTreeMap::new();
    for (row, (label, threshold)) in labels.iter().zip(thresholds.iter()).enumerate() {
        let label = label.unwrap_or_default();
        let Some(threshold) = threshold.filter(|t| t.is_finite()) else {
            let what = format!("row {}: label `{label}` has no threshold", row + 1);
            return Err(Error::invalid(path, what));
        };
        if !THRESHOLDS.contains(&threshold) {
            let what = format!(
                "row {}: the threshold of `{label}` is {threshold}; give a probability from 0 to 1 (0.5, not 50)",
                row + 1
            );
            return Err(Error::invalid(path, what));
        }
        if out.insert(label.to_owned(), threshold).is_some() {
            let what = format!("label `{label}` is in more than one row");
            return Err(Error::invalid(path, what));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_equal_to_the_threshold_is_not_above_it() {
        assert!(!exceeds(0.5, 0.5) && !exceeds(0.3, 0.3));
        assert!(exceeds(0.500_000_1, 0.5));
    }

    #[test]
    fn thresholds_come_back_and_a_label_twice_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("thresholds.csv");
        write_thresholds(&path, [("AF", 0.25), ("1dAVb", 0.1 + 0.2)].into_iter()).unwrap();
        assert_eq!(
            read_thresholds(&path).unwrap(),
            BTreeMap::from([("AF".to_owned(), 0.25), ("1dAVb".to_owned(), 0.1 + 0.2)])
        );
        std::fs::write(&path, "label,threshold\nAF,0.5\nAF,0.6\n").unwrap();
        assert!(
            read_thresholds(&path)
                .unwrap_err()
                .to_string()
                .contains("more than one row")
        );
    }

    #[test]
    fn a_threshold_that_no_probability_can_be_on_either_side_of_is_refused_by_row() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("thresholds.csv");
        let read = |threshold: &str| {
            std::fs::write(&path, format!("label,threshold\nSB,0.5\nAF,{threshold}\n")).unwrap();
            read_thresholds(&path).map_err(|e| e.to_string())
        };
        for good in ["0.0", "1.0", "1", "-1e-09"] {
            assert_eq!(read(good).unwrap()["AF"], good.parse::<f64>().unwrap());
        }
        for bad in ["50", "1.0000001", "-0.1"] {
            let said = read(bad).unwrap_err();
            assert!(
                said.contains("thresholds.csv: row 2: the threshold of `AF` is"),
                "{said}"
            );
        }
    }
}
