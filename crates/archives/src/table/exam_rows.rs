//! Rows of a table of exams with all their cells.

use super::{ExamTable, MemberTable};
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::table::FileRows;
use ecgfm_artifacts::table::cell::is_missing;
use std::io;

/// Rows of a table of exams, to be read in their order: of cells that are not in memory, those of a piece of the file are.
pub struct ExamRows<'a> {
    table: &'a ExamTable,
    /// By member of the table.
    files: Vec<Option<FileRows<'a>>>,
}

impl<'a> ExamRows<'a> {
    /// All rows of a table.
    pub fn new(table: &'a ExamTable) -> Self {
        let file = |member: &'a MemberTable| Some(member.table.file()?.records());
        Self {
            table,
            files: table.members.iter().map(file).collect(),
        }
    }

    /// Gives the cells of a row to `put`, in the order of the columns: in one form for one value where a rule says what the column
    /// holds, as they are in the file elsewhere.
    ///
    /// # Errors
    /// I/O; the file of the table is not what it was when it was opened.
    pub fn read(&mut self, row: usize, mut put: impl FnMut(Cell<'_>)) -> io::Result<()> {
        let (number, member, row) = self.table.find_member(row);
        let record = match &mut self.files[number] {
            Some(rows) => Some(rows.read(row)?),
            None => None,
        };
        for column in &member.columns {
            match (*column, &member.patients) {
                (None, _) => put(Cell::Missing),
                (Some(column), Some((of_patients, source))) if column == *of_patients => {
                    let named = |patient: &dyn std::fmt::Display| format!("{source}:{patient}");
                    member.table.put_cell((column, row), record, |cell| match cell {
                        Cell::Int(patient) => put(Cell::Text(&named(&patient))),
                        Cell::Text(patient) if !is_missing(patient) => put(Cell::Text(&named(&patient))),
                        _ => put(Cell::Missing),
                    });
                }
                (Some(column), _) => member.table.put_cell((column, row), record, &mut put),
            }
        }
        Ok(())
    }
}
