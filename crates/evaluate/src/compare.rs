//! Predictions joined with the truth, by key.

use crate::error::{Error, Result};
use crate::tables::combine;
use crate::truth::Truth;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT};
use ecgfm_artifacts::labelset::{Mapping, Pair};
use polars::prelude::*;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What to do with rows that lack their counterpart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Stop and name the first.
    #[default]
    Error,
    /// Leave them out and count them.
    Drop,
}

/// Rows that have both a prediction and a truth; columns are in mapping order.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    /// Their keys.
    pub(crate) keys: DataFrame,
    /// Whether each mapped label holds; false where its truth is not known.
    pub(crate) truth: Vec<Vec<bool>>,
    /// The rows in which the truth of each mapped label is not known, ascending.
    pub(crate) unknown: Vec<Vec<u32>>,
    /// The probability of each mapped label.
    pub(crate) scores: Vec<Vec<f32>>,
    /// Predicted rows that were left out for want of a truth.
    pub(crate) without_truth: usize,
}

impl Compared {
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
            truth: self.truth.iter().map(|column| taken(column, rows)).collect(),
            unknown: self.unknown.iter().map(unknown).collect(),
            scores: self.scores.iter().map(|column| taken(column, rows)).collect(),
            without_truth: 0,
        }
    }

    /// Number of rows in which the truth of each label is not known, of those labels that have such rows.
    pub(crate) fn without_label(&self, pairs: &[Pair]) -> BTreeMap<String, u64> {
        let counted = pairs
            .iter()
            .zip(&self.unknown)
            .filter(|(_, rows)| !rows.is_empty());
        counted
            .map(|(pair, rows)| (pair.to.clone(), rows.len() as u64))
            .collect()
    }

    /// idx of each row; every compared row has one, since that is what its truth was found by.
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
pub(crate) fn with_truth(
    predicted: &DataFrame,
    truth: &Truth,
    mapping: &Mapping,
    missing: OnMissing,
) -> Result<Compared> {
    let idx = column(predicted, IDX)?
        .i64()
        .map_err(Error::table("reading idx"))?;
    let found: Vec<Option<u32>> = idx.iter().map(|idx| truth.row(idx)).collect();
    let without_truth = found.iter().filter(|row| row.is_none()).count();
    if without_truth > 0 && missing == OnMissing::Error {
        return Err(missing_truth(predicted, &found, &truth.path, without_truth));
    }
    let known = match without_truth {
        0 => predicted.clone(),
        _ => {
            let known: BooleanChunked = found.iter().map(|row| Some(row.is_some())).collect();
            predicted
                .filter(&known)
                .map_err(Error::table("joining with the truth"))?
        }
    };
    let rows: Vec<u32> = found.into_iter().flatten().collect();
    let actual: Vec<Vec<Option<bool>>> = truth
        .columns
        .par_iter()
        .map(|column| rows.iter().map(|&row| column[row as usize]).collect())
        .collect();
    let scores = mapping.map.par_iter().map(|pair| scores_of(&known, pair));
    let holds = |column: &Vec<Option<bool>>| column.iter().map(|truth| *truth == Some(true)).collect();
    let keys = [SEGMENT, IDX, SAVE_FILE]
        .into_iter()
        .filter(|key| known.column(key).is_ok());
    Ok(Compared {
        keys: known
            .select(keys)
            .map_err(Error::table("keying the comparison"))?,
        truth: actual.iter().map(holds).collect(),
        unknown: actual.iter().map(|column| unknown_rows(column)).collect(),
        scores: scores.collect::<Result<_>>()?,
        without_truth,
    })
}

/// Rows of which the truth is not known, ascending.
pub(crate) fn unknown_rows(truth: &[Option<bool>]) -> Vec<u32> {
    let rows = (0u32..).zip(truth).filter(|(_, truth)| truth.is_none());
    rows.map(|(row, _)| row).collect()
}

/// The values of some rows.
pub(crate) fn taken<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| column[row]).collect()
}

/// The probability of a mapped label.
fn scores_of(predicted: &DataFrame, pair: &Pair) -> Result<Vec<f32>> {
    let read = |from: &String| -> Result<Vec<f32>> {
        let scores = column(predicted, from)?.f32();
        let scores = scores.map_err(Error::table("reading probabilities"))?;
        Ok(scores.iter().map(|v| v.unwrap_or(f32::NAN)).collect())
    };
    let columns = pair.from.names().iter().map(read).collect::<Result<Vec<_>>>()?;
    let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
    Ok(combine(pair.how, &columns))
}

fn missing_truth(predicted: &DataFrame, found: &[Option<u32>], path: &Path, count: usize) -> Error {
    let row = found.iter().position(Option::is_none).unwrap_or(0);
    let text = |name: &str| {
        predicted
            .column(name)
            .ok()
            .and_then(|c| c.str().ok())
            .and_then(|c| c.get(row))
    };
    let (unit, name) = match text(SEGMENT) {
        Some(segment) => ("segment", segment),
        None => ("ECG", text(SAVE_FILE).unwrap_or_default()),
    };
    let idx = predicted
        .column(IDX)
        .ok()
        .and_then(|c| c.i64().ok())
        .and_then(|c| c.get(row));
    Error::MissingTruth {
        path: path.to_owned(),
        unit,
        name: name.to_owned(),
        idx: idx.map_or("none: its manifest had no index".to_owned(), |i| i.to_string()),
        more: count - 1,
        rows: predicted.height(),
    }
}

fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(Error::table("joining with the truth"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labels::MissingLabel;
    use ecgfm_artifacts::labelset::{From, How};

    fn mapping() -> Mapping {
        let map = vec![Pair {
            from: From::One("STach".into()),
            how: How::Max,
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
        let compared = with_truth(&predicted(), &truth(), &mapping(), OnMissing::Drop).unwrap();
        assert_eq!(compared.truth, [vec![false, true, true]]);
        assert_eq!(compared.scores, [vec![0.3, 0.1, 0.2]]);
        assert_eq!(compared.idx().collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(compared.without_truth, 1);
    }

    #[test]
    fn a_prediction_without_truth_is_an_error_that_names_it() {
        let error = with_truth(&predicted(), &truth(), &mapping(), OnMissing::Error).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("labels.csv: no truth for segment `x_0` (idx none"),
            "{message}"
        );
    }
}
