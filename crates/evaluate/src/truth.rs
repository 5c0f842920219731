//! Truth of each exam: `labels.csv`, joined by idx.

use crate::by_number::{ByNumber, rows_by_exam};
use crate::error::{Error, Result};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labels::{self, MissingLabel};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::table;
use std::path::{Path, PathBuf};

/// The truth of every exam.
#[derive(Debug)]
pub(crate) struct Truth {
    /// The file that it was read from.
    pub(crate) path: PathBuf,
    /// Every label of the table.
    pub(crate) labels: Vec<String>,
    /// The row of each exam.
    pub(crate) rows: ByNumber<u32>,
    /// Whether each mapped label holds, `[label][row]`; none where that is not known.
    pub(crate) holds: Vec<Vec<Option<bool>>>,
}

impl Truth {
    /// Reads the truth of the mapped labels.
    ///
    /// # Errors
    /// The table cannot be read, names an exam twice, or lacks a label of the mapping; a truth is missing that must not be.
    pub(crate) fn read(path: &Path, mapping: &Mapping, missing: MissingLabel) -> Result<Self> {
        let all = labels::read(path)?;
        let names = labels::label_columns(&all);
        if let Some(pair) = mapping.map.iter().find(|pair| !names.contains(&pair.to)) {
            return Err(Error::TruthLabel {
                path: path.to_owned(),
                label: pair.to.clone(),
                mapping: mapping.name.clone(),
                found: names.join(", "),
            });
        }
        let pairs = mapping.map.iter();
        let holds = pairs.map(|pair| labels::truth_column(path, &all, &pair.to, missing));
        let holds = holds.collect::<ecgfm_artifacts::Result<_>>()?;
        Ok(Self {
            path: path.to_owned(),
            labels: names,
            rows: rows_by_exam(table::int_column(path, &all, IDX)?),
            holds,
        })
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
