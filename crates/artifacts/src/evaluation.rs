//! `comparison.csv`, `tutorial_table.csv`, `metrics.csv` and `metrics.json`: how right the model is.
//!
//! [`Metrics`] is all of it; `metrics.csv` and `tutorial_table.csv` are parts of it as tables. A statistic that is
//! not defined is `null` with a reason in JSON and an empty cell in a table.

use crate::columns::{ACTUAL, IDX, PREDICTED, SEGMENT};
use crate::error::{Error, Result};
use crate::json::{read_json, write_json};
use crate::presence::exists;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::DataFrame;
use std::path::{Path, PathBuf};

mod confusion_matrix;
mod curves;
mod examples;
mod groups;
mod metrics;
mod panel;
mod reader;
mod rows;
mod scored;
mod statistic;
mod tables;
mod thresholds;

pub use confusion_matrix::ConfusionMatrix;
pub use curves::*;
pub use examples::*;
pub use groups::{group_column, group_of};
pub use panel::*;
pub use reader::{ReaderAgreement, ReaderLabel};
pub use scored::*;
pub use statistic::*;
pub use tables::metric_columns;
pub use thresholds::*;

use rows::write_rows;
use tables::{
    average_rows, reader_columns, reader_row, subgroup_columns, subgroup_rows, tutorial_columns,
    tutorial_row, unit_rows,
};

/// Segments: segment, idx, predicted, actual; then unknown, where the truth of a label is not known for some.
pub const COMPARISON_FILE: &str = "comparison.csv";
/// class, prevalence, recall, precision, f1, specificity, accuracy, npv: the tutorial's table, joined by key.
pub const TUTORIAL_FILE: &str = "tutorial_table.csv";
/// Table of a row a unit and label.
pub const METRICS_FILE: &str = "metrics.csv";
/// `metrics.csv` as Parquet.
pub const METRICS_PARQUET_FILE: &str = "metrics.parquet";
/// Averages over labels: unit, average, statistic, value, lo, hi, over, left_out.
pub const AVERAGES_FILE: &str = "averages.csv";
/// Groups of ECGs: by, group, n, label, positives, statistics with their interval ends.
pub const SUBGROUPS_FILE: &str = "subgroups.csv";
/// Agreement with a reader, where there is one: label, judged, unsure, then the 2×2 table and the agreement of the model and of the truth.
pub const READER_FILE: &str = "reader.csv";
/// label, threshold.
pub const THRESHOLDS_FILE: &str = "thresholds.csv";
/// Everything that was computed, for machines: a [`Metrics`].
pub const METRICS_JSON_FILE: &str = "metrics.json";

pub use metrics::*;

/// Directory of an evaluation: `dir` itself, or `evaluate` in the directory of a run.
///
/// # Errors
/// The file system does not say what is in `dir`.
pub fn evaluation_dir(dir: &Path) -> Result<PathBuf> {
    match exists(&dir.join(METRICS_JSON_FILE))? {
        true => Ok(dir.to_owned()),
        false => Ok(dir.join("evaluate")),
    }
}

impl Metrics {
    /// Writes `metrics.json`, `metrics.csv` and `.parquet`, `averages.csv`, `subgroups.csv`, `thresholds.csv` and
    /// `tutorial_table.csv` in `dir`; `reader.csv` where there is a reader.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(METRICS_JSON_FILE), self)?;
        write_rows(
            &dir.join(METRICS_FILE),
            metric_columns(),
            self.units.iter().flat_map(unit_rows),
        )?;
        table::write_parquet(&dir.join(METRICS_PARQUET_FILE), &read_metrics_table(dir)?)?;
        let joined = |average: &Average| [average.over.join(", "), average.left_out.join(", ")];
        let lists = self
            .units
            .iter()
            .map(|unit| unit.averages.iter().map(joined).collect());
        let lists: Vec<Vec<[String; 2]>> = lists.collect();
        let columns = [
            "unit",
            "average",
            "statistic",
            "value",
            "lo",
            "hi",
            "over",
            "left_out",
        ];
        write_rows(
            &dir.join(AVERAGES_FILE),
            columns.map(str::to_owned).to_vec(),
            self.units
                .iter()
                .zip(&lists)
                .flat_map(|(unit, lists)| average_rows(unit, lists)),
        )?;
        write_rows(
            &dir.join(SUBGROUPS_FILE),
            subgroup_columns(),
            (self.subgroups.iter().chain(&self.subgroup_pairs)).flat_map(subgroup_rows),
        )?;
        if let Some(reader) = &self.reader {
            let rows = reader.labels.iter().map(reader_row);
            write_rows(&dir.join(READER_FILE), reader_columns(), rows)?;
        }
        if let Some(unit) = self.units.first() {
            let thresholds = unit
                .labels
                .iter()
                .map(|label| (label.label.as_str(), label.threshold));
            write_thresholds(&dir.join(THRESHOLDS_FILE), thresholds)?;
        }
        write_rows(
            &dir.join(TUTORIAL_FILE),
            tutorial_columns(),
            self.tutorial.classes.iter().map(tutorial_row),
        )
    }

    /// Reads `metrics.json` in `dir`.
    ///
    /// # Errors
    /// The file cannot be read, or has another form than [`SCHEMA`].
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(METRICS_JSON_FILE);
        let value: serde_json::Value = read_json(&path)?;
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(schema) if schema == u64::from(SCHEMA) => {}
            other => {
                let found = other.map_or("none".to_owned(), |s| s.to_string());
                let what =
                    format!("schema {found} where this program reads {SCHEMA}; run the evaluation again");
                return Err(Error::invalid(&path, what));
            }
        }
        serde_json::from_value(value)
            .map_err(|e| Error::invalid(&path, format!("not what it should be: {e}")))
    }

    /// The statistics of one unit.
    pub fn unit(&self, unit: EvaluationUnit) -> Option<&UnitMetrics> {
        self.units.iter().find(|u| u.unit == unit)
    }
}

/// Writes `comparison.csv` in `dir`: segment, idx, predicted, actual, and unknown where there is such a column.
///
/// # Errors
/// I/O.
pub fn write_comparison(dir: &Path, frame: &DataFrame) -> Result<()> {
    table::write(&dir.join(COMPARISON_FILE), frame)
}

/// Reads `comparison.csv` in `dir`.
///
/// # Errors
/// As [`table::read`].
pub fn read_comparison(dir: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(SEGMENT, ColumnKind::Text),
        Column::new(IDX, ColumnKind::Int),
        Column::new(PREDICTED, ColumnKind::Text),
        Column::new(ACTUAL, ColumnKind::Text),
    ];
    table::read(&dir.join(COMPARISON_FILE), &columns, OtherColumns::Ignore)
}

/// Reads `metrics.csv` in `dir`: unit and label as text, counts as integers, statistics as floats with nulls.
///
/// # Errors
/// As [`table::read`].
pub fn read_metrics_table(dir: &Path) -> Result<DataFrame> {
    let text = [
        Column::new("unit", ColumnKind::Text),
        Column::new("label", ColumnKind::Text),
    ];
    let counts = ["n", "positives", "tp", "fp", "fn", "tn"].map(|n| Column::new(n, ColumnKind::Int));
    let columns: Vec<Column> = text.into_iter().chain(counts).collect();
    table::read(
        &dir.join(METRICS_FILE),
        &columns,
        OtherColumns::Read(ColumnKind::Float),
    )
}

#[cfg(test)]
mod tests;
