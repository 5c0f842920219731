//! A column of a table of exams: its cells in memory, or in the file of the table.

use ecgfm_artifacts::table::{FileRow, TextColumn};
use polars::prelude::StringChunked;
use std::sync::Arc;

/// What is made of a cell.
type CellForm = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A column of a table of exams.
#[derive(Clone)]
pub(crate) enum TableColumn {
    /// Cells of a frame.
    Frame(StringChunked),
    /// Cells in memory.
    Kept(Arc<TextColumn>),
    /// Cells that are read when they are asked for.
    OfFile(FileColumn),
}

/// A column of the file of a table.
#[derive(Clone)]
pub(crate) struct FileColumn {
    /// Place in the header of the file.
    place: usize,
    /// What is made of its cells.
    form: Option<CellForm>,
}

impl TableColumn {
    /// The column at `place` of the header of the file.
    pub(crate) fn of_file(place: usize) -> Self {
        Self::OfFile(FileColumn { place, form: None })
    }

    /// The column with what `form` makes of every cell.
    pub(crate) fn map(self, form: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        match self {
            Self::Frame(cells) => Self::Kept(Arc::new(
                cells.iter().map(|cell| form(cell.unwrap_or_default())).collect(),
            )),
            Self::Kept(cells) => Self::Kept(Arc::new(cells.iter().map(form).collect())),
            Self::OfFile(FileColumn { place, form: before }) => Self::OfFile(FileColumn {
                place,
                form: Some(match before {
                    None => Arc::new(form),
                    Some(before) => Arc::new(move |cell: &str| form(&before(cell))),
                }),
            }),
        }
    }

    /// Number of cells; none where they are in the file.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Frame(cells) => Some(cells.len()),
            Self::Kept(cells) => Some(cells.len()),
            Self::OfFile(_) => None,
        }
    }

    /// The cell of a row that is in memory.
    pub(super) fn kept_cell(&self, row: usize) -> &str {
        let cell = match self {
            Self::Frame(cells) => cells.get(row),
            Self::Kept(cells) => cells.get(row),
            Self::OfFile(_) => None,
        };
        cell.unwrap_or_default()
    }

    /// Gives the cell of a row to `put`; `record` is the row of the file, where the table has one.
    pub(super) fn put_cell(&self, row: usize, record: Option<FileRow<'_>>, put: impl FnOnce(&str)) {
        match self {
            Self::OfFile(FileColumn { place, form }) => {
                let cell = record.map_or("", |record| record.cell(*place));
                match form {
                    None => put(cell),
                    Some(form) => put(&form(cell)),
                }
            }
            Self::Frame(_) | Self::Kept(_) => put(self.kept_cell(row)),
        }
    }
}

impl<T: AsRef<str>> FromIterator<T> for TableColumn {
    fn from_iter<I: IntoIterator<Item = T>>(cells: I) -> Self {
        Self::Kept(Arc::new(cells.into_iter().collect()))
    }
}
