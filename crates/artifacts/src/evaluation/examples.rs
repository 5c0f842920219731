//! `examples.csv`: of every mapped label the ECGs that the model was surest about, right and wrong.

use super::rows::write_rows;
use crate::columns::{IDX, SAVE_FILE};
use crate::error::{Error, Result};
use crate::pandas::Cell;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// label, kind, rank, idx, save_file, probability.
pub const EXAMPLES_FILE: &str = "examples.csv";

/// Outcome of a decision: right or wrong, positive or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// Present and predicted.
    TruePositive,
    /// Absent and predicted.
    FalsePositive,
    /// Present and not predicted.
    FalseNegative,
    /// Absent and not predicted.
    TrueNegative,
}

impl DecisionOutcome {
    /// Every outcome, in the order in which a reader wants them.
    pub const ALL: [Self; 4] = [
        Self::TruePositive,
        Self::FalsePositive,
        Self::FalseNegative,
        Self::TrueNegative,
    ];

    /// Text in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "true_positive",
            Self::FalsePositive => "false_positive",
            Self::FalseNegative => "false_negative",
            Self::TrueNegative => "true_negative",
        }
    }
}

/// ECG to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The mapped label.
    pub label: String,
    /// Outcome of the decision.
    pub verdict: DecisionOutcome,
    /// 1 for the surest of its kind.
    pub rank: u64,
    /// The ECG.
    pub idx: i64,
    /// File of the recording.
    pub save_file: String,
    /// The label's probability.
    pub probability: f32,
}

/// Writes `examples.csv` in `dir`.
///
/// # Errors
/// I/O.
pub fn write_examples(dir: &Path, examples: &[Example]) -> Result<()> {
    let columns = ["label", "kind", "rank", IDX, SAVE_FILE, "probability"];
    write_rows(
        &dir.join(EXAMPLES_FILE),
        columns.map(str::to_owned).to_vec(),
        examples.iter().map(example_row),
    )
}

fn example_row(example: &Example) -> Vec<Cell<'_>> {
    vec![
        Cell::Text(&example.label),
        Cell::Text(example.verdict.name()),
        Cell::Int(example.rank as i64),
        Cell::Int(example.idx),
        Cell::Text(&example.save_file),
        Cell::Float32(example.probability),
    ]
}

/// Reads `examples.csv` in `dir`.
///
/// # Errors
/// The file cannot be read or is not what it should be.
pub fn read_examples(dir: &Path) -> Result<Vec<Example>> {
    let path = &dir.join(EXAMPLES_FILE);
    let text = |name| Column::new(name, ColumnKind::Text);
    let int = |name| Column::new(name, ColumnKind::Int);
    let columns = [
        text("label"),
        text("kind"),
        int("rank"),
        int(IDX),
        text(SAVE_FILE),
        Column::new("probability", ColumnKind::Float),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let (labels, kinds) = (
        table::str_column(path, &frame, "label")?,
        table::str_column(path, &frame, "kind")?,
    );
    let (ranks, idx) = (
        table::int_column(path, &frame, "rank")?,
        table::int_column(path, &frame, IDX)?,
    );
    let files = table::str_column(path, &frame, SAVE_FILE)?;
    let bad = |e: polars::error::PolarsError| Error::invalid(path, e.to_string());
    let probabilities = frame.column("probability").and_then(|c| c.f64()).map_err(bad)?;
    let one = |row: usize| -> Option<Example> {
        let verdict = DecisionOutcome::ALL
            .into_iter()
            .find(|v| Some(v.name()) == kinds.get(row))?;
        Some(Example {
            label: labels.get(row)?.to_owned(),
            verdict,
            rank: u64::try_from(ranks.get(row)?).ok()?,
            idx: idx.get(row)?,
            save_file: files.get(row)?.to_owned(),
            probability: probabilities.get(row)? as f32,
        })
    };
    let rows = (0..frame.height())
        .map(|row| one(row).ok_or_else(|| Error::invalid(path, format!("row {}: not an example", row + 1))));
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_come_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let example = Example {
            label: "AF".into(),
            verdict: DecisionOutcome::FalseNegative,
            rank: 1,
            idx: 7,
            save_file: "a.mat".into(),
            probability: 0.1,
        };
        write_examples(dir.path(), std::slice::from_ref(&example)).unwrap();
        assert_eq!(read_examples(dir.path()).unwrap(), [example]);
    }
}
