//! Counts of exams by the archive that they are of.

use ecgfm_archives::{Archive, RejectedExam};
use serde::Serialize;
use std::collections::BTreeMap;

/// Exams of a source: read = kept + rejected.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SourceCounts {
    read: usize,
    kept: usize,
    rejected: usize,
}

impl SourceCounts {
    /// Message about them.
    pub(crate) fn note(&self, source: &str) -> String {
        let Self { read, kept, rejected } = self;
        match kept {
            0 => format!("source {source}: NONE of its {read} exams is kept; rejected.csv says why"),
            _ => format!("source {source}: {read} exams read, {kept} kept, {rejected} set aside"),
        }
    }
}

/// Counts of every source; none where there is only one.
pub(crate) fn count_by_source(
    archive: &dyn Archive,
    kept: impl Iterator<Item = usize>,
    rejected: &[RejectedExam],
) -> Option<BTreeMap<String, SourceCounts>> {
    let sources = archive.sources();
    if sources.len() == 1 {
        return None;
    }
    let mut counts: BTreeMap<String, SourceCounts> = BTreeMap::new();
    counts.extend(
        sources
            .into_iter()
            .map(|source| (source.to_owned(), SourceCounts::default())),
    );
    let mut count = |idx: usize, of: fn(&mut SourceCounts) -> &mut usize| {
        if let Some(counts) = counts.get_mut(archive.source_of(idx)) {
            *of(counts) += 1;
            counts.read += 1;
        }
    };
    kept.for_each(|row| count(row, |counts| &mut counts.kept));
    rejected
        .iter()
        .for_each(|exam| count(exam.idx, |counts| &mut counts.rejected));
    Some(counts)
}
