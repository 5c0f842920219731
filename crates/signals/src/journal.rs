//! Which parts of the store are complete, and what came of their exams, so that an interrupted stage can go on: a note a part.

use crate::SetAside;
use crate::error::Result;
use crate::exams::Job;
use crate::process::Kept;
use crate::stream::PartOutcome;
use ecgfm_artifacts::notes::{Note, Notes};
use ecgfm_artifacts::rejected::{Reason, Rejected};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::Path;

/// The notes of one stage directory.
pub(crate) struct Journal(Notes);

/// What came of one part.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record<'a> {
    /// First exam of the part, and how many.
    exams: (i64, usize),
    kept: Cow<'a, [Kept]>,
    rejected: Vec<Row>,
    largest_error_bits: u32,
}

#[derive(Serialize, Deserialize)]
struct Row(usize, String, String, Reason, String);

impl Journal {
    /// The journal of the stage directory `out`, with what is there of it.
    pub(crate) fn open(out: &Path) -> Result<Self> {
        Ok(Self(Notes::open(out)?))
    }

    /// What came of a part that is complete.
    pub(crate) fn outcome(&self, number: usize, jobs: &[Job]) -> Option<PartOutcome> {
        let record: Record<'static> = self.0.read(&name(number))?;
        if record.exams != exams(jobs) || record.kept.len() + record.rejected.len() != jobs.len() {
            return None;
        }
        let rejected = record.rejected.into_iter().map(set_aside).collect();
        Some(PartOutcome {
            kept: record.kept.into_owned(),
            rejected,
            largest_error: f32::from_bits(record.largest_error_bits),
        })
    }

    /// The note of a part, to be written after it.
    pub(crate) fn note(&self, number: usize, jobs: &[Job], outcome: &PartOutcome) -> Result<Note> {
        let record = Record {
            exams: exams(jobs),
            kept: Cow::Borrowed(&outcome.kept),
            rejected: outcome.rejected.iter().map(row).collect(),
            largest_error_bits: outcome.largest_error.to_bits(),
        };
        Ok(self.0.note(&name(number), record)?)
    }
}

fn name(number: usize) -> String {
    format!("{number:05}.json")
}

fn exams(jobs: &[Job]) -> (i64, usize) {
    (jobs.first().map_or(0, |job| job.exam_id), jobs.len())
}

fn row((number, rejected): &SetAside) -> Row {
    Row(
        *number,
        rejected.exam_id.clone(),
        rejected.trace_file.clone(),
        rejected.reason,
        rejected.detail.clone(),
    )
}

fn set_aside(Row(number, exam_id, trace_file, reason, detail): Row) -> SetAside {
    (
        number,
        Rejected {
            exam_id,
            trace_file,
            reason,
            detail,
        },
    )
}
