//! What a finished run does again, and what it does not.

use crate::common::ecgfm;
use crate::ground::{Ground, RUN, run_tree};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

fn json(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The pipeline's command with the settings of the finished run.
fn told(dir: &Path, verb: &str, further: &[&str]) -> Value {
    let mut command = Ground::get().courses[0].command(dir, verb, further);
    json(command.arg("--json"))
}

fn states(dir: &Path) -> Vec<(String, String)> {
    let status = told(dir, "status", &[]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stages = status["stages"].as_array().unwrap().iter();
    stages.map(|s| (text(&s["stage"]), text(&s["state"]))).collect()
}

#[test]
fn another_number_of_threads_runs_nothing() {
    let dir = Ground::finished();
    let run = told(dir.path(), "run", &["--set", "signals.threads=1"]);
    assert_eq!(run["ran"], serde_json::json!([]));
    // Every byte is the same, too, where it is made anew.
    let run = told(
        dir.path(),
        "run",
        &["--set", "signals.threads=1", "--only", "signals", "--force"],
    );
    assert_eq!(run["ran"], serde_json::json!(["signals"]));
    assert!(states(dir.path()).iter().all(|(_, state)| state == "fresh"));
    assert_eq!(run_tree(dir.path()), Ground::get().courses[0].finished().tree);
}

#[test]
fn another_card_of_the_model_is_another_input_of_infer() {
    let dir = Ground::finished();
    fs::remove_file(dir.path().join(RUN).join("export/model.json")).unwrap();
    let states = states(dir.path());
    let of = |stage: &str| states.iter().find(|(name, _)| name == stage).unwrap().1.clone();
    assert_eq!(
        (of("export"), of("infer")),
        ("stale".to_owned(), "undecided".to_owned())
    );
    let run = told(dir.path(), "run", &[]);
    assert_eq!(run["ran"], serde_json::json!(["export"]));
}

#[test]
fn what_clean_removes_is_made_again_when_a_stage_reads_it() {
    let dir = Ground::finished();
    let run_dir = dir.path().join(RUN);
    let expected = &Ground::get().courses[0].finished().tree;
    let cleaned = told(dir.path(), "clean", &[]);
    assert!(cleaned["bytes"].as_u64().unwrap() > 0, "{cleaned}");
    assert!(!run_dir.join("signals/segments").exists());
    assert_eq!(fs::read_dir(run_dir.join("synth")).unwrap().count(), 0);
    let removed: Vec<String> = states(dir.path())
        .into_iter()
        .filter(|(_, state)| state != "fresh")
        .map(|(stage, state)| format!("{stage} {state}"))
        .collect();
    assert_eq!(removed, ["synth cleaned", "signals cleaned"]);
    let verified = json(ecgfm().arg("verify").arg(&run_dir).arg("--json"));
    assert!(verified["cleaned"].as_u64().unwrap() > 0, "{verified}");
    assert_eq!(told(dir.path(), "run", &[])["ran"], serde_json::json!([]));
    // The report draws ECGs, for which it needs the segments, which need the archive.
    fs::remove_dir_all(run_dir.join("report")).unwrap();
    let run = told(dir.path(), "run", &[]);
    assert_eq!(run["ran"], serde_json::json!(["synth", "signals", "report"]));
    assert_eq!(&run_tree(dir.path()), expected);
    assert!(states(dir.path()).iter().all(|(_, state)| state == "fresh"));
}

#[test]
fn a_clean_that_is_killed_anywhere_is_completed_by_the_next() {
    for point in [
        "lock-create",
        "lock-rename",
        "lock-dir-sync",
        "stage-aside",
        "old-remove",
    ] {
        let dir = Ground::finished();
        let course = &Ground::get().courses[0];
        let mut command = course.command(dir.path(), "clean", &["signals"]);
        let killed = command.env("ECGFM_FAILPOINT", point).output().unwrap();
        assert!(!killed.status.success(), "{point}");
        let states = states(dir.path());
        let signals = &states.iter().find(|(stage, _)| stage == "signals").unwrap().1;
        assert!(
            ["fresh", "cleaned"].contains(&signals.as_str()),
            "{point}: {signals}"
        );
        let others = states.iter().filter(|(stage, _)| stage != "signals");
        assert!(others.into_iter().all(|(_, state)| state == "fresh"), "{point}");
        told(dir.path(), "clean", &["signals"]);
        let run_dir = dir.path().join(RUN);
        assert!(!run_dir.join("signals/segments").exists(), "{point}");
        let verified = json(ecgfm().arg("verify").arg(&run_dir).arg("--json"));
        assert_eq!(verified["extra"], serde_json::json!([]), "{point}");
        told(dir.path(), "run", &["--force", "--only", "signals"]);
        assert_eq!(&run_tree(dir.path()), &course.finished().tree, "{point}");
    }
}

#[test]
fn a_run_keeps_its_command_lines_and_what_it_told() {
    let dir = Ground::finished();
    let run_dir = dir.path().join(RUN);
    for name in ["commands.jsonl", "run.log"] {
        let _ = fs::remove_file(run_dir.join(name));
    }
    let course = &Ground::get().courses[0];
    told(dir.path(), "run", &["--dry-run"]);
    assert!(!run_dir.join("run.log").exists(), "a dry run writes nothing");
    told(dir.path(), "run", &["--quiet", "--set", "signals.threads=1"]);
    fs::write(dir.path().join(RUN).join("infer/outputs_test.npy"), "no array").unwrap();
    let mut fails = course.command(dir.path(), "run", &["--only", "predict", "--force"]);
    assert!(!fails.output().unwrap().status.success());
    let commands = fs::read_to_string(run_dir.join("commands.jsonl")).unwrap();
    let commands: Vec<Value> = commands
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let arguments = commands[0]["arguments"].as_array().unwrap();
    assert!(
        arguments.contains(&Value::from("signals.threads=1")),
        "{arguments:?}"
    );
    assert_eq!(
        (&commands[1]["exit"], &commands[3]["exit"]),
        (&Value::from(0), &Value::from(3))
    );
    let log = fs::read_to_string(run_dir.join("run.log")).unwrap();
    for line in ["0 stages ran", "error: stage `predict`: "] {
        assert!(log.contains(line), "{line} in\n{log}");
    }
    assert!(log.lines().all(|line| line.starts_with("20")), "{log}");
    let listed = json(ecgfm().args(["list", "--json", "--workdir"]).arg(dir.path()));
    assert_eq!(listed[0]["pipeline"], "code15");
    assert_eq!(listed[0]["state"], "idle");
    assert!(listed[0]["bytes"].as_u64().unwrap() > 0);
}
