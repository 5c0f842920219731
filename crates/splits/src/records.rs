//! The records that are split: columns of `meta.csv`.

use crate::error::{Error, Result};
use crate::params::{DATASET, Params};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SPLIT};
use ecgfm_artifacts::table::cell::{is_missing, parse_boolean};
use ecgfm_artifacts::table::{self, ColumnKind};
use polars::prelude::*;
use std::path::{Path, PathBuf};

/// The records, all columns that matter as text or integers.
#[derive(Clone)]
pub(crate) struct ExamRecords {
    pub(crate) path: PathBuf,
    pub(crate) frame: DataFrame,
}

impl ExamRecords {
    pub(crate) fn read(params: &Params) -> Result<Self> {
        let path = &params.records;
        let named = params.columns();
        let mut wanted: Vec<String> = named.into_iter().map(|(_, name)| name.to_owned()).collect();
        wanted.retain(|w| w != IDX && w != SAVE_FILE);
        wanted.sort();
        wanted.dedup();
        let keys = [
            table::Column::new(IDX, ColumnKind::Int),
            table::Column::new(SAVE_FILE, ColumnKind::Text),
        ];
        let frame = table::read_named(path, &keys, &wanted, ColumnKind::Text)?;
        Ok(Self {
            path: path.clone(),
            frame,
        })
    }

    pub(crate) fn text(&self, column: &str) -> Result<&StringChunked> {
        Ok(table::str_column(&self.path, &self.frame, column)?)
    }

    /// The key of an exam, for messages: where rows were filtered out, their numbers say little.
    pub(crate) fn idx(&self, row: usize) -> Result<i64> {
        Ok(table::int_column(&self.path, &self.frame, IDX)?
            .get(row)
            .unwrap_or(-1))
    }

    /// Returns true for each exam that no parameter leaves out.
    pub(crate) fn included(&self, params: &Params) -> Result<Vec<bool>> {
        let mut keep = vec![true; self.frame.height()];
        for name in &params.filter_cols {
            for (row, value) in self.text(name)?.iter().enumerate() {
                keep[row] &= !parse_filter(&self.path, name, row, value.unwrap_or_default())?;
            }
        }
        if !params.dataset_subset.is_empty() {
            for (row, value) in self.text(DATASET)?.iter().enumerate() {
                keep[row] &= params.dataset_subset.iter().any(|d| Some(d.as_str()) == value);
            }
        }
        Ok(keep)
    }

    pub(crate) fn select(&self, keep: &[bool]) -> Result<Self> {
        if keep.iter().all(|keep| *keep) {
            return Ok(self.clone());
        }
        let mask = BooleanChunked::from_slice("keep".into(), keep);
        let frame = self
            .frame
            .filter(&mask)
            .map_err(|e| Error::bad_input(&self.path, e.to_string()))?;
        Ok(Self {
            path: self.path.clone(),
            frame,
        })
    }

    /// idx, save_file, split and the carried columns of the exams that have a split.
    pub(crate) fn with_splits(&self, params: &Params, assigned: &[Option<usize>]) -> Result<DataFrame> {
        let bad = |e: PolarsError| Error::bad_input(&self.path, e.to_string());
        let splits = params.split_names();
        let names: StringChunked = assigned.iter().map(|a| a.map(|i| splits[i].as_str())).collect();
        let mut frame = self.frame.clone();
        frame
            .with_column(names.with_name(SPLIT.into()).into_column())
            .map_err(bad)?;
        let kept: Vec<bool> = assigned.iter().map(Option::is_some).collect();
        let frame = frame
            .filter(&BooleanChunked::from_slice("keep".into(), &kept))
            .map_err(bad)?;
        let columns = [IDX, SAVE_FILE, SPLIT].into_iter().chain(params.carried());
        frame.select(columns).map_err(bad)
    }
}

fn parse_filter(path: &Path, column: &str, row: usize, value: &str) -> Result<bool> {
    match parse_boolean(value) {
        Some(holds) => Ok(holds),
        None if is_missing(value) => Ok(false),
        None => Err(Error::bad_input(
            path,
            format!(
                "line {}, column `{column}`: `{value}` is not True or False",
                table::line_of_record(path, row)
            ),
        )),
    }
}
