//! `ecgfm submit snakemake`: a Snakefile, a rule a step.

use super::command_line::{shell_words, step_arguments, target_arguments};
use super::plan::{StepWork, SubmitStep};
use super::submitted_run::SubmittedRun;
use crate::args::QueueArgs;
use ecgfm_pipeline::{Error, ErrorKind};
use serde_json::json;

/// Times that Snakemake starts a failed task again.
const RETRIES: u32 = 3;

/// What stands before and after the command of every task: a mistake in what was asked for (exit codes 2 and 3) stays one, so that
/// Snakemake's further tries end at once.
const ONLY_ONCE: &str = r#"BEFORE = (
    'if [ {resources.attempt} -gt 1 ] && [ -e {output:q}.stop ]; then exit $(cat {output:q}.stop); fi; '
    'rm -f {output:q}.stop; code=0; '
)
AFTER = (
    ' || code=$?; case $code in 2|3) echo $code > {output:q}.stop; '
    'echo "exit code $code: not tried again" >&2;; esac; exit $code'
)
"#;

/// The Snakefile.
///
/// # Errors
/// A run directory that Snakemake would take for a pattern.
pub fn snakefile(run: &SubmittedRun<'_>, queue: &QueueArgs, steps: &[SubmitStep]) -> Result<String, Error> {
    if run.run_dir.contains(['{', '}']) {
        let message = format!("Snakemake takes `{}` for a pattern: it has braces", run.run_dir);
        return Err(Error::new(ErrorKind::Config, message).help("use another --workdir"));
    }
    let shards = run.shared.shards;
    let mut text = format!(
        "# Runs the pipeline {}, the long stages as {shards} tasks each; printed by `ecgfm submit snakemake`.\n\
         #\n\
         #   snakemake --cores 8                          on this machine\n\
         #   snakemake --executor slurm --jobs {shards}{:width$}on a cluster, with snakemake-executor-plugin-slurm\n\
         #\n\
         # Failed tasks start again {RETRIES} times, but for mistakes in what was asked for (exit codes 2 and 3). After a change of the\n\
         # data, or where the run was removed: snakemake --forceall. It goes through every step, and what is up to date is not computed\n\
         # again.\n\n\
         MARKS = {}\n{ONLY_ONCE}\n\
         rule all:\n    input: {}\n",
        run.title(),
        "",
        literal(&format!("{}.snakemake/", run.run_dir)),
        done(steps.last(), shards),
        width = 11_usize.saturating_sub(shards.to_string().len()),
    );
    for (at, step) in steps.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| steps.get(before));
        text.push_str(&rule(run, queue, step, before));
    }
    Ok(text)
}

/// The rule of a step, which begins when the step before it is done.
fn rule(run: &SubmittedRun<'_>, queue: &QueueArgs, step: &SubmitStep, before: Option<&SubmitStep>) -> String {
    let name: String = step.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let mut text = format!("\nrule step{name}:\n");
    if before.is_some() {
        text.push_str(&format!("    input: {}\n", done(before, run.shared.shards)));
    }
    let shards = run.shared.shards;
    let (mark, share) = match step.work {
        StepWork::Shares(_) => (share_mark(step, shards), format!("{{wildcards.shard}}/{shards}")),
        StepWork::Stages(_) | StepWork::Rest => (step.name.clone(), String::new()),
    };
    text.push_str(&format!("    output: touch(MARKS + {})\n", literal(&mark)));
    if matches!(step.work, StepWork::Shares(_)) {
        text.push_str("    wildcard_constraints: shard=r\"\\d+\"\n");
    }
    if let Some(cpus) = run.shared.cpus_per_task {
        text.push_str(&format!("    threads: {cpus}\n"));
    }
    let resources = resources(run, queue, step).join(", ");
    text.push_str(&format!("    resources: {resources}\n"));
    let words = [
        vec![run.program.clone(), "run".to_owned()],
        target_arguments(&run.shared.target),
    ]
    .concat();
    // Braces are Snakemake's, but for the one wildcard, which is no word of a shell either.
    let command = shell_words(&words).replace('{', "{{").replace('}', "}}");
    let further: Vec<String> = step_arguments(&step.work, &share);
    text.push_str(&format!(
        "    retries: {RETRIES}\n    shell: BEFORE + {} + AFTER\n",
        literal(&[&[command], &further[..]].concat().join(" "))
    ));
    text
}

/// Resources of a step's tasks as Snakemake and its executor for Slurm name them.
fn resources(run: &SubmittedRun<'_>, queue: &QueueArgs, step: &SubmitStep) -> Vec<String> {
    let texts = [
        ("mem", &run.shared.mem),
        ("runtime", &queue.time),
        ("slurm_partition", &queue.partition),
        ("slurm_account", &queue.account),
    ];
    let texts = texts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", literal(value.as_ref()?))));
    let gpus = Some(run.shared.gpus_per_task).filter(|gpus| *gpus > 0 && step.runs_model);
    let attempt = std::iter::once("attempt=lambda wildcards, attempt: attempt".to_owned());
    let gpus = gpus.map(|gpus| format!("gpu={gpus}"));
    attempt.chain(texts).chain(gpus).collect()
}

/// Expression for the files that say that a step is done.
fn done(step: Option<&SubmitStep>, shards: u32) -> String {
    match step {
        None => "[]".to_owned(),
        Some(step) if matches!(step.work, StepWork::Shares(_)) => format!(
            "expand(MARKS + {}, shard=range(1, {}))",
            literal(&share_mark(step, shards)),
            u64::from(shards) + 1
        ),
        Some(step) => format!("MARKS + {}", literal(&step.name)),
    }
}

/// Pattern of the files of an array; another number of tasks has others.
fn share_mark(step: &SubmitStep, shards: u32) -> String {
    format!("{}-of-{shards}/{{shard}}", step.name)
}

/// A text as Python has it: JSON's strings are Python's.
fn literal(text: &str) -> String {
    json!(text).to_string()
}
