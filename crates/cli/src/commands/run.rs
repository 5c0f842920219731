//! `ecgfm run`, `status`, `graph`.

use super::print_json;
use crate::args::{DryRun, GraphArgs, GraphFormat, PipelineArgs, RunArgs, StatusArgs};
use crate::estimate::{self, RunEstimate};
use crate::failure::{CommandFailure, FinishRecorder};
use crate::observer::ConsoleReporter;
use crate::run_log::RunLog;
use crate::{kinds, pipelines, results, torch};
use ecgfm_formats::watch::{WriteStep, set_watcher};
use ecgfm_pipeline::failpoint::{self, Point};
use ecgfm_pipeline::{
    Cancel, Error, ErrorKind, Graph, PlannedStage, RunOptions, RunSummary, SilentObserver, Stage,
};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn graph_of(target: &PipelineArgs) -> Result<Graph, CommandFailure> {
    if target.pipeline.is_none() {
        return Err(super::show::missing_pipeline(target.json));
    }
    Ok(pipelines::graph_in(target, &kinds::all_kinds(), &target.workdir)?)
}

/// Report that `run --json` prints.
#[derive(Serialize)]
struct RunReport<'a> {
    pipeline: &'a str,
    profile: &'a str,
    run_dir: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(flatten)]
    summary: &'a RunSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<RunEstimate>,
}

/// The steps of a stage's file as points of the run; nothing without the feature `failpoints`.
fn pass_write_step(step: WriteStep, path: &Path) -> std::io::Result<()> {
    let point = match step {
        WriteStep::Create => Point::FileCreate,
        WriteStep::Bytes => Point::FileBytes,
        WriteStep::Written => Point::FileWritten,
        WriteStep::Rename => Point::FileRename,
        WriteStep::Done => Point::FileDone,
    };
    failpoint::at(point, path)
}

/// Makes the steps of a stage's file points of the run.
pub(super) fn watch_writing() {
    set_watcher(pass_write_step);
}

/// Runs a pipeline.
pub fn run(args: &RunArgs, quiet: bool, cancel: &Cancel) -> Result<(), CommandFailure> {
    watch_writing();
    let graph = graph_of(&args.target)?;
    let options = RunOptions {
        selection: args.selection(),
        force: args.force,
        keep_going: args.keep_going,
        dry_run: args.dry_run.is_some(),
        versions: recorded_versions(),
    };
    prepare_run(args, &graph, &options, cancel)?;
    let observer = ConsoleReporter::new(quiet)
        .dry_run(options.dry_run)
        .keep_going(args.keep_going)
        .with_log(RunLog::default());
    let recorder = FinishRecorder::new(&observer);
    let (pipeline, profile, run_dir) = (graph.pipeline(), graph.profile(), graph.run_dir());
    let ran = graph.run(&options, &recorder, cancel).map_err(|error| {
        observer.log_message(&error.render());
        let mut said = json!({ "pipeline": pipeline, "profile": profile, "run_dir": run_dir });
        said.as_object_mut()
            .into_iter()
            .for_each(|said| said.extend(recorder.finished().as_object().cloned().unwrap_or_default()));
        CommandFailure::with_output(error, said)
    });
    observer.log_exit(ran.as_ref().map_or_else(CommandFailure::exit_code, |_| 0));
    let summary = ran?;
    let estimate = match args.dry_run {
        Some(DryRun::Measured) => Some(estimate_run(args, &graph, &summary, quiet, cancel)?),
        _ => None,
    };
    report_run(args, &graph, &summary, estimate, quiet)
}

/// Does what comes before a run: becomes the program with libtorch where that is needed, and refuses a run that the disk does not hold.
fn prepare_run(
    args: &RunArgs,
    graph: &Graph,
    options: &RunOptions,
    cancel: &Cancel,
) -> Result<(), CommandFailure> {
    // The program with libtorch was started by the other, which has looked at all this.
    if args.dry_run == Some(DryRun::Quick) || torch::registered_torch().is_some() {
        return Ok(());
    }
    let plan = match plan_of(graph, options) {
        // The dry run itself tells it.
        Err(_) if options.dry_run => return Ok(()),
        plan => plan?,
    };
    let runs = |planned: &PlannedStage| estimate::stages_to_run(&plan).contains(planned.stage.as_str());
    let needs_torch = plan
        .iter()
        .any(|planned| runs(planned) && torch::needs_libtorch(&planned.kind));
    if !options.dry_run {
        estimate::check_room(&args.target, graph, &plan, cancel)?;
    }
    match needs_torch.then(torch::require_torch) {
        // Without libtorch, a dry run says that models are not measured.
        Some(Err(error)) if !options.dry_run => Err(error.into()),
        _ => Ok(()),
    }
}

/// Measures what a run takes, and says that it does.
fn estimate_run(
    args: &RunArgs,
    graph: &Graph,
    summary: &RunSummary,
    quiet: bool,
    cancel: &Cancel,
) -> Result<RunEstimate, Error> {
    if !quiet && !estimate::stages_to_run(&summary.plan).is_empty() {
        crate::console::println_stderr!(
            "measuring what this takes, on a few exams, for about 10 s at most …"
        );
    }
    estimate::estimate_run(&args.target, graph, &summary.plan, cancel)
}

/// Prints what a run, or a dry run, leaves to say.
fn report_run(
    args: &RunArgs,
    graph: &Graph,
    summary: &RunSummary,
    estimate: Option<RunEstimate>,
    quiet: bool,
) -> Result<(), CommandFailure> {
    let is_dry = args.dry_run.is_some();
    if !quiet && !is_dry {
        for line in results::inference_devices(graph, summary) {
            crate::console::println_stderr!("{line}");
        }
    }
    let refused = estimate.as_ref().and_then(estimate::refuse_room);
    if args.target.json {
        let report = RunReport {
            pipeline: graph.pipeline(),
            profile: graph.profile(),
            run_dir: graph.run_dir(),
            notice: results::results_notice(graph, summary),
            warnings: results::archive_warnings(graph, summary),
            summary,
            estimate,
        };
        return match refused {
            Some(error) => Err(CommandFailure::with_output(error, json!(report))),
            None => Ok(print_json(&report)?),
        };
    }
    if let Some(estimate) = estimate {
        crate::console::print_stdout!("{estimate}");
    }
    if let Some(error) = refused {
        return Err(error.into());
    }
    if let Some(text) = results::metrics_text(graph, summary).filter(|_| !is_dry) {
        crate::console::print_stdout!("{text}");
    }
    Ok(())
}

/// Versions recorded with every stage that runs; what runs on libtorch adds that.
fn recorded_versions() -> BTreeMap<String, String> {
    [("ecgfm".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into()
}

/// The plan of a run. What is wrong with the run is told before libtorch is loaded and anything is measured.
fn plan_of(graph: &Graph, options: &RunOptions) -> Result<Vec<PlannedStage>, Error> {
    let asked = RunOptions {
        dry_run: true,
        ..options.clone()
    };
    match graph.run(&asked, &SilentObserver, &Cancel::default()) {
        Ok(summary) => Ok(summary.plan),
        Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::BadInput) => Err(error),
        // What the system refuses, or another run changes at this moment, the run itself meets with its lock held.
        Err(_) => Ok(Vec::new()),
    }
}

/// Says what is fresh and what is not.
pub fn status(args: &StatusArgs) -> Result<(), CommandFailure> {
    let status = graph_of(&args.target)?.status()?;
    if args.target.json {
        return Ok(print_json(&status)?);
    }
    crate::console::print_stdout!("{}", status.text());
    Ok(())
}

/// Draws the graph.
pub fn graph(args: &GraphArgs) -> Result<(), CommandFailure> {
    let graph = graph_of(&args.target)?;
    if args.target.json {
        return Ok(print_json(&graph_json(&graph))?);
    }
    match args.format {
        GraphFormat::Text => crate::console::print_stdout!("{}", graph.text()),
        GraphFormat::Mermaid => crate::console::print_stdout!("{}", graph.mermaid()),
        GraphFormat::Dot => crate::console::print_stdout!("{}", graph.dot()),
    }
    Ok(())
}

/// The graph as JSON: stages in running order with their parameters, what each leaves and what it reads.
fn graph_json(graph: &Graph) -> serde_json::Value {
    let stage = |stage: &Stage| {
        let outputs = stage.outputs().iter();
        let reads = stage.upstream().iter();
        json!({
            "name": stage.name(),
            "kind": stage.kind().name(),
            "parameters": stage.params(),
            "outputs": outputs.map(|o| (o.name.to_owned(), json!(o.relative))).collect::<serde_json::Map<_, _>>(),
            "reads": reads.map(|u| json!({ "stage": u.stage, "outputs": u.outputs })).collect::<Vec<_>>(),
        })
    };
    json!({
        "pipeline": graph.pipeline(),
        "profile": graph.profile(),
        "run_dir": graph.run_dir(),
        "stages": graph.stages().iter().map(stage).collect::<Vec<_>>(),
    })
}
