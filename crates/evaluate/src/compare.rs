//! Predictions joined with the truth, by key.

use crate::error::{Error, Result};
use crate::predict::combine;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::{labels, table};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What to do with rows that lack their counterpart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Stop and name the first.
    #[default]
    Error,
    /// Leave them out and count them.
    Drop,
}

/// Prefix of truth columns while they stand beside scores of the same name.
const ACTUAL_PREFIX: &str = "actual:";

/// Rows that have both a prediction and a truth; columns are in mapping order.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Their keys.
    pub(crate) keys: DataFrame,
    /// Whether each mapped label holds.
    pub(crate) truth: Vec<Vec<bool>>,
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
        let all: Vec<i64> = self.idx().collect();
        let idx: Vec<i64> = rows.iter().map(|&row| all[row]).collect();
        Self {
            keys: df!(IDX => idx).unwrap_or_default(),
            truth: self
                .truth
                .iter()
                .map(|column| rows.iter().map(|&row| column[row]).collect())
                .collect(),
            scores: self
                .scores
                .iter()
                .map(|column| rows.iter().map(|&row| column[row]).collect())
                .collect(),
            without_truth: 0,
        }
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

/// Reads the truth of the mapped labels: idx, then one column a mapped label.
pub(crate) fn read_truth(path: &Path, mapping: &Mapping) -> Result<(DataFrame, Vec<String>)> {
    let all = labels::read(path)?;
    let names = labels::names(&all);
    if let Some(pair) = mapping.map.iter().find(|pair| !names.contains(&pair.to)) {
        return Err(Error::TruthLabel {
            path: path.to_owned(),
            label: pair.to.clone(),
            mapping: mapping.name.clone(),
            found: names.join(", "),
        });
    }
    let mut columns = vec![table::int_column(path, &all, IDX)?.clone().into_column()];
    for pair in &mapping.map {
        let column = table::bool_column(path, &all, &pair.to)?.clone();
        columns.push(
            column
                .with_name(format!("{ACTUAL_PREFIX}{}", pair.to).into())
                .into_column(),
        );
    }
    Ok((table::frame(path, columns)?, names))
}

/// Gives each predicted row the truth of its idx.
///
/// `predicted` has idx, save_file and the mapping's model labels; `segment` where its rows are segments.
pub(crate) fn with_truth(
    predicted: &DataFrame,
    truth: &DataFrame,
    truth_path: &Path,
    mapping: &Mapping,
    missing: OnMissing,
) -> Result<Compared> {
    let mut args = JoinArgs::new(JoinType::Left);
    args.maintain_order = MaintainOrderJoin::Left;
    let joined = predicted
        .join(truth, [IDX], [IDX], args, None)
        .map_err(Error::table("joining with the truth"))?;
    let known = joined
        .columns()
        .last()
        .map(Column::is_not_null)
        .unwrap_or_default();
    let without_truth = joined.height() - known.sum().unwrap_or(0) as usize;
    if without_truth > 0 && missing == OnMissing::Error {
        return Err(missing_truth(&joined, &known, truth_path, without_truth));
    }
    let joined = joined
        .filter(&known)
        .map_err(Error::table("joining with the truth"))?;
    let mut compared = Compared {
        keys: DataFrame::empty(),
        truth: vec![],
        scores: vec![],
        without_truth,
    };
    for pair in &mapping.map {
        let actual = column(&joined, &format!("{ACTUAL_PREFIX}{}", pair.to))?;
        let actual = actual.bool().map_err(Error::table("reading the truth"))?;
        compared
            .truth
            .push(actual.iter().map(|v| v.unwrap_or(false)).collect());
        let read = |from: &String| -> Result<Vec<f32>> {
            let scores = column(&joined, from)?.f32();
            let scores = scores.map_err(Error::table("reading probabilities"))?;
            Ok(scores.iter().map(|v| v.unwrap_or(f32::NAN)).collect())
        };
        let columns = pair.from.names().iter().map(read).collect::<Result<Vec<_>>>()?;
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        compared.scores.push(combine(pair.how, &columns));
    }
    let keys = [SEGMENT, IDX, SAVE_FILE]
        .into_iter()
        .filter(|key| joined.column(key).is_ok());
    compared.keys = joined
        .select(keys)
        .map_err(Error::table("keying the comparison"))?;
    Ok(compared)
}

fn missing_truth(joined: &DataFrame, known: &BooleanChunked, path: &Path, count: usize) -> Error {
    let row = known.iter().position(|k| k != Some(true)).unwrap_or(0);
    let text = |name: &str| {
        joined
            .column(name)
            .ok()
            .and_then(|c| c.str().ok())
            .and_then(|c| c.get(row))
    };
    let segment = text(SEGMENT).or_else(|| text(SAVE_FILE)).unwrap_or_default();
    let idx = joined
        .column(IDX)
        .ok()
        .and_then(|c| c.i64().ok())
        .and_then(|c| c.get(row));
    Error::MissingTruth {
        path: path.to_owned(),
        segment: segment.to_owned(),
        idx: idx.map_or("none: its manifest had no index".to_owned(), |i| i.to_string()),
        more: count - 1,
        rows: joined.height(),
    }
}

fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(Error::table("joining with the truth"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labelset::{From, How, Pair};

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

    fn truth() -> DataFrame {
        df!(IDX => [1i64, 2, 3], "actual:ST" => [true, true, false]).unwrap()
    }

    #[test]
    fn rows_find_their_truth_by_key_and_keep_their_order() {
        let path = Path::new("labels.csv");
        let compared = with_truth(&predicted(), &truth(), path, &mapping(), OnMissing::Drop).unwrap();
        assert_eq!(compared.truth, [vec![false, true, true]]);
        assert_eq!(compared.scores, [vec![0.3, 0.1, 0.2]]);
        assert_eq!(compared.idx().collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(compared.without_truth, 1);
    }

    #[test]
    fn a_prediction_without_truth_is_an_error_that_names_it() {
        let path = Path::new("labels.csv");
        let error = with_truth(&predicted(), &truth(), path, &mapping(), OnMissing::Error).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("labels.csv: no truth for segment `x_0` (idx none"),
            "{message}"
        );
    }

    #[test]
    fn the_truth_must_have_every_mapped_label() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "idx,AF,SB\n0,True,False\n").unwrap();
        let message = read_truth(&path, &mapping()).unwrap_err().to_string();
        assert!(
            message.ends_with("no label `ST`, which mapping `m` needs; it has AF, SB"),
            "{message}"
        );
    }
}
