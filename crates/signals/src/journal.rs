//! Parts of the store that are complete, with the outcomes of their exams, so that an interrupted stage can resume.

use crate::error::Result;
use crate::kept::{KeptExam, PartOutcome};
use ecgfm_archives::{LocatedExam, RejectedExam};
use ecgfm_artifacts::checkpoint::{Checkpoints, PendingCheckpoint};
use ecgfm_artifacts::rejected::{Reason, Rejected};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::Path;

/// The notes of one recipe in a stage directory.
pub(crate) struct Journal {
    checkpoints: Checkpoints,
    /// Name of the recipe, where there are several.
    recipe: Option<String>,
}

/// Outcomes of the exams of one part.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record<'a> {
    /// Row of the first exam of the part, and the number of exams.
    exams: (usize, usize),
    kept: Cow<'a, [KeptExam]>,
    rejected: Vec<RejectedRow>,
    largest_error_bits: u32,
}

#[derive(Serialize, Deserialize)]
struct RejectedRow(usize, String, String, Reason, String);

impl Journal {
    /// The journal of a recipe in the stage directory `out`, with what is there of it; the recipe has a name where there are
    /// several.
    pub(crate) fn open(out: &Path, recipe: Option<&str>) -> Result<Self> {
        Ok(Self {
            checkpoints: Checkpoints::open(out)?,
            recipe: recipe.map(str::to_owned),
        })
    }

    fn name(&self, number: usize) -> String {
        match &self.recipe {
            None => format!("{number:05}.json"),
            Some(recipe) => format!("{recipe}.{number:05}.json"),
        }
    }

    /// Outcomes of a part that is complete.
    pub(crate) fn outcome(&self, number: usize, exams: &[LocatedExam]) -> Option<PartOutcome> {
        let record: Record<'static> = self.checkpoints.read(&self.name(number))?;
        if record.exams != extent(exams) || record.kept.len() + record.rejected.len() != exams.len() {
            return None;
        }
        let rejected = record.rejected.into_iter().map(from_row).collect();
        Some(PartOutcome {
            kept: record.kept.into_owned(),
            rejected,
            largest_error: f32::from_bits(record.largest_error_bits),
        })
    }

    /// The note of a part, to be written after it.
    pub(crate) fn note(
        &self,
        number: usize,
        exams: &[LocatedExam],
        outcome: &PartOutcome,
    ) -> Result<PendingCheckpoint> {
        let record = Record {
            exams: extent(exams),
            kept: Cow::Borrowed(&outcome.kept),
            rejected: outcome.rejected.iter().map(to_row).collect(),
            largest_error_bits: outcome.largest_error.to_bits(),
        };
        Ok(self.checkpoints.write(&self.name(number), record)?)
    }
}

fn extent(exams: &[LocatedExam]) -> (usize, usize) {
    (exams.first().map_or(0, |exam| exam.idx), exams.len())
}

fn to_row(RejectedExam { idx, entry }: &RejectedExam) -> RejectedRow {
    RejectedRow(
        *idx,
        entry.exam_id.clone(),
        entry.trace_file.clone(),
        entry.reason,
        entry.detail.clone(),
    )
}

fn from_row(RejectedRow(idx, exam_id, trace_file, reason, detail): RejectedRow) -> RejectedExam {
    RejectedExam {
        idx,
        entry: Rejected {
            exam_id,
            trace_file,
            reason,
            detail,
        },
    }
}
