//! The table of exams of an archive, or of several, one below another.

mod archive_table;
mod exam_rows;
mod rules;
mod table_column;

pub use exam_rows::ExamRows;
pub use rules::TableRules;
pub(crate) use table_column::TableColumn;

use crate::error::Result;
use crate::located::{RejectedExam, Rejection};
use archive_table::ArchiveTable;
use ecgfm_artifacts::rejected::Rejected;
use ecgfm_artifacts::table::{self, FileTable};
use rules::trim_names;
use std::path::Path;
use std::sync::Arc;

/// A table of exams, one a row: of an archive, or of several, one below another.
pub struct ExamTable {
    header: Vec<String>,
    /// At least one.
    members: Vec<MemberTable>,
}

/// Table of an archive as rows of the whole.
#[derive(Clone)]
struct MemberTable {
    /// Row of the whole that is its first.
    first_row: usize,
    table: Arc<ArchiveTable>,
    /// Its column under each name of the header; none where it has no such column.
    columns: Vec<Option<usize>>,
    /// Number of its column of patients, and the name of the archive that comes before each, where one does.
    patients: Option<(usize, String)>,
}

impl ExamTable {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// I/O; no table; a required column is missing, two have one name, or one has a name that `meta.csv` gives to a
    /// column of its own.
    pub fn read(path: &Path, rules: &TableRules) -> Result<Self> {
        ArchiveTable::read(path, rules).map(Self::of_archive)
    }

    /// The table of these columns, all of one length, those of `file` included. `path` is the file or directory that they were made
    /// from; `of_lines` says that their rows are those of the file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn from_columns(
        path: &Path,
        (columns, file): (Vec<(String, TableColumn)>, Option<Arc<FileTable>>),
        of_lines: bool,
        rules: &TableRules,
    ) -> Result<Self> {
        ArchiveTable::from_columns(path, (columns, file), of_lines, rules).map(Self::of_archive)
    }

    fn of_archive(table: ArchiveTable) -> Self {
        let header = table.header().to_vec();
        let member = MemberTable {
            first_row: 0,
            columns: (0..header.len()).map(Some).collect(),
            patients: None,
            table: Arc::new(table),
        };
        Self {
            header,
            members: vec![member],
        }
    }

    /// The tables of several archives, one below another, each with the name of its archive. A patient is called
    /// `<archive>:<patient>`, as patient `1` of an archive is not patient `1` of another.
    pub fn join<'a>(tables: impl IntoIterator<Item = (&'a str, &'a Self)> + Clone) -> Self {
        let header = Self::join_headers(tables.clone().into_iter().map(|(_, table)| table.header()));
        let (mut members, mut first_row) = (Vec::new(), 0);
        for (name, table) in tables {
            for member in &table.members {
                let own = member.table.header();
                let columns = header
                    .iter()
                    .map(|name| own.iter().position(|known| known == name));
                members.push(MemberTable {
                    first_row: first_row + member.first_row,
                    columns: columns.collect(),
                    patients: member.table.patients().map(|column| (column, name.to_owned())),
                    table: Arc::clone(&member.table),
                });
            }
            first_row += table.len();
        }
        Self { header, members }
    }

    /// Names of the columns of several tables, one below another: each once, in the order in which they are met.
    pub fn join_headers<'a>(headers: impl IntoIterator<Item = &'a [String]>) -> Vec<String> {
        let mut joined: Vec<String> = Vec::new();
        for name in headers.into_iter().flatten() {
            if !joined.contains(name) {
                joined.push(name.clone());
            }
        }
        joined
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

    /// The table that holds a row, and the row in it.
    fn find(&self, row: usize) -> (&MemberTable, usize) {
        let (_, member, row) = self.find_member(row);
        (member, row)
    }

    /// The table that holds a row, with its number, and the row in it.
    fn find_member(&self, row: usize) -> (usize, &MemberTable, usize) {
        let after = self.members.partition_point(|member| member.first_row <= row);
        let number = after.saturating_sub(1);
        let member = &self.members[number];
        (number, member, row - member.first_row)
    }

    /// Path of the table, of the first where there are several.
    pub fn path(&self) -> &Path {
        self.members[0].table.path()
    }

    /// Path of the table that holds a row.
    pub fn path_of(&self, row: usize) -> &Path {
        self.find(row).0.table.path()
    }

    /// Where a row is, for people: `line 7` of the file, or `number 6` among the exams that were found.
    pub fn place_of(&self, row: usize) -> String {
        let (member, row) = self.find(row);
        member.table.place_of(row)
    }

    /// Number of exams.
    pub fn len(&self) -> usize {
        self.members
            .last()
            .map_or(0, |member| member.first_row + member.table.len())
    }

    /// True where there is no exam.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names of the columns, in order.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Names of the columns of truths of labels that the table has, in the order of its rules.
    pub fn label_columns(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for name in self
            .members
            .iter()
            .flat_map(|member| member.table.label_columns())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Name of the column of patients, where the table has one.
    pub fn patient_column(&self) -> Option<&'static str> {
        self.members
            .iter()
            .find_map(|member| member.table.patient_column())
    }

    /// Number of the exam in a row, as it is in the file.
    pub fn exam_id_text(&self, row: usize) -> &str {
        let (member, row) = self.find(row);
        member.table.exam_id_text(row)
    }

    /// Number of the exam in a row, in one form for one value: `7` for ` 7.0`.
    pub fn exam_id(&self, row: usize) -> String {
        let (member, row) = self.find(row);
        member.table.exam_id(row)
    }

    /// Name of the file with the recording of the exam in a row, as it is in the table.
    pub fn recording_file(&self, row: usize) -> &str {
        let (member, row) = self.find(row);
        member.table.recording_file(row)
    }

    /// Checks the cells of a row by the rules.
    ///
    /// # Errors
    /// The first cell that its rule refuses.
    pub fn check_row(&self, row: usize) -> std::result::Result<(), Rejection> {
        let (member, row) = self.find(row);
        member.table.check_row(row)
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
    use ecgfm_artifacts::pandas::Cell;
    use ecgfm_artifacts::rejected::Reason;

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

    #[test]
    fn tables_of_several_archives_are_one_below_another_and_their_patients_apart() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            ExamTable::read(&path, &RULES).unwrap()
        };
        let a = read(
            "a.csv",
            "exam_id,patient_id,trace_file,AF\n7,1,a.hdf5,1\n8,,a.hdf5,0\n",
        );
        let empty = read("empty.csv", "exam_id,trace_file\n");
        let b = read(
            "b.csv",
            "trace_file,exam_id,ward,patient_id\nb.hdf5, 7.0,X, 1.0\n",
        );
        let joined = ExamTable::join([("a", &a), ("empty", &empty), ("b", &b)]);
        assert_eq!(
            joined.header(),
            ["exam_id", "patient_id", "trace_file", "AF", "ward"]
        );
        assert_eq!((joined.len(), joined.label_columns()), (3, vec!["AF"]));
        let mut rows = ExamRows::new(&joined);
        let cells: Vec<Vec<String>> = (0..3)
            .map(|row| {
                let mut cells = Vec::new();
                rows.read(row, |cell| cells.push(format!("{cell:?}"))).unwrap();
                cells
            })
            .collect();
        let shown = |cells: &[Cell<'_>]| cells.iter().map(|cell| format!("{cell:?}")).collect::<Vec<_>>();
        let text = Cell::Text;
        assert_eq!(
            cells[0],
            shown(&[
                Cell::Int(7),
                text("a:1"),
                text("a.hdf5"),
                Cell::Bool(true),
                Cell::Missing
            ])
        );
        assert_eq!(cells[1][1], format!("{:?}", Cell::Missing));
        assert_eq!(
            cells[2],
            shown(&[
                Cell::Int(7),
                text("b:1"),
                text("b.hdf5"),
                Cell::Missing,
                text("X")
            ])
        );
        assert_eq!(joined.place_of(2), "line 2");
        assert!(joined.path_of(1).ends_with("a.csv") && joined.path_of(2).ends_with("b.csv"));
        assert_eq!(
            (
                joined.exam_id(2).as_str(),
                joined.rejected(2, (Reason::BadRow, String::new())).idx
            ),
            ("7", 2)
        );
    }
}
