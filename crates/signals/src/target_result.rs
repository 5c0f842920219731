//! What became of all exams by one recipe: its tables, and its counts.

use crate::error::{Error, Result};
use crate::kept_exams::KeptExams;
use crate::kept_facts::KeptFacts;
use crate::meta;
use crate::params::Store;
use crate::process::ExamProcessor;
use crate::recipes::StoreTarget;
use crate::source_counts::count_by_source;
use crate::stream::ExamOutcomes;
use crate::table_paths::TablePaths;
use crate::warnings::ArchiveWarning;
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
    pub(crate) kept: KeptExams,
    facts: KeptFacts,
    /// In the order of the table.
    pub(crate) rejected: Vec<RejectedExam>,
    /// The largest difference between a value and what is stored of it.
    pub(crate) largest_error: f32,
}

impl<'a> TargetResult<'a> {
    /// Outcomes by a recipe; `unlocated` exams have no recording.
    pub(crate) fn new(
        target: &'a StoreTarget,
        outcomes: ExamOutcomes,
        archive: &dyn Archive,
        unlocated: &[RejectedExam],
    ) -> Result<Self> {
        let mut rejected = [unlocated, &outcomes.rejected].concat();
        rejected.sort_by_key(|exam| exam.idx);
        Ok(Self {
            target,
            facts: KeptFacts::find(&outcomes.kept, archive)?,
            kept: outcomes.kept,
            rejected,
            largest_error: outcomes.largest_error,
        })
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
        if self.kept.len() == 0 {
            return Err(nothing_left(
                archive.exams(),
                self.target.name.as_deref(),
                &self.rejected,
            ));
        }
        let warnings = [&processor.survey.warnings[..], &self.facts.warnings].concat();
        let (out, store) = (self.target.dir(ctx.out), processor.params.store);
        let paths = TablePaths::new(ctx.home, store, self.target.name.as_deref())?;
        let recipe = self.target.recipes.of(self.facts.any_padded);
        segments::write(
            &out.join(segments::FILE),
            &self.facts.recordings,
            |key| paths.segment(key),
            recipe.samples(),
        )?;
        let mut about = StoreInfo::of_recipe(recipe);
        about.notice = archive.notice();
        about.warnings = warnings.iter().map(|warning| warning.message.clone()).collect();
        about.write(&out.join(match store {
            Store::Mat => MAT_DIR,
            Store::Packed | Store::Packed16 | Store::View => PACKED_DIR,
        }))?;
        meta::write_meta(&out.join(records::FILE), archive, &self.kept, recipe, &paths)?;
        self.write_doubts(&out, archive)?;
        Ok(warnings)
    }

    /// Writes the tables of what is set aside, and of what is doubtful about the rest.
    fn write_doubts(&self, out: &Path, archive: &dyn Archive) -> Result<()> {
        let several = archive.sources().len() > 1;
        let rows = self.rejected.iter();
        let rows = rows.map(|exam| (&exam.entry, archive.source_of(exam.idx)));
        rejected::write(&out.join(rejected::FILE), several, rows)?;
        let path = out.join(quality::FILE);
        if self.facts.flagged == 0 {
            return Ok(quality::write(&path, [])?);
        }
        self.kept.read_by_row(|kept| {
            let rows = kept.flat_map(|exam| {
                let id = archive.exams().exam_id(exam.idx);
                exam.quality_rows(&id).collect::<Vec<_>>()
            });
            Ok(quality::write(&path, rows)?)
        })
    }

    /// Counts of a stage of one recipe.
    pub(crate) fn count(&self, archive: &dyn Archive, unlisted: usize, ctx: &Context<'_>) -> Outcome {
        let done = self.count_exams(archive, unlisted);
        let done = done.count("segments", self.kept.segments());
        match count_by_source(archive, self.kept.rows(), &self.rejected) {
            None => done,
            Some(sources) => {
                let notes = sources.iter().map(|(source, counts)| counts.note(source));
                notes.for_each(|note| ctx.progress.note(&note));
                done.fact("sources", serde_json::json!(sources))
            }
        }
    }

    fn count_exams(&self, archive: &dyn Archive, unlisted: usize) -> Outcome {
        let mut outcome = Outcome::default()
            .count("read", archive.exams().len())
            .count("kept", self.kept.len())
            .count("rejected", self.rejected.len())
            .count("kept_with_constant_leads", self.facts.with_constant_leads)
            .count("flagged", self.facts.flagged)
            .count("parts", archive.file_count());
        for (reason, n) in count_by_reason(&self.rejected) {
            outcome = outcome.count(&format!("rejected_{}", reason.as_str()), n);
        }
        let doubts = Reason::ALL.into_iter().filter(|reason| reason.is_doubt());
        let doubts = doubts.map(|reason| {
            let n = self.facts.by_doubt.get(&reason).copied().unwrap_or_default();
            (format!("flagged_{}", reason.as_str()), n)
        });
        let further = doubts.chain([("tracings_without_exam".to_owned(), unlisted)]);
        further
            .filter(|(_, n)| *n > 0)
            .fold(outcome, |outcome, (name, n)| outcome.count(&name, n))
    }
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
