//! A table as columns of text.

use crate::error::{Error, Result};
use ecgfm_artifacts::table;
use std::path::{Path, PathBuf};

/// Columns of text, by name, in the order of the file.
pub(super) struct TextTable {
    pub(super) path: PathBuf,
    pub(super) columns: Vec<(String, Vec<String>)>,
}

impl TextTable {
    /// Reads the table at `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let frame = table::read_all_text(path)?;
        let column = |name: &str| -> Result<(String, Vec<String>)> {
            let cells = table::str_column(path, &frame, name)?.iter();
            let cells = cells.map(|cell| cell.unwrap_or_default().to_owned());
            Ok((name.trim().to_owned(), cells.collect()))
        };
        let names = frame.get_column_names();
        Ok(Self {
            path: path.to_owned(),
            columns: names
                .into_iter()
                .map(|name| column(name))
                .collect::<Result<_>>()?,
        })
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }

    /// Cells of a column, where there is one.
    pub(super) fn find(&self, name: &str) -> Option<&Vec<String>> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, cells)| cells)
    }

    /// Cells of a column that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&Vec<String>> {
        self.find(name).ok_or_else(|| {
            let known: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
            missing_column(&self.path, name, &known)
        })
    }
}

/// Error for a table at `path` of the columns `known`, without the column `name`.
pub(super) fn missing_column(path: &Path, name: &str, known: &[&str]) -> Error {
    Error::BadInput {
        path: path.to_owned(),
        what: format!("no column `{name}`; it has {}", known.join(", ")),
        help: Some("give the archive's own table, or correct the description of the dataset".to_owned()),
    }
}
