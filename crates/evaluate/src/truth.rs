//! What is known of each ECG: `labels.csv`, found by idx.

use crate::error::{Error, Result};
use crate::row_of::RowOf;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::{labels, table};
use std::path::{Path, PathBuf};

/// The truth of every exam.
#[derive(Debug)]
pub(crate) struct Truth {
    /// Where it was read.
    pub(crate) path: PathBuf,
    /// Every label of the table.
    pub(crate) labels: Vec<String>,
    /// Whether each mapped label holds, in the order of the mapping; one value a row of the table, none where it is not known.
    pub(crate) columns: Vec<Vec<Option<bool>>>,
    row_of: RowOf,
}

impl Truth {
    /// Reads the truth of the mapped labels.
    ///
    /// # Errors
    /// The table cannot be read, names an exam twice, or lacks a label of the mapping; a truth is missing that must not be.
    pub(crate) fn read(path: &Path, mapping: &Mapping, missing: MissingLabel) -> Result<Self> {
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
            columns.push(labels::column(path, &all, &pair.to, missing)?);
        }
        Ok(Self {
            path: path.to_owned(),
            labels: names,
            columns,
            row_of: RowOf::of(table::int_column(path, &all, IDX)?),
        })
    }

    /// The row of an exam; none where its truth is not known.
    pub(crate) fn row(&self, idx: Option<i64>) -> Option<u32> {
        self.row_of.get(idx?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_must_have_every_mapped_label() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, "idx,AF,SB\n0,True,False\n").unwrap();
        let mapping = Mapping::load("physionet2021_to_code15").unwrap();
        let message = Truth::read(&path, &mapping, MissingLabel::Exclude)
            .unwrap_err()
            .to_string();
        assert!(message.contains("no label `"), "{message}");
        assert!(message.ends_with("it has AF, SB"), "{message}");
    }
}
