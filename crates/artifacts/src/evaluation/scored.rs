//! `scored.parquet`: every scored ECG with truth and probability of every mapped label, for comparing runs.

use crate::columns::{IDX, SAVE_FILE};
use crate::error::{Error, Result};
use crate::table::{self, TextColumn};
use polars::prelude::*;
use std::path::Path;

/// idx, save_file, cluster, then `actual:LABEL` and `probability:LABEL` of every mapped label.
pub const SCORED_FILE: &str = "scored.parquet";

const CLUSTER: &str = "cluster";
const ACTUAL: &str = "actual:";
const PROBABILITY: &str = "probability:";

/// Scored ECGs; columns of labels are in mapping order.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredEcgs {
    /// The ECGs.
    pub idx: Vec<i64>,
    /// Files of their recordings.
    pub save_file: TextColumn,
    /// Number of the patient of each ECG; ECGs of one patient are resampled together.
    pub cluster: Vec<u32>,
    /// The mapped labels.
    pub labels: Vec<String>,
    /// Truth of each label, `[label][row]`; none where it is not known.
    pub truth: Vec<Vec<Option<bool>>>,
    /// Probability of each label, `[label][row]`.
    pub scores: Vec<Vec<f32>>,
}

impl ScoredEcgs {
    /// Writes the file in `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let path = dir.join(SCORED_FILE);
        let cluster: Vec<i64> = self.cluster.iter().map(|c| i64::from(*c)).collect();
        let mut columns = vec![
            Column::new(IDX.into(), &self.idx),
            StringChunked::from_iter_values(SAVE_FILE.into(), self.save_file.iter()).into_column(),
            Column::new(CLUSTER.into(), cluster),
        ];
        for (label, (truth, scores)) in self.labels.iter().zip(self.truth.iter().zip(&self.scores)) {
            columns.push(Column::new(format!("{ACTUAL}{label}").into(), truth));
            columns.push(Column::new(format!("{PROBABILITY}{label}").into(), scores));
        }
        table::write_parquet(&path, &table::build_frame(&path, columns)?)
    }

    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// The file cannot be read or lacks a column or value.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = &dir.join(SCORED_FILE);
        let frame = table::read_parquet(path)?;
        let hole = || Error::invalid(path, "a value is missing");
        let names = frame.get_column_names();
        let labels: Vec<String> = (names.iter())
            .filter_map(|name| Some(name.strip_prefix(ACTUAL)?.to_owned()))
            .collect();
        let ints = |name: &str| -> Result<Vec<i64>> {
            let column = table::int_column(path, &frame, name)?;
            column.iter().collect::<Option<_>>().ok_or_else(hole)
        };
        let files = table::str_column(path, &frame, SAVE_FILE)?;
        let mut out = Self {
            idx: ints(IDX)?,
            save_file: files.iter().collect::<Option<_>>().ok_or_else(hole)?,
            cluster: ints(CLUSTER)?
                .into_iter()
                .map(|c| u32::try_from(c).map_err(|_| hole()))
                .collect::<Result<_>>()?,
            labels: Vec::new(),
            truth: Vec::new(),
            scores: Vec::new(),
        };
        for label in labels {
            let truth = table::bool_column(path, &frame, &format!("{ACTUAL}{label}"))?;
            out.truth.push(truth.iter().collect());
            let name = format!("{PROBABILITY}{label}");
            let scores = table::probability_column(path, &frame, &name, SAVE_FILE)?;
            out.scores.push(scores.iter().flatten().collect());
            out.labels.push(label);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(scores: [f32; 2]) -> ScoredEcgs {
        ScoredEcgs {
            idx: vec![3, 1],
            save_file: ["a.mat", "b.mat"].into_iter().collect(),
            cluster: vec![0, 1],
            labels: vec!["1dAVb".into()],
            truth: vec![vec![Some(true), None]],
            scores: vec![scores.to_vec()],
        }
    }

    #[test]
    fn scored_ecgs_come_back_bit_for_bit() {
        let dir = tempfile::tempdir().unwrap();
        let scored = scored([0.1, 0.751_620_8]);
        scored.write(dir.path()).unwrap();
        assert_eq!(ScoredEcgs::read(dir.path()).unwrap(), scored);
    }

    #[test]
    fn a_score_that_is_no_probability_is_refused_and_named() {
        let dir = tempfile::tempdir().unwrap();
        scored([0.1, f32::NAN]).write(dir.path()).unwrap();
        let refused = ScoredEcgs::read(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("save_file `b.mat`, column `probability:1dAVb`: NaN"),
            "{refused}"
        );
    }
}
