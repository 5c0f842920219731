//! `ecgfm submit slurm`: a bash script that submits to Slurm, and again what is missing.

use super::command_line::{shell_word, shell_words, step_arguments, target_arguments};
use super::plan::{StepWork, SubmitStep};
use super::submitted_run::SubmittedRun;
use crate::args::QueueArgs;

/// Functions that the steps call.
const HEAD: &str = include_str!("slurm_head.sh");

/// The script.
pub fn script(run: &SubmittedRun<'_>, queue: &QueueArgs, steps: &[SubmitStep]) -> String {
    let shared = run.shared;
    let options = resource_options(run, queue);
    let mut text = format!(
        "#!/usr/bin/env bash\n\
         # Submits the pipeline {}, to Slurm, the long stages as {} tasks each; printed by `ecgfm submit slurm`.\n\
         # Run it again after a failure: it submits what is missing on disk.\n\
         set -euo pipefail\n\
         ecgfm={}\n\
         run=({})\n\
         options=({options})\n\
         shards={}\n\
         logs={}\n",
        run.title(),
        shared.shards,
        shell_word(&run.program),
        shell_words(&target_arguments(&shared.target)),
        shared.shards,
        shell_word(&format!("{}.slurm", run.run_dir)),
    );
    text.push_str(HEAD);
    if steps.is_empty() {
        text.push_str("\necho 'every stage is up to date: nothing to submit'\n");
    }
    for (at, step) in steps.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| steps.get(before));
        text.push_str(&step_lines(step, before, steps.get(at + 1), run));
    }
    text
}

/// Options of every job, as words of a shell.
fn resource_options(run: &SubmittedRun<'_>, queue: &QueueArgs) -> String {
    let cpus = run.shared.cpus_per_task.map(|cpus| cpus.to_string());
    let options = [
        ("cpus-per-task", &cpus),
        ("mem", &run.shared.mem),
        ("time", &queue.time),
        ("partition", &queue.partition),
        ("account", &queue.account),
    ];
    let given = options
        .iter()
        .filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?)));
    shell_words(
        &std::iter::once("--ntasks=1".to_owned())
            .chain(given)
            .collect::<Vec<_>>(),
    )
}

/// Lines that submit one step, where the disk says that it has work; the disk is asked once for an array and the job before it.
fn step_lines(
    step: &SubmitStep,
    before: Option<&SubmitStep>,
    next: Option<&SubmitStep>,
    run: &SubmittedRun<'_>,
) -> String {
    let shards = run.shared.shards;
    let gpus = match run.shared.gpus_per_task {
        gpus if gpus > 0 && step.runs_model => format!(" --gpus-per-task={gpus}"),
        _ => String::new(),
    };
    let name = shell_word(&step.name);
    let arguments = shell_words(&step_arguments(&step.work, &format!("auto/{shards}")));
    let space = if arguments.is_empty() { "" } else { " " };
    let submit = |array: &str| {
        format!("submit {name}{gpus}{array} -- \"$ecgfm\" run \"${{run[@]}}\"{space}{arguments}\n")
    };
    match (&step.work, next.map(|next| &next.work)) {
        (StepWork::Stages(_), Some(StepWork::Shares(stage))) => {
            format!(
                "\nlook_at {}\nif $waits; then\n    {}fi\n",
                shell_word(stage),
                submit("")
            )
        }
        (StepWork::Shares(stage), _) => {
            let looked_at = before.is_some_and(|before| matches!(before.work, StepWork::Stages(_)));
            let look = match looked_at {
                true => String::new(),
                false => format!("\nlook_at {}\n", shell_word(stage)),
            };
            let array = submit(" --array=\"$missing\"");
            format!("{look}if [ -n \"$missing\" ]; then\n    {array}fi\n")
        }
        (StepWork::Stages(_) | StepWork::Rest, _) => format!("\n{}", submit("")),
    }
}
