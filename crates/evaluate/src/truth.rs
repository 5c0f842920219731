//! What is known of each ECG: `labels.csv`, found by idx.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::{labels, table};
use hashbrown::HashMap;
use polars::prelude::Int64Chunked;
use std::path::{Path, PathBuf};

/// A table may be so many times as long as there are keys in it before it takes more time than hashing does.
const SPARSEST: usize = 8;
/// No row.
const NONE: u32 = u32::MAX;

/// The truth of every exam.
#[derive(Debug)]
pub(crate) struct Truth {
    /// Where it was read.
    pub(crate) path: PathBuf,
    /// Every label of the table.
    pub(crate) labels: Vec<String>,
    /// Whether each mapped label holds, in the order of the mapping; one value a row of the table.
    pub(crate) columns: Vec<Vec<bool>>,
    rows: Rows,
}

impl Truth {
    /// Reads the truth of the mapped labels.
    ///
    /// # Errors
    /// The table cannot be read, names an exam twice, or lacks a label of the mapping.
    pub(crate) fn read(path: &Path, mapping: &Mapping) -> Result<Self> {
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
        let mut columns = Vec::with_capacity(mapping.map.len());
        for pair in &mapping.map {
            let column = table::bool_column(path, &all, &pair.to)?;
            columns.push(column.iter().map(|holds| holds.unwrap_or(false)).collect());
        }
        Ok(Self {
            path: path.to_owned(),
            labels: names,
            columns,
            rows: Rows::of(table::int_column(path, &all, IDX)?),
        })
    }

    /// The row of an exam; none where its truth is not known.
    pub(crate) fn row(&self, idx: Option<i64>) -> Option<u32> {
        self.rows.get(idx?)
    }
}

/// The row of each key, of which there are fewer than 2³² − 1.
#[derive(Debug)]
enum Rows {
    /// Most numbers between the first and the last are keys, as where exams are counted through.
    Dense { first: i64, rows: Vec<u32> },
    /// Any numbers.
    Any(HashMap<i64, u32>),
}

impl Rows {
    fn of(keys: &Int64Chunked) -> Self {
        let pairs = || keys.iter().zip(0u32..).filter_map(|(key, row)| Some((key?, row)));
        let (first, last) = pairs().fold((i64::MAX, i64::MIN), |(first, last), (key, _)| {
            (first.min(key), last.max(key))
        });
        let span = last.checked_sub(first).and_then(|d| usize::try_from(d).ok());
        match span.filter(|span| span / SPARSEST < keys.len()) {
            Some(span) => {
                let mut rows = vec![NONE; span + 1];
                pairs().for_each(|(key, row)| rows[(key - first) as usize] = row);
                Self::Dense { first, rows }
            }
            None => Self::Any(pairs().collect()),
        }
    }

    fn get(&self, key: i64) -> Option<u32> {
        match self {
            Self::Dense { first, rows } => {
                let at = usize::try_from(key.checked_sub(*first)?).ok()?;
                rows.get(at).copied().filter(|row| *row != NONE)
            }
            Self::Any(rows) => rows.get(&key).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_among_near_and_far_keys() {
        for (keys, dense) in [
            (vec![Some(5), Some(3), None, Some(9)], true),
            (vec![Some(-2), Some(-3)], true),
            (vec![Some(i64::MIN), Some(i64::MAX)], false),
            (vec![Some(0), Some(1 << 40)], false),
            (vec![], false),
        ] {
            let column = Int64Chunked::from_iter(keys.clone());
            let rows = Rows::of(&column);
            assert_eq!(matches!(rows, Rows::Dense { .. }), dense, "{keys:?}");
            for (row, key) in keys
                .iter()
                .enumerate()
                .filter_map(|(row, key)| Some((row, (*key)?)))
            {
                assert_eq!(rows.get(key), Some(row as u32));
            }
            for stranger in [i64::MIN + 1, -1, 4, 8, 10, 1 << 32, i64::MAX - 1] {
                assert_eq!(rows.get(stranger), None, "{stranger} among {keys:?}");
            }
        }
    }

    #[test]
    fn the_truth_must_have_every_mapped_label() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "idx,AF,SB\n0,True,False\n").unwrap();
        let mapping = Mapping::load("physionet2021_to_code15").unwrap();
        let message = Truth::read(&path, &mapping).unwrap_err().to_string();
        assert!(message.contains("no label `"), "{message}");
        assert!(message.ends_with("it has AF, SB"), "{message}");
    }
}
