//! `ecgfm submit`: what Slurm, Kubernetes or Snakemake needs to run a pipeline, its long stages as many tasks.

mod command_line;
mod kubernetes;
mod plan;
mod slurm;
mod snakemake;
mod submitted_run;

use super::print_json;
use super::run::graph_of;
use crate::args::{SubmitArgs, SubmitEngine};
use crate::failure::CommandFailure;
use crate::torch;
use ecgfm_pipeline::{Error, ErrorKind, Graph, StageState};
use plan::{StageToSubmit, plan_steps};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use submitted_run::SubmittedRun;

/// Prints what an engine needs, or submits it.
pub fn submit(args: &SubmitArgs) -> Result<(), CommandFailure> {
    let shared = args.engine.shared();
    let graph = graph_of(&shared.target)?;
    // Slurm's script is printed where the data are. The others may run where this disk is not.
    let on_disk = matches!(args.engine, SubmitEngine::Slurm(_));
    let steps = plan_steps(&stages_to_submit(&graph, on_disk)?);
    let run = SubmittedRun::new(&graph, shared)?;
    let (engine, text, sends) = match &args.engine {
        SubmitEngine::Slurm(args) => ("slurm", slurm::script(&run, &args.queue, &steps), args.submit),
        SubmitEngine::Kubernetes(args) => ("kubernetes", kubernetes::documents(&run, args, &steps), false),
        SubmitEngine::Snakemake(args) => {
            let text = snakemake::snakefile(&run, &args.queue, &steps)?;
            ("snakemake", text, false)
        }
    };
    let result = if sends { send_to_slurm(&text)? } else { text };
    if !shared.target.json {
        crate::console::print_stdout!("{result}");
        return Ok(());
    }
    let mut said = json!({
        "engine": engine,
        "pipeline": run.pipeline,
        "profile": run.profile,
        "run_dir": run.run_dir,
        "shards": shared.shards,
        "steps": steps,
    });
    match sends {
        true => said["jobs"] = submitted_jobs(&result),
        false => said["text"] = json!(result),
    }
    Ok(print_json(&said)?)
}

/// The stages as the plan takes them; with `on_disk` those that are done are said to be.
fn stages_to_submit(graph: &Graph, on_disk: bool) -> Result<Vec<StageToSubmit>, Error> {
    let status = on_disk.then(|| graph.status()).transpose()?;
    let is_done = |name: &str| {
        let mut planned = status.iter().flat_map(|status| &status.stages);
        let done = [StageState::Fresh, StageState::Cleaned];
        planned.any(|planned| planned.stage == name && done.contains(&planned.state))
    };
    let stages = graph.stages().iter().map(|stage| StageToSubmit {
        name: stage.name().to_owned(),
        upstream: stage.upstream().iter().map(|from| from.stage.clone()).collect(),
        chunked: stage.kind().chunked(),
        runs_model: torch::needs_libtorch(stage.kind().name()),
        done: is_done(stage.name()),
    });
    Ok(stages.collect())
}

/// Runs the script; what it prints: a step and its job number on each line.
fn send_to_slurm(script: &str) -> Result<String, Error> {
    if let Err(error) = Command::new("sbatch").arg("--version").output() {
        let message = format!("cannot submit: `sbatch` does not start here: {error}");
        let help = "submit on a node of the cluster that has it; without --submit the script is printed";
        return Err(Error::new(ErrorKind::Config, message).help(help));
    }
    // Not on standard input: the commands of the script would read it.
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).stderr(Stdio::inherit());
    let output = bash
        .output()
        .map_err(|e| Error::new(ErrorKind::StageFailed, format!("cannot run bash: {e}")))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let kind = match output.status.code() {
        Some(2) => ErrorKind::Config,
        _ => ErrorKind::StageFailed,
    };
    let message = match said.trim() {
        "" => "nothing was submitted".to_owned(),
        jobs => format!("only a part was submitted: {}", jobs.replace('\n', ", ")),
    };
    let help = "the reason is above; `scancel` removes what was submitted";
    Err(Error::new(kind, message).help(help))
}

/// The jobs that the script printed.
fn submitted_jobs(said: &str) -> Value {
    let lines = said.lines().filter_map(|line| line.rsplit_once(' '));
    let jobs = lines.filter(|(_, job)| job.chars().all(|c| c.is_ascii_digit()));
    jobs.map(|(step, job)| json!({ "step": step, "job": job }))
        .collect()
}
