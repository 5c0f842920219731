//! `ecgfm run`, `status`, `graph`.

use super::print_json;
use crate::args::{GraphArgs, GraphFormat, PipelineArgs, RunArgs, StatusArgs};
use crate::failure::{CommandFailure, FinishRecorder};
use crate::observer::ConsoleReporter;
use crate::run_log::RunLog;
use crate::{kinds, pipelines, results, torch};
use ecgfm_formats::watch::{WriteStep, set_watcher};
use ecgfm_pipeline::failpoint::{self, Point};
use ecgfm_pipeline::{
    Cancel, Environment, Error, ErrorKind, Graph, PlannedStage, RunOptions, RunSettings, RunSummary,
    SilentObserver, Stage, StageAction,
};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn graph_of(target: &PipelineArgs) -> Result<Graph, CommandFailure> {
    let Some(named) = &target.pipeline else {
        return Err(super::show::missing_pipeline(target.json));
    };
    let settings = RunSettings {
        profile: target.profile.clone(),
        set: target.set.clone(),
        workdir: target.workdir.clone(),
        environment: Environment::Process,
        read: Vec::new(),
    };
    Ok(pipelines::load_pipeline(named)?.graph(&kinds::all_kinds(), &settings)?)
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
        dry_run: args.dry_run,
        versions: recorded_versions(),
    };
    if !args.dry_run && torch::registered_torch().is_none() && needs_torch(&graph, &options)? {
        torch::require_torch()?;
    }
    let observer = ConsoleReporter::new(quiet)
        .dry_run(args.dry_run)
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
    if !quiet && !args.dry_run {
        for line in results::inference_devices(&graph, &summary) {
            crate::console::println_stderr!("{line}");
        }
    }
    if args.target.json {
        return Ok(print_json(&RunReport {
            pipeline,
            profile,
            run_dir,
            notice: results::results_notice(&graph, &summary),
            warnings: results::archive_warnings(&graph, &summary),
            summary: &summary,
        })?);
    }
    if let Some(text) = results::metrics_text(&graph, &summary).filter(|_| !args.dry_run) {
        crate::console::print_stdout!("{text}");
    }
    Ok(())
}

/// Versions recorded with every stage that runs; what runs on libtorch adds that.
fn recorded_versions() -> BTreeMap<String, String> {
    [("ecgfm".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into()
}

/// Returns true where a run would come to a stage that needs libtorch. What is wrong with the run is told before that is loaded.
fn needs_torch(graph: &Graph, options: &RunOptions) -> Result<bool, Error> {
    let asked = RunOptions {
        dry_run: true,
        ..options.clone()
    };
    let summary = match graph.run(&asked, &SilentObserver, &Cancel::default()) {
        Ok(summary) => summary,
        Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::BadInput) => return Err(error),
        // What the system refuses, or another run changes at this moment, the run itself meets with its lock held.
        Err(_) => return Ok(false),
    };
    let may_run = |action| matches!(action, StageAction::Run | StageAction::RunIfChanged);
    let runs = |planned: &PlannedStage| may_run(planned.action) && torch::needs_libtorch(&planned.kind);
    Ok(summary.plan.iter().any(runs))
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
