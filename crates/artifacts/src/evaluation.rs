//! `comparison.csv`, `tutorial_table.csv`, `metrics.csv` and `metrics.json`: how right the model is.
//!
//! [`Metrics`] is all of it; `metrics.csv` and `tutorial_table.csv` are parts of it as tables. A statistic that is
//! not defined is `null` with a reason in JSON and an empty cell in a table.

use crate::columns::{ACTUAL, IDX, PREDICTED, SEGMENT};
use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter};
use crate::predictions::{read_json, write_json};
use crate::table::{self, Column, Kind, Others};
use polars::prelude::DataFrame;
use std::path::Path;

mod metrics;

/// Segments: segment, idx, predicted, actual.
pub const COMPARISON_FILE: &str = "comparison.csv";
/// class, prevalence, recall, precision, f1, specificity, accuracy, npv: the tutorial's table, joined by key.
pub const TUTORIAL_FILE: &str = "tutorial_table.csv";
/// One row a unit and label.
pub const METRICS_FILE: &str = "metrics.csv";
/// Everything that was computed, for machines: a [`Metrics`].
pub const METRICS_JSON_FILE: &str = "metrics.json";

/// Columns of the tutorial's table, in its order.
pub const TUTORIAL_COLUMNS: [&str; 8] = [
    "class",
    "prevalence",
    "recall",
    "precision",
    "f1",
    "specificity",
    "accuracy",
    "npv",
];

/// The statistics of a label, in the order of their columns in `metrics.csv`; keys of [`LabelMetrics::estimates`].
pub const STATISTICS: [&str; 9] = [
    "prevalence",
    "auroc",
    "auprc",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "f1",
    "accuracy",
];

pub use metrics::*;

impl Metrics {
    /// Writes `metrics.json`, `metrics.csv` and `tutorial_table.csv` in `dir`.
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
        let columns = TUTORIAL_COLUMNS.map(str::to_owned).to_vec();
        write_rows(
            &dir.join(TUTORIAL_FILE),
            columns,
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
    pub fn unit(&self, unit: Unit) -> Option<&UnitMetrics> {
        self.units.iter().find(|u| u.unit == unit)
    }
}

/// Columns of `metrics.csv`: unit, label, n, positives, the statistics, their interval ends, the 2×2 table.
pub fn metric_columns() -> Vec<String> {
    let ends = STATISTICS
        .iter()
        .flat_map(|s| [format!("{s}_lo"), format!("{s}_hi")]);
    let lead = ["unit", "label", "n", "positives"]
        .iter()
        .chain(&STATISTICS)
        .map(ToString::to_string);
    lead.chain(ends)
        .chain(["tp", "fp", "fn", "tn"].map(str::to_owned))
        .collect()
}

fn unit_rows(unit: &UnitMetrics) -> impl Iterator<Item = Vec<Cell<'_>>> {
    unit.labels.iter().map(|label| {
        let estimates = || STATISTICS.iter().map(|s| label.estimates.get(*s));
        let mut row = vec![
            Cell::Text(unit.unit.name()),
            Cell::Text(&label.label),
            int(unit.n),
            int(label.positives),
        ];
        row.extend(estimates().map(|e| float(e.and_then(|e| e.value))));
        row.extend(estimates().flat_map(|e| [float(e.and_then(|e| e.lo)), float(e.and_then(|e| e.hi))]));
        let Counts { tp, fp, r#fn, tn } = label.counts;
        row.extend([tp, fp, r#fn, tn].map(int));
        row
    })
}

fn tutorial_row(class: &TutorialClass) -> Vec<Cell<'_>> {
    std::iter::once(Cell::Text(&class.class))
        .chain(class.values.iter().map(|v| float(*v)))
        .collect()
}

fn int(v: u64) -> Cell<'static> {
    Cell::Int(v as i64)
}

fn float(v: Option<f64>) -> Cell<'static> {
    v.map_or(Cell::Missing, Cell::Float)
}

fn write_rows<'a>(
    path: &Path,
    columns: Vec<String>,
    rows: impl Iterator<Item = Vec<Cell<'a>>>,
) -> Result<()> {
    crate::atomic::write(path, |out| {
        let written: std::io::Result<()> = (|| {
            let mut writer = RowWriter::new(out, columns)?;
            for row in rows {
                writer.row(row)?;
            }
            writer.finish().map(drop)
        })();
        written.map_err(Error::io("write", path))
    })
}

/// Writes `comparison.csv` in `dir`: segment, idx, predicted, actual.
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
        Column::new(SEGMENT, Kind::Text),
        Column::new(IDX, Kind::Int),
        Column::new(PREDICTED, Kind::Text),
        Column::new(ACTUAL, Kind::Text),
    ];
    table::read(&dir.join(COMPARISON_FILE), &columns, Others::Ignore)
}

/// Reads `metrics.csv` in `dir`: unit and label as text, counts as integers, statistics as floats with nulls.
///
/// # Errors
/// As [`table::read`].
pub fn read_metrics_table(dir: &Path) -> Result<DataFrame> {
    let text = [Column::new("unit", Kind::Text), Column::new("label", Kind::Text)];
    let counts = ["n", "positives", "tp", "fp", "fn", "tn"].map(|n| Column::new(n, Kind::Int));
    let columns: Vec<Column> = text.into_iter().chain(counts).collect();
    table::read(&dir.join(METRICS_FILE), &columns, Others::As(Kind::Float))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;
    use std::collections::BTreeMap;

    fn estimate(value: f64) -> Estimate {
        Estimate {
            value: Some(value),
            lo: Some(0.25),
            hi: None,
            reason: None,
        }
    }

    fn metrics() -> Metrics {
        let counts = Counts {
            tp: 1,
            fp: 2,
            r#fn: 0,
            tn: 1,
        };
        let undefined = Estimate {
            reason: Some("nothing predicted positive".into()),
            ..Estimate::default()
        };
        let label = LabelMetrics {
            label: "AF".into(),
            title: "Atrial fibrillation".into(),
            positives: 1,
            counts,
            estimates: BTreeMap::from([("auroc".into(), estimate(0.1 + 0.2)), ("ppv".into(), undefined)]),
            roc: RocCurve {
                points: 2,
                threshold: vec![None, Some(0.1)],
                fpr: vec![0.0, 1.0],
                tpr: vec![0.0, 1.0],
            },
            pr: PrCurve::default(),
            histogram: ScoreHistogram {
                positives: vec![1, 0],
                negatives: vec![2, 1],
            },
        };
        let table = vec![vec![1]];
        let co_occurrence = CoOccurrence {
            actual: table.clone(),
            predicted: table.clone(),
            actual_predicted: table,
            none_predicted: vec![2],
        };
        let pair = PairUsed {
            from: "AF".into(),
            to: "AF".into(),
            title: "Atrial fibrillation".into(),
        };
        let class = TutorialClass {
            class: String::new(),
            counts,
            values: [
                Some(0.25),
                Some(1.0),
                None,
                None,
                Some(0.333),
                Some(0.5),
                Some(1.0),
            ],
        };
        Metrics {
            notice: None,
            schema: SCHEMA,
            subset: "test".into(),
            threshold: 0.5,
            mapping: MappingUsed {
                name: "m".into(),
                from: "a".into(),
                to: "b".into(),
                pairs: vec![pair],
                unmapped: vec!["SB".into()],
                unmapped_truth: vec![],
            },
            flow: Flow {
                segments_predicted: 4,
                segments_scored: 4,
                ..Flow::default()
            },
            intervals: IntervalMethod {
                level: 0.95,
                proportions: "wilson".into(),
                ranking: "none".into(),
                cluster: "ecg".into(),
                replicates: 0,
                seed: 1,
            },
            tutorial: Tutorial {
                rows: 4,
                matches: 2,
                exact_match: Some(0.5),
                classes: vec![class],
            },
            units: vec![UnitMetrics {
                unit: Unit::Segment,
                n: 4,
                exact_match: estimate(0.5),
                labels: vec![label],
                co_occurrence,
            }],
        }
    }

    #[test]
    fn metrics_come_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        metrics().write(dir.path()).unwrap();
        assert_eq!(Metrics::read(dir.path()).unwrap(), metrics());
    }

    #[test]
    fn tables_leave_the_undefined_empty() {
        let dir = tempfile::tempdir().unwrap();
        metrics().write(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(METRICS_FILE)).unwrap();
        assert!(text.starts_with(
            "unit,label,n,positives,prevalence,auroc,auprc,sensitivity,specificity,ppv,npv,f1,accuracy,prevalence_lo,"
        ));
        let row = text.lines().nth(1).unwrap();
        assert!(
            row.starts_with("segment,AF,4,1,,0.30000000000000004,,,,,,,,,,0.25,,"),
            "{row}"
        );
        assert!(row.ends_with(",1,2,0,1"), "{row}");
        let table = read_metrics_table(dir.path()).unwrap();
        assert_eq!(
            table.column("auroc").unwrap().f64().unwrap().get(0),
            Some(0.1 + 0.2)
        );
        assert_eq!(table.column("ppv").unwrap().null_count(), 1);
        let tutorial = std::fs::read_to_string(dir.path().join(TUTORIAL_FILE)).unwrap();
        assert_eq!(tutorial.lines().nth(1), Some(",0.25,1.0,,,0.333,0.5,1.0"));
    }

    #[test]
    fn another_schema_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(METRICS_JSON_FILE), "{\"schema\": 99}").unwrap();
        let message = Metrics::read(dir.path()).unwrap_err().to_string();
        assert!(
            message.ends_with("schema 99 where this program reads 1; run the evaluation again"),
            "{message}"
        );
    }

    #[test]
    fn the_comparison_comes_back_with_empty_label_texts() {
        let dir = tempfile::tempdir().unwrap();
        let frame = df!(SEGMENT => ["a_0"], IDX => [5i64], PREDICTED => ["SB, AF"], ACTUAL => [""]).unwrap();
        write_comparison(dir.path(), &frame).unwrap();
        assert!(read_comparison(dir.path()).unwrap().equals(&frame));
    }
}
