//! How the program behaves among others: streams that are closed or full, directories and files that are not its own.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Bench, ecgfm, ok};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A small synthetic archive in `raw`.
fn archive(dir: &Path) {
    ok(&mut synth(&dir.join("raw"), "6", "0"));
}

fn synth(out: &Path, exams: &str, seed: &str) -> Command {
    let mut command = ecgfm();
    command.args(["synth", "--quiet", "--exams", exams, "--seed", seed, "--out"]);
    command.arg(out);
    command
}

/// `ecgfm run` of the full profile without inference, on `raw` in the directory it is started in.
fn run(dir: &Path) -> Command {
    let mut command = ecgfm();
    command.current_dir(dir).args([
        "run",
        "code15",
        "--profile",
        "full",
        "--until",
        "splits",
        "--set",
        "vars.raw=raw",
    ]);
    command
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    OwnedFd::from(writer).into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn a_run_does_not_depend_on_anyone_listening() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    for (at, stderr) in [closed(), full()].into_iter().enumerate() {
        let mut command = run(dir.path());
        command.args(["--workdir", &format!("runs{at}"), "--verbose"]);
        let output = command.stdout(closed()).stderr(stderr).output().unwrap();
        assert_eq!(code(&output), Some(0));
        let lock = fs::read_to_string(dir.path().join(format!("runs{at}/code15/full/lock.json"))).unwrap();
        assert!(lock.contains("\"splits\": {"), "every stage ran");
    }
    let wrong = ecgfm().args(["run", "nosuch"]).stderr(full()).output().unwrap();
    assert_eq!(code(&wrong), Some(2), "an error keeps its code");
}

#[test]
fn a_result_that_could_not_be_written_is_not_taken_for_one() {
    for arguments in [&["kinds"][..], &["graph", "code15", "--json"]] {
        let output = ecgfm().args(arguments).stdout(full()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), Some(1), "{arguments:?}: {told}");
        assert_eq!(told.matches("standard output").count(), 1, "{told}");
    }
    let gone = ecgfm().arg("kinds").stdout(closed()).output().unwrap();
    assert_eq!(code(&gone), Some(0), "who stops reading has what he wanted");
}

#[test]
fn of_two_programs_that_write_one_directory_the_second_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("archive");
    let mut first = synth(&out, "3000", "1").spawn().unwrap();
    let lock = dir.path().join(".archive.lock");
    let began = Instant::now();
    while !lock.exists() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = synth(&out, "5", "2").output().unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(code(&second), Some(4), "{told}");
    assert!(told.contains("in use by process"), "{told}");
    assert!(first.wait().unwrap().success());
    let made = fs::read_to_string(out.join("synth.json")).unwrap();
    assert!(made.contains("3000"), "{made}");
    assert!(!lock.exists());
}

#[test]
fn a_finished_run_is_looked_at_from_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    ok(&mut run(dir.path()));
    let run_dir = dir.path().join("runs/code15/full");
    for (place, name) in [
        (run_dir.as_path(), "."),
        (Path::new("/"), run_dir.to_str().unwrap()),
    ] {
        for _ in 0..2 {
            let told = ok(ecgfm()
                .current_dir(place)
                .args(["verify", "--inputs", "--json", name]));
            let found: serde_json::Value = serde_json::from_str(&told).unwrap();
            assert_eq!(found["inputs_changed"], serde_json::json!([]), "{told}");
            assert_eq!(found["inputs"]["missing"], serde_json::json!([]), "{told}");
        }
        let drawn = ok(ecgfm()
            .current_dir(place)
            .args(["plot", name, "--ecg", "0", "--output", "-"]));
        assert!(drawn.contains("<svg"), "{drawn}");
    }
}

#[test]
fn a_run_that_is_kept_inside_its_data_is_no_part_of_them() {
    let dir = tempfile::tempdir().unwrap();
    archive(dir.path());
    let raw = dir.path().join("raw");
    for stages in [2, 0] {
        let told = ok(run(&raw).args(["--set", "vars.raw=.", "--json"]));
        let summary: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(summary["ran"].as_array().unwrap().len(), stages, "{told}");
    }
    // Another run beside it is none either.
    let pipeline = fs::read_to_string(common::root().join("pipelines/code15.yaml")).unwrap();
    fs::write(
        dir.path().join("other.yaml"),
        pipeline.replacen("name: code15", "name: other", 1),
    )
    .unwrap();
    let mut other = ecgfm();
    other
        .current_dir(&raw)
        .args(["run", "../other.yaml", "--profile", "full", "--until", "splits"]);
    ok(other.args(["--set", "vars.raw=."]));
    let told = ok(run(&raw).args(["--set", "vars.raw=.", "--json"]));
    let summary: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(summary["ran"], serde_json::json!([]), "{told}");
    for word in ["recorded in inputs.json now", "files of input are intact"] {
        let told = ok(ecgfm()
            .current_dir(&raw)
            .args(["verify", "--inputs", "runs/code15/full"]));
        assert!(told.contains(word) && !told.contains("input extra"), "{told}");
    }
    let stage = ["stage", "signals", "--with", "raw=.", "--out", "mine"];
    ok(ecgfm().current_dir(&raw).args(stage));
    // What that stage left is no data of the next one.
    let again = ["stage", "signals", "--with", "raw=.", "--out", "mine", "--force"];
    ok(ecgfm().current_dir(&raw).args(again));
}

#[test]
fn a_graph_in_json_names_stages_with_what_they_read_and_leave() {
    let told = ok(ecgfm().args(["graph", "code15", "--json"]));
    let graph: serde_json::Value = serde_json::from_str(&told).unwrap();
    let stages = graph["stages"].as_array().unwrap();
    let stage = |name: &str| stages.iter().find(|stage| stage["name"] == name).unwrap();
    assert_eq!(stage("labels")["outputs"]["labels"], "labels.csv");
    let reads = serde_json::json!([{ "stage": "signals", "outputs": ["records"] }]);
    assert_eq!(stage("labels")["reads"], reads);
    assert_eq!(stage("splits")["parameters"]["seed"], 42);
}

#[test]
fn a_run_that_stops_before_the_evaluation_shows_none() {
    let Some(bench) = Bench::new() else { return };
    let whole = ok(&mut bench.command("run", &[]));
    assert!(
        whole.contains("auroc") && whole.contains("report.html"),
        "{whole}"
    );
    let other = ["--set", "predict.threshold=0.99", "--until", "predict"];
    assert_eq!(ok(&mut bench.command("run", &other)), "");
    let until = ok(&mut bench.command("run", &["--until", "evaluate"]));
    assert!(
        until.contains("auroc") && !until.contains("report.html"),
        "{until}"
    );
}

#[test]
fn an_export_replaces_nothing_but_an_export() {
    let Some(bench) = Bench::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::copy(bench.reference.join("model/tiny.pt"), path("tiny.pt")).unwrap();
    fs::copy(path("tiny.pt"), path("other.pt")).unwrap();
    fs::write(path("conf.json"), "{\"mine\": 1}").unwrap();
    fs::create_dir(path("folder")).unwrap();
    let export = |out: &str, more: &[&str]| {
        let mut command = ecgfm();
        command
            .current_dir(dir.path())
            .args(["export", "tiny.pt", "--output", out])
            .args(more);
        let output = command.output().unwrap();
        (
            code(&output),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    for (out, word) in [
        ("tiny.pt", "the checkpoint itself"),
        ("./folder/../tiny.pt", "the checkpoint itself"),
        ("other.pt", "no model that was exported"),
        ("conf.ts", "no model that was exported"),
        ("x.json", "card"),
        ("folder", "directory"),
    ] {
        let (code, told) = export(out, &[]);
        assert_eq!(code, Some(2), "{out}: {told}");
        assert!(told.contains(word) && told.contains("help: "), "{out}: {told}");
    }
    assert_eq!(export("model.ts", &["--labels", "nosuch"]).0, Some(2));
    let mut left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["conf.json", "folder", "other.pt", "tiny.pt"]);
    assert_eq!(
        fs::read(path("tiny.pt")).unwrap(),
        fs::read(path("other.pt")).unwrap()
    );
    for _ in 0..2 {
        let (code, told) = export("model.ts", &[]);
        assert_eq!(code, Some(0), "again: {told}");
    }
    assert!(path("model.json").exists());
}
