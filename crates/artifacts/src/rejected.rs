//! `rejected.csv`: every exam that was set aside, and why. Read = kept + rejected.

use crate::columns::{DETAIL, EXAM_ID, REASON, TRACE_FILE};
use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "rejected.csv";

/// Why an exam was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A cell of its row in the exam table is not what its column promises.
    BadRow,
    /// The exam table names the exam more than once; the first row is kept.
    DuplicateExam,
    /// `trace_file` names no part that is there.
    UnknownTraceFile,
    /// The part cannot be read.
    UnreadablePart,
    /// No part holds the exam.
    MissingTracing,
    /// Another part than the one named holds the exam.
    WrongTraceFile,
    /// The named part holds the exam more than once, so that which one is meant is unknown.
    DuplicateTracing,
    /// Its samples cannot be read.
    UnreadableTracing,
    /// Every sample is zero.
    AllZero,
    /// A sample is NaN or infinite.
    NotFinite,
    /// Shorter than one segment.
    TooShort,
}

impl Reason {
    /// The word written into the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRow => "bad_row",
            Self::DuplicateExam => "duplicate_exam",
            Self::UnknownTraceFile => "unknown_trace_file",
            Self::UnreadablePart => "unreadable_part",
            Self::MissingTracing => "missing_tracing",
            Self::WrongTraceFile => "wrong_trace_file",
            Self::DuplicateTracing => "duplicate_tracing",
            Self::UnreadableTracing => "unreadable_tracing",
            Self::AllZero => "all_zero",
            Self::NotFinite => "not_finite",
            Self::TooShort => "too_short",
        }
    }
}

/// One exam set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// As in the exam table, unparsed, so that a broken id can be found again.
    pub exam_id: String,
    /// As in the exam table.
    pub trace_file: String,
    /// Why.
    pub reason: Reason,
    /// What exactly was seen, for a person.
    pub detail: String,
}

/// Writes the table.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, rows: &[Rejected]) -> Result<()> {
    crate::atomic::write(path, |out| {
        let io = Error::io("write", path);
        let written: std::io::Result<()> = (|| {
            let mut w = RowWriter::new(out, [EXAM_ID, TRACE_FILE, REASON, DETAIL])?;
            for r in rows {
                w.row([
                    Cell::Text(&r.exam_id),
                    Cell::Text(&r.trace_file),
                    Cell::Text(r.reason.as_str()),
                    Cell::Text(&r.detail),
                ])?;
            }
            w.finish().map(drop)
        })();
        written.map_err(io)
    })
}
