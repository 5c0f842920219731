//! The stage: opens the archive, processes its exams, has the tables written, counts.

use crate::check::check_threads;
use crate::error::{Error, Result};
use crate::exam_reader::ExamReader;
use crate::on_bad::Action;
use crate::params::{Params, Store};
use crate::policy::{self, Policy};
use crate::process::ExamProcessor;
use crate::rate_survey::RateSurvey;
use crate::recipes::store_targets;
use crate::stream::{ProcessedExams, exams_to_do, process_exams, thread_count};
use crate::table_paths::TablePaths;
use crate::target_result::TargetResult;
use crate::warnings::ArchiveWarning;
use ecgfm_archives::{Archive, ExamTable, RejectedExam};
use ecgfm_artifacts::rejected::Reason;
use ecgfm_artifacts::stage::{Context, Outcome};
use std::collections::BTreeSet;

/// Runs the stage.
///
/// # Errors
/// A parameter that makes no sense; raw data that are missing, unreadable or leave no exam; a bad exam where the
/// parameters say that it ends the stage; I/O; interruption.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    check_threads(params)?;
    store_targets(params)?;
    Policy::new(params)?;
    let archive = params.open_archive()?;
    run_on(archive.as_ref(), params, ctx)
}

/// Runs the stage on an archive that is open; `dataset`, `raw` and `sources` of `params` are not looked at.
///
/// # Errors
/// As [`run`].
pub fn run_on(archive: &dyn Archive, params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    check_threads(params)?;
    let targets = store_targets(params)?;
    let policy = Policy::new(params)?;
    check_files(&policy, archive, ctx)?;
    let located = archive.locate();
    let fails = |exam: &&RejectedExam| policy.action(exam.entry.reason) == Action::Fail;
    if let Some(exam) = located.rejected.iter().find(fails) {
        return Err(failure(archive.exams(), exam));
    }
    for target in &targets {
        TablePaths::new(ctx.home, params.store, target.name.as_deref())?;
    }
    let to_do = exams_to_do(located.found.len(), ctx);
    match to_do == located.found.len() {
        true => {
            ctx.progress.begin(archive.exams().len() as u64, "exams");
            ctx.progress.advance(located.rejected.len() as u64);
        }
        false => ctx.progress.begin(to_do as u64, "exams"),
    }
    let reader = ExamReader {
        archive,
        missing_leads: params.missing_leads,
        targets: &targets,
    };
    let survey = RateSurvey::new(&reader, &located.found, thread_count(params.threads), ctx.cancel)?;
    let processor = ExamProcessor {
        params,
        policy,
        targets: &targets,
        archive,
        reader,
        survey: &survey,
    };
    let outcomes = match process_exams(&processor, &located.found, ctx)? {
        ProcessedExams::All(outcomes) => outcomes,
        ProcessedExams::Share(share) => {
            return Ok(Outcome::default()
                .count("chunks", share.chunks)
                .count("exams", share.exams));
        }
    };
    let results = targets.iter().zip(outcomes).map(|(target, outcomes)| {
        let result = TargetResult::new(target, outcomes, archive, &located.rejected)?;
        result.write(&processor, ctx).map(|warnings| (result, warnings))
    });
    let results = results.collect::<Result<Vec<_>>>()?;
    Ok(summarize(archive, params, located.unlisted, &results, ctx))
}

/// Counts of the stage: of its one recipe, or of each of several.
fn summarize(
    archive: &dyn Archive,
    params: &Params,
    unlisted: usize,
    results: &[(TargetResult<'_>, Vec<ArchiveWarning>)],
    ctx: &Context<'_>,
) -> Outcome {
    let warnings = results.iter().flat_map(|(_, warnings)| warnings);
    let mut distinct: Vec<ArchiveWarning> = Vec::new();
    for warning in warnings {
        if !distinct.contains(warning) {
            distinct.push(warning.clone());
        }
    }
    let done = match results {
        [(result, _)] => result.count(archive, unlisted, ctx),
        _ => count_by_recipe(archive, results, ctx),
    };
    let done = report_warnings(done, &distinct, ctx);
    let largest_error = results.iter().map(|(result, _)| result.largest_error);
    match params.store {
        Store::Packed16 => done.fact("largest_error_of_float16", largest_error.fold(0.0, f32::max)),
        Store::Packed | Store::View | Store::Mat => done,
    }
}

/// Counts of a stage of several recipes: exams that any of them keeps, and what became of them by each.
fn count_by_recipe(
    archive: &dyn Archive,
    results: &[(TargetResult<'_>, Vec<ArchiveWarning>)],
    ctx: &Context<'_>,
) -> Outcome {
    let read = archive.exams().len();
    let kept: BTreeSet<usize> = results
        .iter()
        .flat_map(|(result, _)| result.kept.rows())
        .collect();
    let mut by_recipe = serde_json::Map::new();
    for (result, _) in results {
        let (kept, rejected, segments) = (result.kept.len(), result.rejected.len(), result.kept.segments());
        let name = result.target.name.as_deref().unwrap_or_default();
        ctx.progress.note(&format!(
            "recipe {name}: {read} exams read, {kept} kept, {rejected} set aside, {segments} segments"
        ));
        let counts =
            serde_json::json!({"read": read, "kept": kept, "rejected": rejected, "segments": segments});
        by_recipe.insert(name.to_owned(), counts);
    }
    let segments = results.iter().map(|(result, _)| result.kept.segments()).sum();
    Outcome::default()
        .count("read", read)
        .count("kept", kept.len())
        .count("rejected", read - kept.len())
        .count("segments", segments)
        .fact("recipes", by_recipe)
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
