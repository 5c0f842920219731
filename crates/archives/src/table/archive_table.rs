//! The table of exams of one archive.

use super::rules::{TableRules, trim_names};
use super::table_column::TableColumn;
use crate::column::{CellFormat, ColumnRole, ColumnRule};
use crate::error::Result;
use crate::located::Rejection;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::table::{self, FileRow, FileTable, Lines};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Table of exams of one archive, one a row.
pub(super) struct ArchiveTable {
    path: PathBuf,
    header: Vec<String>,
    columns: Vec<TableColumn>,
    /// The file that columns are of whose cells are not in memory.
    file: Option<Arc<FileTable>>,
    /// How each column is written to `meta.csv`.
    formats: Vec<CellFormat>,
    /// Columns whose cells are checked, by number, in the order of the rules.
    checked: Vec<(usize, ColumnRule)>,
    exam_id: Option<usize>,
    recording_file: Option<usize>,
    rules: TableRules,
    rows: usize,
    /// Lines of the rows, which are looked for when one is asked for; none where the table is not a file's.
    lines: Option<OnceLock<Lines>>,
}

impl ArchiveTable {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// I/O; no table; a required column is missing, two have one name, or one has a name that `meta.csv` gives to a
    /// column of its own.
    pub(super) fn read(path: &Path, rules: &TableRules) -> Result<Self> {
        let frame = table::read_all_text(path)?;
        let names = frame.get_column_names();
        let columns = names
            .iter()
            .map(|name| Ok(TableColumn::Frame(table::str_column(path, &frame, name)?.clone())));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut table = Self::new(path, (trim_names(&names), columns), rules)?;
        table.lines = Some(OnceLock::from(Lines::read(path, table.header.len())?));
        Ok(table)
    }

    /// The table of these columns, all of one length, those of `file` included. `path` is the file or directory that they were made
    /// from; `of_lines` says that their rows are those of the file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn from_columns(
        path: &Path,
        (columns, file): (Vec<(String, TableColumn)>, Option<Arc<FileTable>>),
        of_lines: bool,
        rules: &TableRules,
    ) -> Result<Self> {
        let mut table = Self::new(path, columns.into_iter().unzip(), rules)?;
        table.lines = of_lines.then(OnceLock::new);
        table.file = file;
        Ok(table)
    }

    fn new(
        path: &Path,
        (header, columns): (Vec<String>, Vec<TableColumn>),
        rules: &TableRules,
    ) -> Result<Self> {
        rules.check_header(path, &header)?;
        let place = |name: &str| header.iter().position(|h| h == name);
        let checked = |rule: &&ColumnRule| {
            use ColumnRole::{ExamId, RecordingFile, Unused};
            let is_any_text = matches!(rule.format, CellFormat::Text | CellFormat::Verbatim);
            !is_any_text && ![ExamId, RecordingFile, Unused].contains(&rule.role)
        };
        let checked = rules.columns.iter().filter(checked);
        let format = |name: &String| {
            rules
                .rule_of(name)
                .map_or(CellFormat::Verbatim, |rule| rule.format)
        };
        Ok(Self {
            path: path.to_owned(),
            rows: columns.iter().find_map(TableColumn::len).unwrap_or_default(),
            columns,
            file: None,
            formats: header.iter().map(format).collect(),
            checked: checked
                .filter_map(|rule| Some((place(rule.name)?, *rule)))
                .collect(),
            exam_id: rules.name_of(ColumnRole::ExamId).and_then(place),
            recording_file: rules.name_of(ColumnRole::RecordingFile).and_then(place),
            rules: *rules,
            lines: None,
            header,
        })
    }

    /// Path of the table.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a row is, for people: `line 7` of the file, or `number 6` among the exams that were found.
    pub(super) fn place_of(&self, row: usize) -> String {
        match &self.lines {
            Some(lines) => format!("line {}", lines.get_or_init(|| self.read_lines()).of(row)),
            None => format!("number {}", row + 1),
        }
    }

    /// Lines of the rows. Where the file cannot be read again, every row counts as one.
    fn read_lines(&self) -> Lines {
        let lines = table::read_header(&self.path).and_then(|names| Lines::read(&self.path, names.len()));
        lines.unwrap_or_default()
    }

    /// The file that columns are of whose cells are not in memory.
    pub(super) fn file(&self) -> Option<&FileTable> {
        self.file.as_deref()
    }

    /// Number of exams.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Names of the columns, in order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Names of the columns of truths of labels that the table has, in the order of its rules.
    pub(super) fn label_columns(&self) -> Vec<&'static str> {
        self.columns_of(ColumnRole::Label).collect()
    }

    /// Name of the column of patients, where the table has one.
    pub(super) fn patient_column(&self) -> Option<&'static str> {
        self.columns_of(ColumnRole::Patient).next()
    }

    fn columns_of(&self, role: ColumnRole) -> impl Iterator<Item = &'static str> {
        let rules = self.rules.columns.iter().filter(move |rule| rule.role == role);
        rules
            .map(|rule| rule.name)
            .filter(|name| self.header.iter().any(|h| h == name))
    }

    /// Gives the cell of a column, by its number, and a row to `put`: in one form for one value where a rule says what the column
    /// holds, as it is in the file elsewhere. `record` is the row of the file, where there is one.
    pub(super) fn put_cell(
        &self,
        (column, row): (usize, usize),
        record: Option<FileRow<'_>>,
        put: impl FnOnce(Cell<'_>),
    ) {
        let format = self.formats[column];
        self.columns[column].put_cell(row, record, |cell| put(format.canonical(cell)));
    }

    /// Number of the column of patients.
    pub(super) fn patients(&self) -> Option<usize> {
        let column = self.patient_column()?;
        self.header.iter().position(|name| name == column)
    }

    fn cell(&self, column: Option<usize>, row: usize) -> &str {
        column.map_or("", |column| self.columns[column].kept_cell(row))
    }

    /// Number of the exam in a row, as it is in the file.
    pub(super) fn exam_id_text(&self, row: usize) -> &str {
        self.cell(self.exam_id, row)
    }

    /// Number of the exam in a row, in one form for one value: `7` for ` 7.0`.
    pub(super) fn exam_id(&self, row: usize) -> String {
        let format = self
            .exam_id
            .map_or(CellFormat::Verbatim, |column| self.formats[column]);
        match format.canonical(self.exam_id_text(row)) {
            Cell::Int(id) => id.to_string(),
            Cell::Text(id) => id.to_owned(),
            _ => String::new(),
        }
    }

    /// Name of the file with the recording of the exam in a row, as it is in the table.
    pub(super) fn recording_file(&self, row: usize) -> &str {
        self.cell(self.recording_file, row)
    }

    /// Checks the cells of a row by the rules.
    ///
    /// # Errors
    /// The first cell that its rule refuses.
    pub(super) fn check_row(&self, row: usize) -> std::result::Result<(), Rejection> {
        let cells = self
            .checked
            .iter()
            .map(|(column, rule)| (self.cell(Some(*column), row), rule));
        let mut refused = cells.filter(|(value, rule)| !rule.format.accepts(value));
        let Some((value, rule)) = refused.next() else {
            return Ok(());
        };
        // Messages and logs name no patient.
        let shown = if rule.role == ColumnRole::Patient {
            "a value that".to_owned()
        } else {
            format!("`{}`", value.escape_debug())
        };
        let (place, name, expected) = (self.place_of(row), rule.name, rule.format.expected());
        let detail = format!("{place}, column `{name}`: {shown} is not {expected}");
        Err((Reason::BadRow, detail))
    }
}
