//! `ecgfm submit kubernetes`: a Job a step, as YAML documents.

use super::command_line::{step_arguments, target_arguments};
use super::plan::{StepWork, SubmitStep};
use super::submitted_run::SubmittedRun;
use crate::args::KubernetesArgs;
use serde_json::json;

/// Seconds that a pod has to finish its batch and keep what is whole.
const GRACE_SECONDS: u32 = 120;
/// Times that a failed task starts again.
const RETRIES: u32 = 3;
/// Most indexes that may run at once or fail in a Job that has very many.
const MOST_INDEXES: u32 = 10_000;
/// Longest name of a Job whose pods' names, which add an index, are still host names.
const LONGEST_NAME: usize = 50;

/// The documents, and in comments the order in which they are to start.
pub fn documents(run: &SubmittedRun<'_>, args: &KubernetesArgs, steps: &[SubmitStep]) -> String {
    let names: Vec<String> = steps.iter().map(|step| job_name(run, step)).collect();
    let mut text = format!(
        "# Runs the pipeline {}, the long stages as {} tasks each; printed by `ecgfm submit kubernetes`.\n\
         # Every step but the first is suspended. Apply all, and let a step go on when the one before it is complete:\n#\n\
         #   kubectl apply -f jobs.yaml\n",
        run.title(),
        run.shared.shards
    );
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            text.push_str(&format!(
                "#   kubectl patch job/{name} --type=merge --patch='{{\"spec\":{{\"suspend\":false}}}}'\n"
            ));
        }
        text.push_str(&format!(
            "#   kubectl wait --for=condition=complete --timeout=-1s job/{name}\n"
        ));
    }
    text.push_str(
        "#\n# A step that fails never becomes complete; `kubectl get jobs` says so. Then delete the Jobs and begin again: what is\n\
         # done ends at once.\n",
    );
    for (at, (step, name)) in steps.iter().zip(&names).enumerate() {
        text.push_str(&job(run, args, step, name, at > 0));
    }
    text
}

/// Name of a step's Job: `step2-signals-code15-sample`, in the letters that Kubernetes takes.
fn job_name(run: &SubmittedRun<'_>, step: &SubmitStep) -> String {
    let name = format!("step{}-{}-{}", step.name, run.pipeline, run.profile).to_lowercase();
    let allowed = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let name: String = allowed.take(LONGEST_NAME).collect();
    name.trim_end_matches('-').to_owned()
}

/// The Job of a step.
fn job(
    run: &SubmittedRun<'_>,
    args: &KubernetesArgs,
    step: &SubmitStep,
    name: &str,
    suspended: bool,
) -> String {
    let shards = run.shared.shards;
    let most = shards.min(MOST_INDEXES);
    let (spread, on_refusal) = match step.work {
        StepWork::Shares(_) => (
            format!(
                "  completionMode: Indexed\n  completions: {shards}\n  parallelism: {most}\n  \
                 backoffLimitPerIndex: {RETRIES}\n  maxFailedIndexes: {most}\n"
            ),
            "FailIndex",
        ),
        StepWork::Stages(_) | StepWork::Rest => (format!("  backoffLimit: {RETRIES}\n"), "FailJob"),
    };
    let words = [
        vec!["ecgfm".to_owned(), "run".to_owned()],
        target_arguments(&run.shared.target),
        step_arguments(&step.work, &format!("auto/{shards}")),
    ];
    let suspend = if suspended { "  suspend: true\n" } else { "" };
    format!(
        r#"---
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
{suspend}{spread}  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # Wrong configuration or bad input: another try ends the same way.
      - action: {on_refusal}
        onExitCodes:
          containerName: ecgfm
          operator: In
          values: [2, 3]
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: {GRACE_SECONDS}
      containers:
        - name: ecgfm
          image: {image}
          command: {command}
          workingDir: {mount}
{resources}          volumeMounts:
            - name: data
              mountPath: {mount}
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {claim}
"#,
        image = json!(args.image),
        command = json!(words.concat()),
        mount = json!(args.mount.to_string_lossy()),
        claim = json!(args.claim),
        resources = resources(run, step),
    )
}

/// Resources of a step's pods; nothing where none are asked for.
fn resources(run: &SubmittedRun<'_>, step: &SubmitStep) -> String {
    let shared = run.shared;
    let gpus = Some(shared.gpus_per_task).filter(|gpus| *gpus > 0 && step.runs_model);
    let asked = [
        ("cpu", shared.cpus_per_task.map(|cpus| cpus.to_string())),
        ("memory", shared.mem.clone()),
        ("nvidia.com/gpu", gpus.map(|gpus| gpus.to_string())),
    ];
    let lines = asked.iter().filter_map(|(name, value)| {
        let value = json!(value.as_ref()?);
        Some(format!("              {name}: {value}\n"))
    });
    let lines: String = lines.collect();
    match lines.is_empty() {
        true => lines,
        false => format!("          resources:\n            limits:\n{lines}"),
    }
}
