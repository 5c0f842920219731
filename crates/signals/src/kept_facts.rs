//! What is true of all exams that a recipe keeps, in one look at each.

use crate::error::Result;
use crate::kept::KeptExam;
use crate::kept_exams::KeptExams;
use crate::warnings::ArchiveWarning;
use ecgfm_archives::Archive;
use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::segments::SegmentedRecordings;
use std::collections::BTreeMap;

/// Checks of which a warning tells that most recordings of a dataset fail them.
const WARNED: [QualityCheck; 2] = [QualityCheck::Amplitude, QualityCheck::DoubtfulFile];

/// What is true of all exams that a recipe keeps.
#[derive(Default)]
pub(crate) struct KeptFacts {
    /// Exams with a constant lead.
    pub(crate) with_constant_leads: usize,
    /// Exams about which something is doubtful.
    pub(crate) flagged: usize,
    /// Exams by what is doubtful about them.
    pub(crate) by_doubt: BTreeMap<Reason, usize>,
    /// Whether any is filled with zeros at both ends.
    pub(crate) any_padded: bool,
    /// Recordings in the order of the table.
    pub(crate) recordings: SegmentedRecordings,
    /// Warnings about most of a dataset.
    pub(crate) warnings: Vec<ArchiveWarning>,
}

/// Exams of a dataset that failed each of the checks, and all.
type FlaggedExams = ([usize; WARNED.len()], usize);

impl KeptFacts {
    /// Looks at all exams.
    pub(crate) fn find(kept: &KeptExams, archive: &dyn Archive) -> Result<Self> {
        let mut facts = Self::default();
        let mut flagged = BTreeMap::<String, FlaggedExams>::new();
        kept.read_by_row(|exams| {
            exams.for_each(|exam| facts.add(&exam, archive, &mut flagged));
            Ok(())
        })?;
        for (dataset, (counts, of)) in flagged {
            let checks = WARNED.into_iter().zip(counts);
            let warnings = checks.map(|(check, flagged)| ArchiveWarning::most(&dataset, check, flagged, of));
            facts.warnings.extend(warnings.flatten());
        }
        Ok(facts)
    }

    fn add(&mut self, exam: &KeptExam, archive: &dyn Archive, datasets: &mut BTreeMap<String, FlaggedExams>) {
        let has = |check: QualityCheck| exam.flags.iter().any(|flag| flag.check == check);
        let dataset = archive.dataset(exam.idx);
        if !datasets.contains_key(dataset) {
            datasets.insert(dataset.to_owned(), FlaggedExams::default());
        }
        if let Some((counts, of)) = datasets.get_mut(dataset) {
            let counts = counts.iter_mut().zip(WARNED);
            counts.for_each(|(count, check)| *count += usize::from(has(check)));
            *of += 1;
        }
        self.with_constant_leads += usize::from(exam.measured.any_constant_lead());
        self.flagged += usize::from(!exam.flags.is_empty());
        let mut doubts: Vec<Reason> = exam.flags.iter().map(|flag| flag.check.reason()).collect();
        doubts.sort_unstable();
        doubts.dedup();
        for doubt in doubts {
            *self.by_doubt.entry(doubt).or_insert(0) += 1;
        }
        self.any_padded |= archive.is_zero_padded(exam.file);
        self.recordings.push(&archive.save_file(exam.idx), exam.segments);
    }
}
