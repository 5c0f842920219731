//! The stage: opens the archive, processes its exams, writes the tables, counts.

use crate::error::{Error, Result};
use crate::exam_reader::ExamReader;
use crate::kept::KeptExam;
use crate::meta;
use crate::on_bad::Action;
use crate::params::{Params, Store};
use crate::policy::{self, Policy};
use crate::process::ExamProcessor;
use crate::rate_survey::RateSurvey;
use crate::recipes::Recipes;
use crate::source_counts::count_by_source;
use crate::stream::{process_exams, thread_count};
use crate::table_paths::TablePaths;
use crate::warnings::{ArchiveWarning, warn_of_flags};
use ecgfm_archives::{Archive, ExamTable, RejectedExam};
use ecgfm_artifacts::recipe::steps::RecipeSteps;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR, StoreInfo};
use ecgfm_artifacts::{quality, records, rejected, segments};
use std::collections::BTreeMap;

/// Runs the stage.
///
/// # Errors
/// A parameter that makes no sense; raw data that are missing, unreadable or leave no exam; a bad exam where the
/// parameters say that it ends the stage; I/O; interruption.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    params.check_recipe()?;
    Policy::new(params)?;
    let archive = params.open_archive()?;
    run_on(archive.as_ref(), params, ctx)
}

/// Runs the stage on an archive that is open; `dataset`, `raw` and `sources` of `params` are not looked at.
///
/// # Errors
/// As [`run`].
pub fn run_on(archive: &dyn Archive, params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let recipes = Recipes::new(params)?;
    let policy = Policy::new(params)?;
    let exams = archive.exams();
    check_files(&policy, archive, ctx)?;
    let mut located = archive.locate();
    let fails = |exam: &&RejectedExam| policy.action(exam.entry.reason) == Action::Fail;
    if let Some(exam) = located.rejected.iter().find(fails) {
        return Err(failure(exams, exam));
    }
    let paths = TablePaths::new(ctx.home, params.store)?;
    ctx.progress.begin(exams.len() as u64, "exams");
    ctx.progress.advance(located.rejected.len() as u64);
    let reader = ExamReader {
        archive,
        missing_leads: params.missing_leads,
        recipes: &recipes,
    };
    let survey = RateSurvey::new(&reader, &located.found, thread_count(params.threads), ctx.cancel)?;
    let processor = ExamProcessor {
        params,
        policy,
        recipes: &recipes,
        archive,
        reader,
        survey: &survey,
    };
    let outcomes = process_exams(&processor, &located.found, ctx)?;
    let mut rejected = std::mem::take(&mut located.rejected);
    rejected.extend(outcomes.rejected);
    rejected.sort_by_key(|exam| exam.idx);
    let mut kept: Vec<&KeptExam> = outcomes.kept.iter().flatten().collect();
    kept.sort_by_key(|k| k.idx);
    if kept.is_empty() {
        return Err(nothing_left(exams, &rejected));
    }
    let warnings = [survey.warnings.clone(), warn_of_flags(archive, &kept)].concat();
    let segments = write_tables(&processor, (&kept, &rejected), &warnings, &paths, ctx)?;
    let done = outcome(archive, located.unlisted, &kept, &rejected);
    let done = done.count("segments", segments);
    let done = match count_by_source(archive, &kept, &rejected) {
        None => done,
        Some(sources) => {
            let notes = sources.iter().map(|(source, counts)| counts.note(source));
            notes.for_each(|note| ctx.progress.note(&note));
            done.fact("sources", serde_json::json!(sources))
        }
    };
    let done = report_warnings(done, &warnings, ctx);
    Ok(match params.store {
        Store::Packed16 => done.fact("largest_error_of_float16", outcomes.largest_error),
        Store::Packed | Store::View | Store::Mat => done,
    })
}

/// Shows warnings about the archive, and makes them a fact of the outcome where there are any.
fn report_warnings(outcome: Outcome, warnings: &[ArchiveWarning], ctx: &Context<'_>) -> Outcome {
    for warning in warnings {
        ctx.progress.warn(&warning.message, warning.help);
    }
    let messages: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    match messages.is_empty() {
        true => outcome,
        false => outcome.fact("warnings", messages),
    }
}

/// Writes all tables; returns the number of segments.
fn write_tables(
    processor: &ExamProcessor<'_>,
    (kept, rejected): (&[&KeptExam], &[RejectedExam]),
    warnings: &[ArchiveWarning],
    paths: &TablePaths,
    ctx: &Context<'_>,
) -> Result<usize> {
    let (params, archive, recipe) = (processor.params, processor.archive, processor.recipes.any());
    let samples = recipe.segment_samples();
    let mut cuts = paths.segments(archive, kept.iter().copied(), samples);
    segments::write(&ctx.out.join(segments::FILE), &mut cuts)?;
    let mut about = StoreInfo::new(params.sample_rate, params.segment_seconds, params.standardize);
    about.recipe = Some(RecipeSteps::from(
        &params.recipe_settings(archive_is_padded(archive, kept)),
    ));
    about.notice = archive.notice();
    about.warnings = warnings.iter().map(|warning| warning.message.clone()).collect();
    about.write(&ctx.out.join(match params.store {
        Store::Mat => MAT_DIR,
        Store::Packed | Store::Packed16 | Store::View => PACKED_DIR,
    }))?;
    meta::write_meta(&ctx.out.join(records::FILE), archive, kept, recipe, paths)?;
    let several = archive.sources().len() > 1;
    let rows = rejected
        .iter()
        .map(|exam| (&exam.entry, archive.source_of(exam.idx)));
    rejected::write(&ctx.out.join(rejected::FILE), several, rows)?;
    let rows = kept.iter().flat_map(|exam| {
        let id = archive.exams().exam_id(exam.idx);
        exam.quality_rows(&id).collect::<Vec<_>>()
    });
    quality::write(&ctx.out.join(quality::FILE), &rows.collect::<Vec<_>>())?;
    Ok(cuts.len())
}

/// True where the file of any exam is filled with zeros at both ends.
fn archive_is_padded(archive: &dyn Archive, kept: &[&KeptExam]) -> bool {
    kept.iter().any(|exam| archive.is_zero_padded(exam.file))
}

/// Ends the stage where a file cannot be read, or names it once, as the policy has it.
fn check_files(policy: &Policy, archive: &dyn Archive, ctx: &Context<'_>) -> Result<()> {
    for file in archive.files() {
        let Err(why) = &file.recordings else { continue };
        if policy.action(Reason::UnreadablePart) == Action::Fail {
            return Err(Error::BadInput {
                what: why
                    .trim_start_matches(&format!("{}: ", file.path.display()))
                    .to_owned(),
                path: file.path.clone(),
                help: Some("or set `unreadable_parts: reject` to go on without its exams".to_owned()),
            });
        }
        let name = match archive.sources().len() {
            1 => file.name.clone(),
            _ => file.path.display().to_string(),
        };
        ctx.progress
            .note(&format!("{name} cannot be read, its exams are set aside: {why}"));
    }
    Ok(())
}

/// The error that ends the stage for an exam without a recording.
fn failure(exams: &ExamTable, exam: &RejectedExam) -> Error {
    let (place, detail) = (exams.place_of(exam.idx), &exam.entry.detail);
    let detail = detail.strip_prefix(&format!("{place}, ")).unwrap_or(detail);
    Error::BadInput {
        path: exams.path_of(exam.idx).to_owned(),
        what: format!("{place}, exam {}: {detail}", exam.entry.exam_id),
        help: Some(policy::advice(exam.entry.reason)),
    }
}

fn outcome(archive: &dyn Archive, unlisted: usize, kept: &[&KeptExam], rejected: &[RejectedExam]) -> Outcome {
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

fn nothing_left(exams: &ExamTable, rejected: &[RejectedExam]) -> Error {
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
                "none of {all} exams can be used: {counts}. The first, {}: {}",
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
