//! What became of all exams by one recipe: its tables, and its counts.

use crate::error::{Error, Result};
use crate::kept::KeptExam;
use crate::meta;
use crate::params::Store;
use crate::process::ExamProcessor;
use crate::recipes::StoreTarget;
use crate::source_counts::count_by_source;
use crate::stream::ExamOutcomes;
use crate::table_paths::TablePaths;
use crate::warnings::{ArchiveWarning, warn_of_flags};
use ecgfm_archives::{Archive, ExamTable, RejectedExam};
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR, StoreInfo};
use ecgfm_artifacts::{quality, records, rejected, segments};
use std::collections::BTreeMap;
use std::path::Path;

/// All exams, kept or not, by one recipe.
pub(crate) struct TargetResult<'a> {
    pub(crate) target: &'a StoreTarget,
    /// By part of the store.
    parts: Vec<Vec<KeptExam>>,
    /// In the order of the table.
    pub(crate) rejected: Vec<RejectedExam>,
    /// The largest difference between a value and what is stored of it.
    pub(crate) largest_error: f32,
}

impl<'a> TargetResult<'a> {
    /// Outcomes by a recipe; `unlocated` exams have no recording.
    pub(crate) fn new(target: &'a StoreTarget, outcomes: ExamOutcomes, unlocated: &[RejectedExam]) -> Self {
        let mut rejected = [unlocated, &outcomes.rejected].concat();
        rejected.sort_by_key(|exam| exam.idx);
        Self {
            target,
            parts: outcomes.kept,
            rejected,
            largest_error: outcomes.largest_error,
        }
    }

    /// Exams that are kept, in the order of the store.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &KeptExam> {
        self.parts.iter().flatten()
    }

    /// Number of segments.
    pub(crate) fn segments(&self) -> usize {
        self.kept().map(|exam| exam.segments).sum()
    }

    /// Writes all tables, and what the store is; returns warnings about the archive.
    ///
    /// # Errors
    /// No exam is kept; I/O.
    pub(crate) fn write(
        &self,
        processor: &ExamProcessor<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<ArchiveWarning>> {
        let archive = processor.archive;
        let mut kept: Vec<&KeptExam> = self.kept().collect();
        kept.sort_by_key(|exam| exam.idx);
        if kept.is_empty() {
            return Err(nothing_left(
                archive.exams(),
                self.target.name.as_deref(),
                &self.rejected,
            ));
        }
        let warnings = [processor.survey.warnings.clone(), warn_of_flags(archive, &kept)].concat();
        let (out, store) = (self.target.dir(ctx.out), processor.params.store);
        let paths = TablePaths::new(ctx.home, store, self.target.name.as_deref())?;
        let recipe = self
            .target
            .recipes
            .of(kept.iter().any(|exam| archive.is_zero_padded(exam.file)));
        let mut cuts = paths.segments(archive, kept.iter().copied(), recipe.samples());
        segments::write(&out.join(segments::FILE), &mut cuts)?;
        let mut about = StoreInfo::of_recipe(recipe);
        about.notice = archive.notice();
        about.warnings = warnings.iter().map(|warning| warning.message.clone()).collect();
        about.write(&out.join(match store {
            Store::Mat => MAT_DIR,
            Store::Packed | Store::Packed16 | Store::View => PACKED_DIR,
        }))?;
        meta::write_meta(&out.join(records::FILE), archive, &kept, recipe, &paths)?;
        write_doubts(&out, archive, &kept, &self.rejected)?;
        Ok(warnings)
    }

    /// Counts of a stage of one recipe.
    pub(crate) fn count(&self, archive: &dyn Archive, unlisted: usize, ctx: &Context<'_>) -> Outcome {
        let mut kept: Vec<&KeptExam> = self.kept().collect();
        kept.sort_by_key(|exam| exam.idx);
        let done = count_exams(archive, unlisted, &kept, &self.rejected);
        let done = done.count("segments", self.segments());
        match count_by_source(archive, &kept, &self.rejected) {
            None => done,
            Some(sources) => {
                let notes = sources.iter().map(|(source, counts)| counts.note(source));
                notes.for_each(|note| ctx.progress.note(&note));
                done.fact("sources", serde_json::json!(sources))
            }
        }
    }
}

/// Writes the tables of what is set aside, and of what is doubtful about the rest.
fn write_doubts(
    out: &Path,
    archive: &dyn Archive,
    kept: &[&KeptExam],
    rejected: &[RejectedExam],
) -> Result<()> {
    let several = archive.sources().len() > 1;
    let rows = rejected
        .iter()
        .map(|exam| (&exam.entry, archive.source_of(exam.idx)));
    rejected::write(&out.join(rejected::FILE), several, rows)?;
    let rows = kept.iter().flat_map(|exam| {
        let id = archive.exams().exam_id(exam.idx);
        exam.quality_rows(&id).collect::<Vec<_>>()
    });
    Ok(quality::write(
        &out.join(quality::FILE),
        &rows.collect::<Vec<_>>(),
    )?)
}

fn count_exams(
    archive: &dyn Archive,
    unlisted: usize,
    kept: &[&KeptExam],
    rejected: &[RejectedExam],
) -> Outcome {
    let kept_if = |test: &dyn Fn(&KeptExam) -> bool| kept.iter().filter(|k| test(k)).count();
    let mut outcome = Outcome::default()
        .count("read", archive.exams().len())
        .count("kept", kept.len())
        .count("rejected", rejected.len())
        .count(
            "kept_with_constant_leads",
            kept_if(&|k| k.measured.any_constant_lead()),
        )
        .count("flagged", kept_if(&|k| !k.flags.is_empty()))
        .count("parts", archive.file_count());
    for (reason, n) in count_by_reason(rejected) {
        outcome = outcome.count(&format!("rejected_{}", reason.as_str()), n);
    }
    let doubts = Reason::ALL.into_iter().filter(|reason| reason.is_doubt());
    let doubts = doubts.map(|reason| {
        let n = kept_if(&|k| k.flags.iter().any(|flag| flag.check.reason() == reason));
        (format!("flagged_{}", reason.as_str()), n)
    });
    let further = doubts.chain([("tracings_without_exam".to_owned(), unlisted)]);
    further
        .filter(|(_, n)| *n > 0)
        .fold(outcome, |outcome, (name, n)| outcome.count(&name, n))
}

fn count_by_reason(rejected: &[RejectedExam]) -> BTreeMap<Reason, usize> {
    let mut counts = BTreeMap::new();
    for exam in rejected {
        *counts.entry(exam.entry.reason).or_insert(0) += 1;
    }
    counts
}

/// The error of a recipe by which no exam is kept; it has a name where there are several.
fn nothing_left(exams: &ExamTable, recipe: Option<&str>, rejected: &[RejectedExam]) -> Error {
    let by = recipe.map_or_else(String::new, |name| format!("recipe {name}: "));
    let what = match rejected.first() {
        None => "the table has no exam".to_owned(),
        Some(RejectedExam { entry: first, .. }) => {
            let counts = count_by_reason(rejected);
            let counts: Vec<String> = counts
                .iter()
                .map(|(r, n)| format!("{n} {}", r.as_str()))
                .collect();
            let (all, counts) = (exams.len(), counts.join(", "));
            format!(
                "{by}none of {all} exams can be used: {counts}. The first, {}: {}",
                first.exam_id, first.detail
            )
        }
    };
    let first = rejected.first().map(|exam| exam.entry.reason);
    let help = match first {
        Some(Reason::UnreadableTracing) => {
            "`ecgfm inspect` shows what such a file holds; `missing_leads: derive` computes limb leads that it lacks"
        }
        _ => {
            "check that the table of exams and the files of recordings belong together and were downloaded whole"
        }
    };
    Error::BadInput {
        path: exams.path().to_owned(),
        what,
        help: Some(help.to_owned()),
    }
}
