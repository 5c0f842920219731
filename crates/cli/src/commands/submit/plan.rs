//! Order of the jobs that a pipeline is submitted as, read off its graph.

use serde::Serialize;
use std::collections::BTreeSet;

/// A stage as far as the order of jobs depends on it.
#[derive(Debug, Clone)]
pub struct StageToSubmit {
    /// Name of the stage.
    pub name: String,
    /// Names of the stages that it reads.
    pub upstream: Vec<String>,
    /// Set where it works in chunks.
    pub chunked: bool,
    /// Set where it runs a model, which a GPU makes faster.
    pub runs_model: bool,
    /// Set where its outputs are in place.
    pub done: bool,
}

/// What one job does, or each task of an array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepWork {
    /// These stages, which the next array needs.
    Stages(Vec<String>),
    /// Shares of this stage's chunks: an array.
    Shares(String),
    /// What is left of the pipeline.
    Rest,
}

/// A job, or an array of tasks, that runs when the one before it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubmitStep {
    /// Number from 1, and what it does: `1-before-signals`, `2-signals`, `5-rest`.
    pub name: String,
    /// What it does.
    pub work: StepWork,
    /// Set where it runs a model, or completes what one computed: that asks for the same kind of device, as chunks of another
    /// precision are computed again.
    pub runs_model: bool,
}

/// The jobs for what is not done, in their order; none where everything is.
pub fn plan_steps(stages: &[StageToSubmit]) -> Vec<SubmitStep> {
    let mut in_place: BTreeSet<&str> = stages
        .iter()
        .filter(|s| s.done)
        .map(|s| s.name.as_str())
        .collect();
    if in_place.len() == stages.len() {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut add = |what: &str, work, runs_model| {
        let name = format!("{}-{what}", steps.len() + 1);
        steps.push(SubmitStep {
            name,
            work,
            runs_model,
        });
    };
    let completes_model =
        |open: &[&StageToSubmit]| open.iter().any(|stage| stage.chunked && stage.runs_model);
    for stage in stages.iter().filter(|stage| stage.chunked && !stage.done) {
        let needed = before(stages, stage);
        let is_open = |other: &&StageToSubmit| {
            needed.contains(other.name.as_str()) && !in_place.contains(other.name.as_str())
        };
        let open: Vec<&StageToSubmit> = stages.iter().filter(is_open).collect();
        if !open.is_empty() {
            let names = open.iter().map(|stage| stage.name.clone()).collect();
            let what = format!("before-{}", stage.name);
            add(&what, StepWork::Stages(names), completes_model(&open));
            in_place.extend(open.iter().map(|stage| stage.name.as_str()));
        }
        add(
            &stage.name,
            StepWork::Shares(stage.name.clone()),
            stage.runs_model,
        );
    }
    let left = stages
        .iter()
        .filter(|stage| !in_place.contains(stage.name.as_str()));
    let left: Vec<&StageToSubmit> = left.collect();
    add("rest", StepWork::Rest, completes_model(&left));
    steps
}

/// Names of all stages that a stage depends on.
fn before<'a>(stages: &'a [StageToSubmit], stage: &'a StageToSubmit) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> = stage.upstream.iter().map(String::as_str).collect();
    // In running order, so that one pass from the end meets every stage after those that read it.
    for other in stages.iter().rev() {
        if found.contains(other.name.as_str()) {
            found.extend(other.upstream.iter().map(String::as_str));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stage by a line: its name, `*` where it works in chunks, `+` where it runs a model as well, and what it reads.
    fn stage(line: &str) -> StageToSubmit {
        let mut words = line.split_whitespace().map(str::to_owned);
        let name = words.next().unwrap_or_default();
        StageToSubmit {
            upstream: words.collect(),
            chunked: name.ends_with(['*', '+']),
            runs_model: name.ends_with('+'),
            done: false,
            name: name.trim_end_matches(['*', '+']).to_owned(),
        }
    }

    const CODE15: [&str; 9] = [
        "synth",
        "signals* synth",
        "labels signals",
        "splits signals",
        "manifests splits",
        "export",
        "infer+ manifests export signals",
        "predict infer",
        "evaluate predict labels",
    ];

    /// The steps, a line each; those that want a GPU end in `GPU`.
    fn told(done: &[&str], lines: &[&str]) -> Vec<String> {
        let mut stages: Vec<StageToSubmit> = lines.iter().map(|line| stage(line)).collect();
        for stage in &mut stages {
            stage.done = done.contains(&stage.name.as_str());
        }
        let tell = |step: &SubmitStep| {
            let stages = match &step.work {
                StepWork::Stages(names) => format!(": {}", names.join(" ")),
                StepWork::Shares(_) | StepWork::Rest => String::new(),
            };
            format!(
                "{}{stages}{}",
                step.name,
                if step.runs_model { " GPU" } else { "" }
            )
        };
        plan_steps(&stages).iter().map(tell).collect()
    }

    #[test]
    fn an_array_follows_what_it_reads_and_the_rest_comes_last() {
        let all = [
            "1-before-signals: synth",
            "2-signals",
            "3-before-infer: signals splits manifests export",
            "4-infer GPU",
            "5-rest GPU",
        ];
        assert_eq!(told(&[], &CODE15), all);
    }

    #[test]
    fn what_is_done_is_left_out() {
        let started = told(&["synth", "export"], &CODE15);
        assert_eq!(
            started[..2],
            ["1-signals", "2-before-infer: signals splits manifests"]
        );
        let ready = ["synth", "signals", "splits", "manifests", "export"];
        assert_eq!(told(&ready, &CODE15), ["1-infer GPU", "2-rest GPU"]);
        let inferred = [&ready[..], &["infer"]].concat();
        assert_eq!(told(&inferred, &CODE15), ["1-rest"]);
        let all = [&inferred[..], &["labels", "predict", "evaluate"]].concat();
        assert_eq!(told(&all, &CODE15), [""; 0]);
    }

    #[test]
    fn a_second_model_waits_for_nothing_that_it_does_not_read() {
        let panel = [
            "signals*",
            "infer_a+ signals",
            "infer_b+ signals",
            "panel infer_a infer_b",
        ];
        let steps = [
            "1-signals",
            "2-before-infer_a: signals",
            "3-infer_a GPU",
            "4-infer_b GPU",
            "5-rest GPU",
        ];
        assert_eq!(told(&[], &panel), steps);
    }

    #[test]
    fn a_pipeline_without_long_stages_is_one_job() {
        assert_eq!(told(&[], &["export", "predict"]), ["1-rest"]);
    }
}
