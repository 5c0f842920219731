//! `predictions.csv`/`.parquet`, `mapped.csv`, `ecg.csv` and `predictions.json`: probabilities and labels, keyed.
//!
//! Probabilities are float32, as the model's logits are. The CSV prints the digits that a float32 needs, so that
//! reading it as float32 gives the same values that the Parquet file holds.

use crate::columns::{IDX, LABELS, PREDICTED, SAVE_FILE, SEGMENT, SEGMENTS, SPLIT};
use crate::error::{Error, Result};
use crate::evaluation::ThresholdsUsed;
use crate::json::{read_json, write_json};
use crate::labelset::{LabelSet, Mapping};
use crate::table::{self, Column, ColumnKind, OtherColumns};
use ecgfm_stage_params::Returns;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Segments: segment, idx, save_file, split, one probability a model label, labels.
pub const CSV_FILE: &str = "predictions.csv";
/// `predictions.csv` as Parquet, which readers should prefer.
pub const PARQUET_FILE: &str = "predictions.parquet";
/// Segments: segment, idx, save_file, split, one boolean a mapped label, predicted, then `<label>_probability`.
pub const MAPPED_FILE: &str = "mapped.csv";
/// ECGs: idx, save_file, segments, one probability a model label, labels.
pub const ECG_FILE: &str = "ecg.csv";
/// Settings with which the tables beside it were made: a [`PredictionsInfo`].
pub const INFO_FILE: &str = "predictions.json";
/// Suffix of a mapped label's probability column.
pub const PROBABILITY: &str = "_probability";

/// The key columns of a segment table. `idx` is empty where the manifest came without an index.
pub const KEYS: [&str; 4] = [SEGMENT, IDX, SAVE_FILE, SPLIT];
/// The key columns of the ECG table.
pub const ECG_KEYS: [&str; 3] = [IDX, SAVE_FILE, SEGMENTS];

/// Settings with which predictions were made from logits; the evaluation reads them from here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictionsInfo {
    /// The subset that was predicted.
    pub subset: String,
    /// Kind of the model's outputs: logits, whose sigmoids the probabilities are, or the probabilities themselves.
    pub returns: Returns,
    /// Origin of the thresholds.
    pub thresholds: ThresholdsUsed,
    /// A label of the model holds where its probability is above this; a mapped label has the threshold of those that it
    /// stands for.
    pub threshold_of: BTreeMap<String, f64>,
    /// The model's labels, with how each is pooled over the segments of an ECG.
    pub labels: LabelSet,
    /// The mapping behind `mapped.csv`; none where there is no such file.
    pub mapping: Option<Mapping>,
    /// Notices to every reader of results: that ECGs are synthetic, that the model is a demonstration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

impl PredictionsInfo {
    /// Writes `predictions.json` in `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(INFO_FILE), self)
    }

    /// Reads `predictions.json` in `dir`.
    ///
    /// # Errors
    /// The file cannot be read or is something else.
    pub fn read(dir: &Path) -> Result<Self> {
        read_json(&dir.join(INFO_FILE))
    }
}

/// Writes `predictions.csv` in `dir`: the keys, float32 probabilities, `labels`. It comes in parts of consecutive rows.
///
/// # Errors
/// I/O.
pub fn write_csv(dir: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    table::write_parts(&dir.join(CSV_FILE), parts)
}

/// Writes `predictions.parquet` in `dir`, as [`write_csv`] writes its table. Parts are those of [`table::row_groups`].
///
/// # Errors
/// I/O.
pub fn write_parquet(dir: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    table::write_parquet_parts(&dir.join(PARQUET_FILE), parts)
}

/// Reads segment, idx, save_file and the probabilities (float32) of `labels` from `predictions.parquet`.
///
/// # Errors
/// The file cannot be read, lacks a column, names a segment twice, or has a value that is no probability.
pub fn read(dir: &Path, labels: &[&str]) -> Result<DataFrame> {
    let path = dir.join(PARQUET_FILE);
    let keys = [SEGMENT, IDX, SAVE_FILE];
    let names: Vec<&str> = keys.iter().chain(labels).copied().collect();
    let frame = table::read_parquet_columns(&path, Some(&names))?;
    require_unique(&path, &frame, SEGMENT)?;
    for label in labels {
        table::probability_column(&path, &frame, label, SEGMENT)?;
    }
    frame
        .select(names)
        .map_err(|e| Error::invalid(&path, e.to_string()))
}

/// Writes `mapped.csv` in `dir`: the keys, booleans, `predicted`, `<label>_probability`. It comes in parts of consecutive rows.
///
/// # Errors
/// I/O.
pub fn write_mapped(dir: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    table::write_parts(&dir.join(MAPPED_FILE), parts)
}

/// Reads the keys and `predicted` of `mapped.csv`.
///
/// # Errors
/// As [`table::read`], and a segment named twice.
pub fn read_mapped(dir: &Path) -> Result<DataFrame> {
    let path = dir.join(MAPPED_FILE);
    let columns = [
        Column::new(SEGMENT, ColumnKind::Text),
        Column::optional(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SPLIT, ColumnKind::Text),
        Column::new(PREDICTED, ColumnKind::Text),
    ];
    let frame = table::read(&path, &columns, OtherColumns::Ignore)?;
    require_unique(&path, &frame, SEGMENT)?;
    Ok(frame)
}

/// Writes `ecg.csv` in `dir`: idx, save_file, segments, float32 probabilities, `labels`. It comes in parts of consecutive rows.
///
/// # Errors
/// I/O.
pub fn write_ecg(dir: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    table::write_parts(&dir.join(ECG_FILE), parts)
}

/// Reads idx, save_file, segments and the probabilities (float32) of every label from `ecg.csv`.
///
/// # Errors
/// As [`table::read`], an ECG named twice, and a value that is no probability.
pub fn read_ecg(dir: &Path) -> Result<DataFrame> {
    let path = dir.join(ECG_FILE);
    let columns = [
        Column::optional(IDX, ColumnKind::Int),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SEGMENTS, ColumnKind::Int),
    ];
    let key = |name: &String| ECG_KEYS.contains(&name.as_str()) || name == LABELS;
    let labels: Vec<String> = table::read_header(&path)?
        .into_iter()
        .filter(|name| !key(name))
        .collect();
    cast_probabilities(
        &path,
        table::read_named(&path, &columns, &labels, ColumnKind::Float)?,
    )
}

fn cast_probabilities(path: &Path, mut frame: DataFrame) -> Result<DataFrame> {
    require_unique(path, &frame, SAVE_FILE)?;
    for label in label_names(&frame) {
        frame
            .try_apply(&label, |column| column.cast(&DataType::Float32))
            .map_err(|e| Error::invalid(path, format!("column `{label}`: {e}")))?;
        table::probability_column(path, &frame, &label, SAVE_FILE)?;
    }
    Ok(frame)
}

/// Names of the probability columns of `predictions` or of the ECG table.
pub fn label_names(frame: &DataFrame) -> Vec<String> {
    let names = frame
        .get_column_names()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let key = |n: &str| KEYS.contains(&n) || ECG_KEYS.contains(&n) || n == LABELS;
    names.into_iter().filter(|n| !key(n)).collect()
}

fn require_unique(path: &Path, frame: &DataFrame, key: &str) -> Result<()> {
    let keys = table::str_column(path, frame, key)?;
    match crate::key::find_duplicate(|| keys.iter()) {
        None => Ok(()),
        Some(twice) => {
            let what = format!(
                "{key} `{}` is in more than one row; a key must be unique",
                twice.unwrap_or("")
            );
            Err(Error::invalid(path, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions() -> DataFrame {
        df!(
            SEGMENT => ["a_0", "a_1", "b_0"],
            IDX => [Some(3i64), Some(3), None],
            SAVE_FILE => ["a.mat", "a.mat", "b.mat"],
            SPLIT => ["test", "test", "test"],
            "AF" => [0.751_620_8f32, 0.1, 0.5],
            "SB" => [1e-7f32, 0.2, 0.3],
            LABELS => ["AF", "", ""],
        )
        .unwrap()
    }

    #[test]
    fn predictions_come_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        write_csv(dir.path(), [predictions()]).unwrap();
        write_parquet(dir.path(), [predictions()]).unwrap();
        let back = read(dir.path(), &["SB"]).unwrap();
        assert!(back.equals_missing(&predictions().select([SEGMENT, IDX, SAVE_FILE, "SB"]).unwrap()));
        let text = std::fs::read_to_string(dir.path().join(CSV_FILE)).unwrap();
        assert!(
            text.starts_with(
                "segment,idx,save_file,split,AF,SB,labels\na_0,3,a.mat,test,0.7516208,1e-07,AF\n"
            )
        );
        assert_eq!(label_names(&predictions()), ["AF", "SB"]);
        assert!(
            read(dir.path(), &["XX"])
                .unwrap_err()
                .to_string()
                .contains("no column `XX`")
        );
    }

    #[test]
    fn a_segment_or_ecg_named_twice_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let twice = predictions().vstack(&predictions()).unwrap();
        write_parquet(dir.path(), [twice]).unwrap();
        assert!(
            read(dir.path(), &[])
                .unwrap_err()
                .to_string()
                .contains("segment `a_0` is in more than one row")
        );
        let ecg = df!(IDX => [1i64, 1], SAVE_FILE => ["a.mat", "a.mat"], SEGMENTS => [1i64, 1], "AF" => [0.1f32, 0.2]);
        write_ecg(dir.path(), [ecg.unwrap()]).unwrap();
        assert!(
            read_ecg(dir.path())
                .unwrap_err()
                .to_string()
                .contains("save_file `a.mat`")
        );
    }

    #[test]
    fn what_is_no_probability_is_refused_and_named() {
        let dir = tempfile::tempdir().unwrap();
        for (bad, said) in [
            (Some(f32::NAN), "NaN"),
            (None, "nothing"),
            (Some(1.1), "1.1"),
            (Some(-1e-9), "-0.000000001"),
        ] {
            let mut table = predictions();
            table
                .with_column(Series::new("SB".into(), [Some(0.1), bad, Some(0.3)]).into())
                .unwrap();
            write_parquet(dir.path(), [table]).unwrap();
            let refused = read(dir.path(), &["AF", "SB"]).unwrap_err().to_string();
            let expected = format!("segment `a_1`, column `SB`: {said} where a probability");
            assert!(refused.contains(&expected), "{refused}");
            assert!(
                read(dir.path(), &["AF"]).is_ok(),
                "what is not asked for is not looked at"
            );
            let ecg = df!(IDX => [7i64, 1], SAVE_FILE => ["a.mat", "b.mat"], SEGMENTS => [1i64, 2], "AF" => [Some(1.0), bad]);
            write_ecg(dir.path(), [ecg.unwrap()]).unwrap();
            let refused = read_ecg(dir.path()).unwrap_err().to_string();
            assert!(refused.contains("save_file `b.mat`, column `AF`: "), "{refused}");
        }
    }

    #[test]
    fn the_ecg_table_comes_back_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let ecg = df!(IDX => [7i64, 1], SAVE_FILE => ["a.mat", "b.mat"], SEGMENTS => [1i64, 2], "AF" => [0.1f32, 0.751_620_8]);
        let ecg = ecg.unwrap();
        write_ecg(dir.path(), [ecg.clone()]).unwrap();
        assert!(read_ecg(dir.path()).unwrap().equals(&ecg));
    }

    #[test]
    fn how_predictions_were_made_is_kept_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let info = PredictionsInfo {
            subset: "test".into(),
            returns: Returns::Logits,
            thresholds: ThresholdsUsed::fixed(0.5),
            threshold_of: BTreeMap::from([("AF".into(), 0.5)]),
            labels: LabelSet::load("physionet2021").unwrap(),
            mapping: Some(Mapping::load("physionet2021_to_code15").unwrap()),
            notices: vec!["SYNTHETIC".to_owned()],
        };
        info.write(dir.path()).unwrap();
        assert_eq!(PredictionsInfo::read(dir.path()).unwrap(), info);
    }
}
