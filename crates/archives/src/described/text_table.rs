//! A table of text, whose cells stay in its file.

use crate::error::{Error, Result};
use ecgfm_artifacts::table::{FileTable, TextColumn};
use std::path::Path;
use std::sync::Arc;

/// A table of text, by the names of its columns without the blanks around them.
pub(super) struct TextTable {
    pub(super) file: Arc<FileTable>,
    /// Names of the columns, in the order of the file.
    pub(super) names: Vec<String>,
}

impl TextTable {
    /// Opens the table at `path`, and checks every row of it.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = FileTable::open(path)?;
        let names = file.header().iter().map(|name| name.trim().to_owned());
        Ok(Self {
            names: names.collect(),
            file: Arc::new(file),
        })
    }

    /// Path of the table.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.file.rows()
    }

    /// Place of a column, where there is one.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Cells of a column, where there is one.
    pub(super) fn find(&self, name: &str) -> Result<Option<TextColumn>> {
        let place = self.place(name);
        Ok(place.map(|place| self.file.column(place)).transpose()?)
    }

    /// Cells of a column that must be there.
    pub(super) fn required(&self, name: &str) -> Result<TextColumn> {
        let known = || self.names.iter().map(String::as_str).collect::<Vec<_>>();
        self.find(name)?
            .ok_or_else(|| missing_column(self.path(), name, &known()))
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
