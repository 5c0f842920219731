//! Which parts of the store are complete, and what came of their exams, so that an interrupted stage can go on.
//!
//! One file a part, beside the store, in the directory that is gone once the stage is published. An entry is written after its part, and counts
//! only until the machine is started anew: a killed process loses nothing that it wrote, a power cut may.

use super::SetAside;
use super::exams::Job;
use super::process::Kept;
use super::sink::create_dir;
use super::stream::PartOutcome;
use crate::error::Result;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::rejected::{Reason, Rejected};
use ecgfm_artifacts::stage::COMPLETE;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The entries of one stage directory.
pub(super) struct Journal {
    dir: PathBuf,
    boot: String,
}

/// What came of one part.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Which start of the machine it was written in.
    boot: String,
    /// First exam of the part, and how many.
    exams: (i64, usize),
    kept: Vec<Kept>,
    rejected: Vec<Row>,
    largest_error_bits: u32,
}

#[derive(Serialize, Deserialize)]
struct Row(usize, String, String, Reason, String);

/// An entry that is ready to be written.
pub(super) struct Entry {
    path: PathBuf,
    json: Vec<u8>,
}

impl Journal {
    /// The journal of the stage directory `out`, with what is there of it.
    pub(super) fn open(out: &Path) -> Result<Self> {
        let dir = out.join(COMPLETE);
        create_dir(&dir)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Ok(Self { dir, boot })
    }

    fn path(&self, number: usize) -> PathBuf {
        self.dir.join(format!("{number:05}.json"))
    }

    /// What came of a part that is complete.
    pub(super) fn outcome(&self, number: usize, jobs: &[Job]) -> Option<PartOutcome> {
        let json = std::fs::read(self.path(number)).ok()?;
        let record: Record = serde_json::from_slice(&json).ok()?;
        let same = record.exams == exams(jobs) && record.boot == self.boot && !self.boot.is_empty();
        if !same || record.kept.len() + record.rejected.len() != jobs.len() {
            return None;
        }
        let rejected = record.rejected.into_iter().map(set_aside).collect();
        Some(PartOutcome {
            kept: record.kept,
            rejected,
            largest_error: f32::from_bits(record.largest_error_bits),
        })
    }

    /// The entry of a part.
    pub(super) fn entry(&self, number: usize, jobs: &[Job], outcome: &PartOutcome) -> Result<Entry> {
        let path = self.path(number);
        let record = RecordRef {
            boot: &self.boot,
            exams: exams(jobs),
            kept: &outcome.kept,
            rejected: outcome.rejected.iter().map(row).collect(),
            largest_error_bits: outcome.largest_error.to_bits(),
        };
        let json = serde_json::to_vec(&record).map_err(|e| ArtifactError::io("write", &path)(e.into()))?;
        Ok(Entry { path, json })
    }
}

/// A [`Record`] of what somebody else holds.
#[derive(Serialize)]
struct RecordRef<'a> {
    boot: &'a str,
    exams: (i64, usize),
    kept: &'a [Kept],
    rejected: Vec<Row>,
    largest_error_bits: u32,
}

impl Entry {
    /// Writes the entry so that it is there whole or not at all.
    pub(super) fn write(self) -> io::Result<()> {
        let temporary = self.path.with_extension("tmp");
        std::fs::write(&temporary, &self.json)?;
        std::fs::rename(&temporary, &self.path)
    }
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
