//! Predictions joined with the truth, by key.

use crate::error::{Error, Result};
use crate::expressions::combine_labels;
use crate::joins::left_join;
use crate::truth::{Truth, actual_column};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT};
use ecgfm_artifacts::labelset::{LabelPair, Mapping};
use polars::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Treatment of rows that lack their counterpart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Stop and name the first.
    #[default]
    Error,
    /// Leave them out and count them.
    Drop,
}

/// Column of the probability of a mapped label.
pub(crate) fn probability_of(label: &str) -> String {
    format!("probability:{label}")
}

/// Column that tells rows with a truth.
const HAS_TRUTH: &str = "has truth";

/// Rows that have both a prediction and a truth; labels are in mapping order.
#[derive(Debug, Clone)]
pub(crate) struct ScoredRows {
    /// Keys, then truth and probability of every mapped label, under [`actual`] and [`probability_of`].
    pub(crate) table: DataFrame,
    /// Truth of each mapped label; false where it is not known.
    pub(crate) truth: Vec<Vec<bool>>,
    /// The rows in which the truth of each mapped label is not known, ascending.
    pub(crate) unknown: Vec<Vec<u32>>,
    /// The probability of each mapped label.
    pub(crate) scores: Vec<Vec<f32>>,
    /// Predicted rows that were left out for want of a truth.
    pub(crate) without_truth: usize,
}

impl ScoredRows {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.table.height()
    }

    /// Some of the rows, with their idx only.
    pub(crate) fn part(&self, rows: &[usize]) -> Self {
        let all = self.table.column(IDX).and_then(|column| column.i64());
        let idx = |all: &Int64Chunked| -> Vec<Option<i64>> { rows.iter().map(|&row| all.get(row)).collect() };
        let idx = all.map(idx).unwrap_or_default();
        let unknown = |unknown: &Vec<u32>| -> Vec<u32> {
            let is_unknown = |row: usize| !unknown.is_empty() && unknown.binary_search(&(row as u32)).is_ok();
            (0..rows.len() as u32)
                .filter(|at| is_unknown(rows[*at as usize]))
                .collect()
        };
        Self {
            table: df!(IDX => idx).unwrap_or_default(),
            truth: self.truth.iter().map(|column| take_rows(column, rows)).collect(),
            unknown: self.unknown.iter().map(unknown).collect(),
            scores: self.scores.iter().map(|column| take_rows(column, rows)).collect(),
            without_truth: 0,
        }
    }

    /// Number of rows in which the truth of each label is not known, of those labels that have such rows.
    pub(crate) fn without_label(&self, pairs: &[LabelPair]) -> BTreeMap<String, u64> {
        let counted = pairs
            .iter()
            .zip(&self.unknown)
            .filter(|(_, rows)| !rows.is_empty());
        counted
            .map(|(pair, rows)| (pair.to.clone(), rows.len() as u64))
            .collect()
    }

    /// idx of each row; every scored row has one, since that is what its truth was found by.
    pub(crate) fn idx(&self) -> impl Iterator<Item = i64> {
        self.table
            .column(IDX)
            .and_then(|column| column.i64())
            .into_iter()
            .flat_map(|column| column.iter().flatten())
    }
}

/// Gives each predicted row the truth of its idx.
///
/// `predicted` has idx, save_file and the mapping's model labels; `segment` where its rows are segments.
pub(crate) fn join_truth(
    predicted: &DataFrame,
    truth: &Truth,
    mapping: &Mapping,
    missing: OnMissing,
) -> Result<ScoredRows> {
    let failed = || Error::table("joining with the truth");
    // A segment is named by its key, an ECG by its file.
    let name = match predicted.column(SEGMENT) {
        Ok(_) => SEGMENT,
        Err(_) => SAVE_FILE,
    };
    let keys = [name, IDX].into_iter();
    let scores = mapping
        .map
        .iter()
        .map(|pair| combine_labels(pair).alias(probability_of(&pair.to)));
    let predicted = predicted
        .clone()
        .lazy()
        .select(keys.map(col).chain(scores).collect::<Vec<_>>());
    let exams = truth.exams.clone().lazy().with_column(lit(true).alias(HAS_TRUTH));
    let joined = left_join(predicted, exams, &[col(IDX)])
        .collect()
        .map_err(failed())?;
    let without = joined.clone().lazy().filter(col(HAS_TRUTH).is_null());
    let without = without.collect().map_err(failed())?;
    if without.height() > 0 && missing == OnMissing::Error {
        return Err(missing_truth(&without, &truth.path, joined.height()));
    }
    let table = match without.height() {
        0 => joined,
        _ => joined.lazy().filter(col(HAS_TRUTH)).collect().map_err(failed())?,
    };
    let columns = mapping.map.iter().map(|pair| columns_of(&table, pair));
    let columns = columns.collect::<PolarsResult<Vec<_>>>().map_err(failed())?;
    let mut rows = ScoredRows {
        truth: Vec::new(),
        unknown: Vec::new(),
        scores: Vec::new(),
        without_truth: without.height(),
        table,
    };
    for (truth, scores) in columns {
        rows.unknown.push(unknown_rows(&truth));
        rows.truth
            .push(truth.iter().map(|truth| *truth == Some(true)).collect());
        rows.scores.push(scores);
    }
    Ok(rows)
}

/// Truth and probability of a mapped label, as plain slices: what statistics are computed from.
fn columns_of(table: &DataFrame, pair: &LabelPair) -> PolarsResult<(Vec<Option<bool>>, Vec<f32>)> {
    let truth = table.column(&actual_column(&pair.to))?.bool()?;
    let scores = table.column(&probability_of(&pair.to))?.f32()?;
    Ok((
        truth.iter().collect(),
        scores.iter().map(|v| v.unwrap_or(f32::NAN)).collect(),
    ))
}

/// Rows of which the truth is not known, ascending.
pub(crate) fn unknown_rows(truth: &[Option<bool>]) -> Vec<u32> {
    let rows = (0u32..).zip(truth).filter(|(_, truth)| truth.is_none());
    rows.map(|(row, _)| row).collect()
}

/// The values of some rows.
pub(crate) fn take_rows<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| column[row]).collect()
}

/// An error about the first of the rows `without` a truth; `rows` were predicted.
fn missing_truth(without: &DataFrame, path: &Path, rows: usize) -> Error {
    let text = |name: &str| {
        let column = without.column(name).ok()?.str().ok()?;
        column.get(0)
    };
    let (unit, name) = match text(SEGMENT) {
        Some(segment) => ("segment", segment),
        None => ("ECG", text(SAVE_FILE).unwrap_or_default()),
    };
    let idx = without.column(IDX).ok().and_then(|c| c.i64().ok()?.get(0));
    Error::MissingTruth {
        path: path.to_owned(),
        unit,
        name: name.to_owned(),
        idx: idx.map_or("none: its manifest had no index".to_owned(), |i| i.to_string()),
        more: without.height() - 1,
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labels::MissingLabel;
    use ecgfm_artifacts::labelset::{Combination, LabelSource};

    fn mapping() -> Mapping {
        let map = vec![LabelPair {
            from: LabelSource::One("STach".into()),
            how: Combination::Max,
            to: "ST".into(),
        }];
        Mapping {
            name: "m".into(),
            from: "a".into(),
            to: "b".into(),
            map,
        }
    }

    fn predicted() -> DataFrame {
        df!(
            SEGMENT => ["c_0", "a_0", "x_0", "a_1"],
            IDX => [Some(3i64), Some(1), None, Some(1)],
            SAVE_FILE => ["c.mat", "a.mat", "x.mat", "a.mat"],
            "STach" => [0.3f32, 0.1, 0.9, 0.2],
        )
        .unwrap()
    }

    fn truth() -> Truth {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "idx,ST\n1,True\n2,True\n3,False\n").unwrap();
        Truth::read(&path, &mapping(), MissingLabel::Exclude).unwrap()
    }

    #[test]
    fn rows_find_their_truth_by_key_and_keep_their_order() {
        let compared = join_truth(&predicted(), &truth(), &mapping(), OnMissing::Drop).unwrap();
        assert_eq!(compared.truth, [vec![false, true, true]]);
        assert_eq!(compared.scores, [vec![0.3, 0.1, 0.2]]);
        assert_eq!(compared.idx().collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(compared.without_truth, 1);
    }

    #[test]
    fn a_prediction_without_truth_is_an_error_that_names_it() {
        let error = join_truth(&predicted(), &truth(), &mapping(), OnMissing::Error).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("labels.csv: no truth for segment `x_0` (idx none"),
            "{message}"
        );
    }
}
