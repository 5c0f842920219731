//! `ecgfm run --dry-run`: what a run takes, held against the run.

use crate::common::{ecgfm, ok};
use ecgfm_system::disk::free_bytes;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Exams of the run: more than are measured first.
const EXAMS: &str = "synth.exams=40";

/// `ecgfm run code15` on a few exams, with further arguments.
fn run(workdir: &Path, further: &[&str]) -> Command {
    let mut command = ecgfm();
    command.args(["run", "code15", "--workdir"]).arg(workdir);
    command.args(["--set", EXAMS]).args(further);
    command
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&ok(command.args(["--json", "--quiet"]))).unwrap()
}

/// Bytes of a stage's outputs by `lock.json`.
fn left(lock: &Value, stage: &str) -> f64 {
    let outputs = lock["stages"][stage]["outputs"].as_object().unwrap();
    outputs.values().map(|file| file["size"].as_f64().unwrap()).sum()
}

#[test]
fn a_dry_run_says_what_the_run_then_takes() {
    let dir = tempfile::tempdir().unwrap();
    let said = json(&mut run(dir.path(), &["--dry-run"]));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "it leaves nothing");
    let estimate = &said["estimate"];
    let stages = estimate["stages"].as_array().unwrap();
    let named: Vec<&str> = stages
        .iter()
        .map(|stage| stage["stage"].as_str().unwrap())
        .collect();
    let planned = said["plan"].as_array().unwrap().iter();
    assert_eq!(
        named,
        planned
            .map(|stage| stage["stage"].as_str().unwrap())
            .collect::<Vec<_>>()
    );

    let ran = json(&mut run(dir.path(), &[]));
    assert_eq!(ran.get("estimate"), None);
    let lock = fs::read_to_string(dir.path().join("code15/sample/lock.json")).unwrap();
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let within = |estimated: &Value, is: f64, factor: f64| {
        let ratio = estimated.as_f64().unwrap() / is;
        assert!(
            (1.0 / factor..factor).contains(&ratio),
            "{estimated} of {is}: {estimate:#}"
        );
    };
    let mut all = 0.0;
    for stage in stages {
        let left = left(&lock, stage["stage"].as_str().unwrap());
        all += left;
        match stage["not_estimated"].as_str() {
            // A machine that does much else.
            Some(why) => assert!(why.contains("longer") || why.contains("before it"), "{why}"),
            None if left > 1e6 => within(&stage["writes_bytes"], left, 2.0),
            None => assert!(stage["seconds"].as_f64().unwrap() > 0.0, "{stage}"),
        }
    }
    within(&estimate["needs_bytes"], all, 2.0);
    let count = |stage: &str| lock["stages"][stage]["counts"]["segments"].as_f64().unwrap();
    within(&estimate["segments"], count("signals"), 1.25);
    let infer = stages.iter().find(|stage| stage["stage"] == "infer").unwrap();
    if infer.get("not_estimated").is_none() {
        within(&infer["items"], count("infer"), 1.25);
    }
    assert_eq!(
        json(&mut run(dir.path(), &["--dry-run"]))["estimate"]["stages"],
        Value::Array(Vec::new())
    );
}

#[test]
fn a_quick_dry_run_measures_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let said = json(&mut run(dir.path(), &["--dry-run=quick"]));
    assert_eq!(said.get("estimate"), None);
    assert_eq!(said["plan"].as_array().unwrap().len(), 11);
}

#[test]
fn a_run_that_the_disk_does_not_hold_is_refused_before_it_starts() {
    let dir = tempfile::tempdir().unwrap();
    // 4 million exams are more than 600 GB.
    if free_bytes(dir.path()).unwrap() > 300 << 30 {
        eprintln!("SKIPPED: the disk would hold them");
        return;
    }
    for further in [&[][..], &["--dry-run"]] {
        let output = run(dir.path(), &["--set", "synth.exams=4000000"])
            .args(further)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(75), "{told}");
        assert!(
            told.contains("error: the run needs about") && told.contains("GiB are free there"),
            "{told}"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "it leaves nothing");
    }
}
