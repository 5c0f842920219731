//! What is printed, as people read it.

use crate::common::{ecgfm, ok};
use crate::plain::command;
use serde_json::Value;
use std::process::Command;

const OPTIONS: [&str; 8] = [
    "--shards",
    "8",
    "--gpus-per-task",
    "1",
    "--cpus-per-task",
    "4",
    "--mem",
    "16G",
];

/// The command for an engine, in a directory without runs.
fn submit(dir: &tempfile::TempDir, engine: &str, further: &[&str]) -> Command {
    let mut command = ecgfm();
    command.current_dir(dir.path());
    command.args(["submit", engine, "code15", "--set", "vars.title=It's mine {1}"]);
    command.args(OPTIONS).args(further);
    command
}

/// What it prints, with the program's path replaced.
fn printed(engine: &str, further: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let text = ok(&mut submit(&dir, engine, further));
    text.replace(ecgfm().get_program().to_str().unwrap(), "/opt/ecgfm")
}

#[test]
fn a_script_for_slurm() {
    let queue = ["--time", "02:00:00", "--partition", "gpu", "--account", "ecg"];
    insta::assert_snapshot!(printed("slurm", &queue));
}

#[test]
fn jobs_for_kubernetes() {
    insta::assert_snapshot!(printed(
        "kubernetes",
        &["--image", "registry.example/ecgfm:0.1.0", "--claim", "ecg"]
    ));
}

#[test]
fn a_snakefile() {
    let queue = ["--time", "2h", "--partition", "gpu", "--account", "ecg"];
    insta::assert_snapshot!(printed("snakemake", &queue));
}

#[test]
fn json_has_the_steps_and_the_text() {
    let dir = tempfile::tempdir().unwrap();
    let said: Value =
        serde_json::from_str(&ok(submit(&dir, "slurm", &["--json"]).env("PATH", "/nowhere"))).unwrap();
    assert_eq!(said["steps"][1]["work"]["shares"], "signals", "{said}");
    assert_eq!(said["steps"][4]["work"], "rest");
    assert!(
        said["text"]
            .as_str()
            .unwrap()
            .starts_with("#!/usr/bin/env bash\n")
    );
}

#[test]
fn without_sbatch_nothing_is_submitted_and_the_reason_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let output = submit(&dir, "slurm", &["--submit"])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot submit: `sbatch` does not start here"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_is_done_is_not_submitted_again_to_slurm() {
    let dir = tempfile::tempdir().unwrap();
    ok(&mut command(
        dir.path(),
        &["run"],
        &["--only", "synth", "--quiet"],
    ));
    let steps = |engine: &[&str]| {
        let said = ok(&mut command(
            dir.path(),
            &[&["submit"], engine].concat(),
            &["--shards=2", "--json"],
        ));
        let said: Value = serde_json::from_str(&said).unwrap();
        said["steps"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(steps(&["slurm"]), "1-signals");
    // It may run where this disk is not.
    assert_eq!(steps(&["snakemake"]), "1-before-signals");
}

#[test]
fn a_value_that_an_engine_would_take_for_more_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = submit(&dir, "slurm", &["--partition", "gpu --wrap=x"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}
