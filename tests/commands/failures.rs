//! With `--json`, a command that fails prints an object on standard output: what, where, what to do, what finished.

use crate::common::ecgfm;
use serde_json::Value;
use std::path::Path;

/// Runs a command that fails; its exit code and what it printed as JSON.
fn failed(arguments: &[&str]) -> (i32, Value) {
    let output = ecgfm().args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}"));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.starts_with("error: ") || told.contains("\nerror: "),
        "people are told, too: {told}"
    );
    (output.status.code().unwrap(), said)
}

#[test]
fn every_command_that_takes_json_fails_in_json() {
    for (arguments, code, kind) in [
        (&["run", "nosuch", "--json"][..], 2, "config"),
        (&["status", "nosuch", "--json"], 2, "config"),
        (&["graph", "code15", "--profile", "nosuch", "--json"], 2, "config"),
        (&["stage", "nosuch", "--out", "x", "--json"], 2, "config"),
        (&["kinds", "nosuch", "--json"], 2, "config"),
        (&["show", "nosuch", "--json"], 2, "config"),
        (&["sources", "nosuch", "--json"], 2, "config"),
        (&["fetch", "nosuch", "--json"], 2, "config"),
        (&["inspect", "nosuch.csv", "--json"], 3, "bad_input"),
        (&["verify", "nosuch", "--json"], 3, "bad_input"),
        (&["plot", "nosuch.mat", "--json"], 3, "bad_input"),
        (
            &["plot", "nosuch.mat", "--output", "a.png", "--json"],
            2,
            "config",
        ),
        (&["compare", "nosuch", "nosuch", "--json"], 3, "bad_input"),
        (
            &["export", "nosuch.pt", "--output", "x.ts", "--json"],
            3,
            "bad_input",
        ),
        (
            &["predict", "nosuch.mat", "--model", "nosuch.ts", "--json"],
            3,
            "bad_input",
        ),
        (&["synth", "--out", "/x", "--exams", "0", "--json"], 2, "config"),
        (&["run", "code15", "--nosuch", "--json"], 2, "config"),
    ] {
        let (exit, said) = failed(arguments);
        let error = &said["error"];
        assert_eq!(
            (exit, error["kind"].as_str()),
            (code, Some(kind)),
            "{arguments:?}: {said}"
        );
        assert_eq!(error["exit_code"], code, "{said}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{said}");
    }
}

/// A pipeline of two stages, the second of which fails on its input, after the first.
fn half_a_run(dir: &Path, wrong: &str) -> String {
    let raw = dir.join("raw");
    let made = ecgfm()
        .args(["synth", "--quiet", "--exams", "6", "--out"])
        .arg(&raw)
        .output()
        .unwrap();
    assert!(made.status.success());
    let path = dir.join("half.yaml");
    let text = format!(
        "name: half\nstages:\n  signals:\n    uses: signals\n    with: {{ raw: '{}' }}\n  splits:\n    uses: splits\n    \
         with:\n      records: ${{signals.records}}\n      fractions: [1.0]\n      names: [all]\n      {wrong}\n",
        raw.display()
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_failing_run_says_which_stage_and_what_finished() {
    let dir = tempfile::tempdir().unwrap();
    let workdir = dir.path().join("runs").display().to_string();
    let pipeline = half_a_run(dir.path(), "filter_cols: [exam_id]");
    let (exit, said) = failed(&["run", &pipeline, "--workdir", &workdir, "--json"]);
    assert_eq!(exit, 3, "{said}");
    assert_eq!(said["error"]["stage"], "splits", "{said}");
    assert_eq!(
        (&said["ran"], &said["failed"]),
        (&serde_json::json!(["signals"]), &serde_json::json!(["splits"]))
    );
    assert_eq!(said["profile"], "default");
    assert!(said["run_dir"].as_str().unwrap().starts_with(&workdir), "{said}");
}

#[test]
fn a_slip_in_a_pipeline_has_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = half_a_run(dir.path(), "seeed: 1");
    let (_, said) = failed(&["run", &pipeline, "--json"]);
    let place = &said["error"]["place"];
    assert_eq!(
        (&place["file"], place["line"].as_u64(), place["column"].as_u64()),
        (&Value::from(pipeline), Some(12), Some(7))
    );
    assert!(said["error"]["help"].as_str().unwrap().contains("seed"), "{said}");
    let (_, said) = failed(&["run", "code15", "--set", "vars.sed=1", "--json"]);
    assert_eq!(said["error"]["place"]["argument"], "--set vars.sed=1", "{said}");
}

#[test]
fn what_a_command_found_is_in_the_same_object_as_its_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let workdir = dir.path().join("runs").display().to_string();
    let pipeline = half_a_run(dir.path(), "seed: 1");
    let done = ecgfm()
        .args(["run", &pipeline, "--quiet", "--workdir", &workdir])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let run_dir = dir.path().join("runs/half/default");
    std::fs::write(run_dir.join("splits/meta_split.csv"), "damaged").unwrap();
    let (exit, said) = failed(&["verify", run_dir.to_str().unwrap(), "--json"]);
    assert_eq!(exit, 3);
    assert_eq!(
        said["changed"],
        serde_json::json!(["splits/meta_split.csv"]),
        "{said}"
    );
    assert_eq!(said["error"]["kind"], "bad_input", "{said}");
    assert!(!out.exists());
}

#[test]
fn a_drawing_is_written_under_no_name_that_it_is_not() {
    for (name, told) in [
        ("a.png", "rsvg-convert a.svg -o a.png"),
        ("a.pdf", "rsvg-convert -f pdf a.svg -o a.pdf"),
        ("a", "write `a.svg`"),
    ] {
        let (_, said) = failed(&["plot", "nosuch.mat", "--output", name, "--json"]);
        assert!(said["error"]["help"].as_str().unwrap().contains(told), "{said}");
    }
}
