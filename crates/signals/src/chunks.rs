//! Chunks of the stage: parts of the store of one recipe, with the outcomes of their exams.

use crate::error::Result;
use crate::kept::{KeptExam, PartOutcome};
use ecgfm_archives::{LocatedExam, RejectedExam};
use ecgfm_artifacts::chunks::{Chunk, ChunkStore, PendingChunk};
use ecgfm_artifacts::rejected::{Reason, Rejected};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Outcomes of the exams of one part.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartRecord<'a> {
    /// Row of the first exam of the part, and the number of exams.
    exams: (usize, usize),
    kept: Cow<'a, [KeptExam]>,
    rejected: Vec<RejectedRow>,
    largest_error_bits: u32,
}

#[derive(Serialize, Deserialize)]
struct RejectedRow(usize, String, String, Reason, String);

/// The chunk of a part, if it is whole: its data are read.
///
/// # Errors
/// The system does not let it be read.
pub(crate) fn read_part(
    chunks: &ChunkStore,
    number: usize,
    exams: &[LocatedExam],
) -> Result<Option<Chunk<PartRecord<'static>>>> {
    let Some(chunk) = chunks.read::<PartRecord<'static>>(number)? else {
        return Ok(None);
    };
    let (record, counted) = (
        &chunk.record,
        chunk.record.kept.len() + chunk.record.rejected.len(),
    );
    let ours = record.exams == extent(exams) && counted == exams.len();
    Ok((ours && chunk.is_intact()?).then_some(chunk))
}

impl PartRecord<'static> {
    /// Outcomes of the exams.
    pub(crate) fn into_outcome(self) -> PartOutcome {
        PartOutcome {
            kept: self.kept.into_owned(),
            rejected: self.rejected.into_iter().map(from_row).collect(),
            largest_error: f32::from_bits(self.largest_error_bits),
        }
    }
}

/// Begins the chunk of a part, to be completed once its data are written.
///
/// # Errors
/// I/O.
pub(crate) fn begin_part(
    chunks: &ChunkStore,
    number: usize,
    exams: &[LocatedExam],
    outcome: &PartOutcome,
) -> Result<PendingChunk> {
    let record = PartRecord {
        exams: extent(exams),
        kept: Cow::Borrowed(&outcome.kept),
        rejected: outcome.rejected.iter().map(to_row).collect(),
        largest_error_bits: outcome.largest_error.to_bits(),
    };
    Ok(chunks.begin(number, &record)?)
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
