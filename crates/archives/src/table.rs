//! The table of exams of an archive, every cell as it is in the file.

use crate::column::{CellFormat, ColumnRole, ColumnRule};
use crate::error::{Error, Result};
use crate::located::{RejectedExam, Rejection};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::records;
use ecgfm_artifacts::rejected::{Reason, Rejected};
use ecgfm_artifacts::table::{self, Lines};
use polars::prelude::{NewChunkedArray, StringChunked};
use std::path::{Path, PathBuf};

/// Rules for a table of exams.
#[derive(Debug, Clone, Copy)]
pub struct TableRules {
    /// Columns that the table may have, and of those of the roles [`ColumnRole::ExamId`] and
    /// [`ColumnRole::RecordingFile`] must have.
    pub columns: &'static [ColumnRule],
    /// Advice where one that it must have is missing.
    pub help: &'static str,
}

impl TableRules {
    /// Name of the column of that role, where there is a rule for one.
    fn name_of(&self, role: ColumnRole) -> Option<&'static str> {
        let rule = self.columns.iter().find(|rule| rule.role == role)?;
        Some(rule.name)
    }

    fn rule_of(&self, name: &str) -> Option<ColumnRule> {
        self.columns.iter().copied().find(|rule| rule.name == name)
    }

    fn check_header(&self, path: &Path, header: &[String]) -> Result<()> {
        let bad = |what: String, help: &str| Error::BadInput {
            path: path.to_owned(),
            what,
            help: Some(help.to_owned()),
        };
        let required = [ColumnRole::ExamId, ColumnRole::RecordingFile];
        let mut required = required.into_iter().filter_map(|role| self.name_of(role));
        if let Some(missing) = required.find(|name| !header.iter().any(|h| h == name)) {
            let what = format!("no column `{missing}`; it has {}", header.join(", "));
            let one = (header.len() == 1).then(|| header.first()).flatten();
            let help = match one.and_then(|h| h.chars().find(|c| [';', '\t', '|'].contains(c))) {
                Some(_) => "the columns are to be separated by commas",
                None => self.help,
            };
            return Err(bad(what, help));
        }
        let mut numbered = header.iter().enumerate();
        if let Some((_, name)) = numbered.find(|(at, name)| header[..*at].contains(name)) {
            let what = format!("two columns are called `{name}`, but for blanks around the name");
            return Err(bad(what, "rename one of them or take it out"));
        }
        let reserved =
            |h: &&String| *h == IDX || records::ADDED.contains(&h.as_str()) || records::is_statistic(h);
        if let Some(clash) = header.iter().find(reserved) {
            let what = format!("column `{clash}` has a name that the stage gives to a column of its own");
            let help = "give the raw table, not one that was processed, or rename the column";
            return Err(bad(what, help));
        }
        Ok(())
    }
}

/// Names of columns without the blanks around them: ` AF` left as it is would be a column that nobody checks.
fn trim_names<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().trim().to_owned()).collect()
}

/// A table of exams, one a row.
pub struct ExamTable {
    path: PathBuf,
    header: Vec<String>,
    columns: Vec<StringChunked>,
    /// How each column is written to `meta.csv`.
    formats: Vec<CellFormat>,
    /// Columns whose cells are checked, by number, in the order of the rules.
    checked: Vec<(usize, ColumnRule)>,
    exam_id: Option<usize>,
    recording_file: Option<usize>,
    rules: TableRules,
    rows: usize,
    /// Lines of the rows; none where the table is not a file's.
    lines: Option<Lines>,
}

impl ExamTable {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// I/O; no table; a required column is missing, two have one name, or one has a name that `meta.csv` gives to a
    /// column of its own.
    pub fn read(path: &Path, rules: &TableRules) -> Result<Self> {
        let frame = table::read_all_text(path)?;
        let names = frame.get_column_names();
        let columns = names
            .iter()
            .map(|name| Ok(table::str_column(path, &frame, name)?.clone()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut table = Self::new(path, (trim_names(&names), columns), rules)?;
        table.lines = Some(Lines::read(path, table.header.len())?);
        Ok(table)
    }

    /// The table of these columns, all of one length. `path` is the file or directory that they were made from; `of_lines` says
    /// that their rows are those of the file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn from_columns(
        path: &Path,
        columns: Vec<(String, Vec<String>)>,
        of_lines: bool,
        rules: &TableRules,
    ) -> Result<Self> {
        let (header, columns): (Vec<String>, Vec<Vec<String>>) = columns.into_iter().unzip();
        let columns = columns
            .into_iter()
            .map(|cells| StringChunked::from_slice("".into(), &cells))
            .collect();
        let mut table = Self::new(path, (header, columns), rules)?;
        if of_lines {
            table.lines = Some(Lines::read(path, table::read_header(path)?.len())?);
        }
        Ok(table)
    }

    fn new(
        path: &Path,
        (header, columns): (Vec<String>, Vec<StringChunked>),
        rules: &TableRules,
    ) -> Result<Self> {
        rules.check_header(path, &header)?;
        let place = |name: &str| header.iter().position(|h| h == name);
        let checked = |rule: &&ColumnRule| {
            use ColumnRole::{ExamId, RecordingFile, Unused};
            ![ExamId, RecordingFile, Unused].contains(&rule.role)
        };
        let checked = rules.columns.iter().filter(checked);
        let format = |name: &String| {
            rules
                .rule_of(name)
                .map_or(CellFormat::Verbatim, |rule| rule.format)
        };
        Ok(Self {
            path: path.to_owned(),
            rows: columns.first().map_or(0, |cells| cells.len()),
            columns,
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

    /// Names of the columns of the table at `path`, by its header alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn column_names(path: &Path, rules: &TableRules) -> Result<Vec<String>> {
        let header = trim_names(&table::read_header(path)?);
        rules.check_header(path, &header)?;
        Ok(header)
    }

    /// Path of the table.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a row is, for people: `line 7` of the file, or `number 6` among the exams that were found.
    pub fn place_of(&self, row: usize) -> String {
        match &self.lines {
            Some(lines) => format!("line {}", lines.of(row)),
            None => format!("number {}", row + 1),
        }
    }

    /// Number of exams.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no exam.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Names of the columns, in order.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Names of the columns of truths of labels that the table has, in the order of its rules.
    pub fn label_columns(&self) -> Vec<&'static str> {
        self.columns_of(ColumnRole::Label).collect()
    }

    /// Name of the column of patients, where the table has one.
    pub fn patient_column(&self) -> Option<&'static str> {
        self.columns_of(ColumnRole::Patient).next()
    }

    fn columns_of(&self, role: ColumnRole) -> impl Iterator<Item = &'static str> {
        let rules = self.rules.columns.iter().filter(move |rule| rule.role == role);
        rules
            .map(|rule| rule.name)
            .filter(|name| self.header.iter().any(|h| h == name))
    }

    /// Cells of a row, in the order of the columns: in one form for one value where a rule says what the column holds, as
    /// they are in the file elsewhere.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        let formats = self.formats.iter().enumerate();
        formats.map(move |(column, format)| format.canonical(self.cell(Some(column), row)))
    }

    fn cell(&self, column: Option<usize>, row: usize) -> &str {
        column
            .and_then(|column| self.columns[column].get(row))
            .unwrap_or_default()
    }

    /// Number of the exam in a row, as it is in the file.
    pub fn exam_id_text(&self, row: usize) -> &str {
        self.cell(self.exam_id, row)
    }

    /// Number of the exam in a row, in one form for one value: `7` for ` 7.0`.
    pub fn exam_id(&self, row: usize) -> String {
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
    pub fn recording_file(&self, row: usize) -> &str {
        self.cell(self.recording_file, row)
    }

    /// Checks the cells of a row by the rules.
    ///
    /// # Errors
    /// The first cell that its rule refuses.
    pub fn check_row(&self, row: usize) -> std::result::Result<(), Rejection> {
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

    /// The exam in a row, rejected.
    pub fn rejected(&self, row: usize, (reason, detail): Rejection) -> RejectedExam {
        RejectedExam {
            idx: row,
            entry: Rejected {
                exam_id: self.exam_id_text(row).to_owned(),
                trace_file: self.recording_file(row).to_owned(),
                reason,
                detail,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code15::RULES;

    #[test]
    fn the_columns_of_labels_and_of_patients_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("exams.csv");
        std::fs::write(
            &path,
            "exam_id, AF,patient_id,trace_file,ST\n 7.0,True,x1,a.hdf5,0\n",
        )
        .unwrap();
        let table = ExamTable::read(&path, &RULES).unwrap();
        assert_eq!(table.label_columns(), ["ST", "AF"]);
        assert_eq!(table.patient_column(), Some("patient_id"));
        assert_eq!((table.exam_id(0).as_str(), table.exam_id_text(0)), ("7", " 7.0"));
        let (reason, detail) = table.check_row(0).unwrap_err();
        assert_eq!(reason, Reason::BadRow);
        assert_eq!(
            detail,
            "line 2, column `patient_id`: a value that is not an integer or empty"
        );
    }
}
