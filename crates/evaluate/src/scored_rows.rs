//! Predictions joined with the truth, by key.

use crate::error::{Error, Result};
use crate::probabilities::combine_labels;
use crate::truth::Truth;
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

/// Rows that have both a prediction and a truth; labels are in mapping order.
#[derive(Debug, Clone)]
pub(crate) struct ScoredRows {
    /// idx, and segment or save_file.
    pub(crate) keys: DataFrame,
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
        self.keys.height()
    }

    /// Some of the rows, with their idx only.
    pub(crate) fn part(&self, rows: &[usize]) -> Self {
        let all = self.keys.column(IDX).and_then(|column| column.i64());
        let idx = |all: &Int64Chunked| -> Vec<Option<i64>> { rows.iter().map(|&row| all.get(row)).collect() };
        let idx = all.map(idx).unwrap_or_default();
        let unknown = |unknown: &Vec<u32>| -> Vec<u32> {
            let is_unknown = |row: usize| !unknown.is_empty() && unknown.binary_search(&(row as u32)).is_ok();
            (0..rows.len() as u32)
                .filter(|at| is_unknown(rows[*at as usize]))
                .collect()
        };
        Self {
            keys: df!(IDX => idx).unwrap_or_default(),
            truth: self.truth.iter().map(|column| take_rows(column, rows)).collect(),
            unknown: self.unknown.iter().map(unknown).collect(),
            scores: self.scores.iter().map(|column| take_rows(column, rows)).collect(),
            without_truth: 0,
        }
    }

    /// Whether the truth of each mapped label is not known, row by row.
    pub(crate) fn is_unknown(&self) -> Vec<Vec<bool>> {
        let of_label = |rows: &Vec<u32>| {
            let mut unknown = vec![false; self.len()];
            rows.iter().for_each(|&row| unknown[row as usize] = true);
            unknown
        };
        self.unknown.iter().map(of_label).collect()
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
        self.keys
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
    let keys = predicted.select([name, IDX]).map_err(failed())?;
    let idx = keys.column(IDX).and_then(|idx| idx.i64()).map_err(failed())?;
    let exams = (0..).zip(idx.iter().map(|idx| truth.rows.find(idx?)));
    let found = |(row, exam): (usize, Option<u32>)| Some((row, exam? as usize));
    let (rows, exams): (Vec<usize>, Vec<usize>) = exams.filter_map(found).unzip();
    let without_truth = keys.height() - rows.len();
    if without_truth > 0 && missing == OnMissing::Error {
        return Err(missing_truth(&keys, &rows, &truth.path));
    }
    let mut scored = ScoredRows {
        keys: take_keys(&keys, &rows).map_err(failed())?,
        truth: Vec::new(),
        unknown: Vec::new(),
        scores: Vec::new(),
        without_truth,
    };
    for (pair, holds) in mapping.map.iter().zip(&truth.holds) {
        let holds = take_rows(holds, &exams);
        scored.unknown.push(unknown_rows(&holds));
        let truth = holds.iter().map(|&holds| holds == Some(true));
        scored.truth.push(truth.collect());
        let scores = combine_labels(predicted, pair)?;
        scored.scores.push(take_rows(&scores, &rows));
    }
    Ok(scored)
}

/// The keys of some rows, ascending.
fn take_keys(keys: &DataFrame, rows: &[usize]) -> PolarsResult<DataFrame> {
    if rows.len() == keys.height() {
        return Ok(keys.clone());
    }
    keys.take(&rows.iter().map(|&row| row as IdxSize).collect_ca(IDX.into()))
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

/// An error about the first of the predicted rows whose truth was not found.
fn missing_truth(keys: &DataFrame, found: &[usize], path: &Path) -> Error {
    let first = (0..).zip(found).take_while(|(row, found)| row == *found).count();
    let text = |name: &str| keys.column(name).ok()?.str().ok()?.get(first);
    let (unit, name) = match text(SEGMENT) {
        Some(segment) => ("segment", segment),
        None => ("ECG", text(SAVE_FILE).unwrap_or_default()),
    };
    let idx = keys.column(IDX).ok().and_then(|idx| idx.i64().ok()?.get(first));
    Error::MissingTruth {
        path: path.to_owned(),
        unit,
        name: name.to_owned(),
        idx: idx.map_or("none: its manifest had no index".to_owned(), |i| i.to_string()),
        more: keys.height() - found.len() - 1,
        rows: keys.height(),
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
