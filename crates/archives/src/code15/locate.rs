//! The recording of every exam.

use super::files::PartFiles;
use crate::archive::LocatedExams;
use crate::located::{RecordingLocation, Rejection};
use crate::table::ExamTable;
use ecgfm_artifacts::columns::EXAM_ID;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::table::cell::{is_missing, parse_integer};
use std::collections::HashMap;

/// Finds the recording of every exam of `table` in `parts`.
pub(crate) fn locate(table: &ExamTable, parts: &PartFiles) -> LocatedExams {
    let mut row_of: HashMap<i64, usize> = HashMap::with_capacity(table.len());
    let exams = LocatedExams::by_row(table, |idx| locate_exam(table, parts, idx, &mut row_of));
    LocatedExams {
        unlisted: parts.exams().filter(|id| !row_of.contains_key(id)).count(),
        ..exams
    }
}

/// Finds the recording of the exam in row `idx`; `row_of` holds the exams of the rows before.
fn locate_exam(
    table: &ExamTable,
    parts: &PartFiles,
    idx: usize,
    row_of: &mut HashMap<i64, usize>,
) -> Result<RecordingLocation, Rejection> {
    let exam_id = positive_id(table, idx)?;
    if let Some(earlier) = row_of.insert(exam_id, idx) {
        // Whatever becomes of the first row, a later one never takes its place.
        row_of.insert(exam_id, earlier);
        let (place, first) = (table.place_of(idx), table.place_of(earlier));
        let detail = format!("{place} names the exam of {first} again");
        return Err((Reason::DuplicateExam, detail));
    }
    table.check_row(idx)?;
    let named = table.recording_file(idx).trim();
    parts.find(exam_id, if is_missing(named) { "" } else { named })
}

fn positive_id(table: &ExamTable, idx: usize) -> Result<i64, Rejection> {
    let text = table.exam_id_text(idx);
    parse_integer(text).filter(|id| *id > 0).ok_or_else(|| {
        let detail = format!(
            "{}, column `{EXAM_ID}`: `{}` is not a positive integer",
            table.place_of(idx),
            text.escape_debug()
        );
        (Reason::BadRow, detail)
    })
}
