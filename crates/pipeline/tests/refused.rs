//! What the system does not let this program look at is a fault of the system, and never taken for absent.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ecgfm_pipeline::{Cancel, Error, ErrorKind, NoProgress, RunState, list_runs, run_stage, verify_outputs};
use toys::Bench;

/// Puts a link that leads to itself in the place of `path`: nobody may look behind it, not even root.
fn refuse(path: &Path) {
    let _ = fs::remove_dir_all(path);
    let _ = fs::remove_file(path);
    symlink(path.file_name().unwrap(), path).unwrap();
}

fn check<T: std::fmt::Debug>(result: Result<T, Error>, path: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StageFailed, "{error}");
    assert!(error.message().contains(path), "{error}");
    assert!(error.message().contains("symbolic links"), "{error}");
}

#[test]
fn outputs_are_not_missing() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    refuse(&bench.path("splits"));
    check(graph.status(), "splits");
    check(bench.run(&graph), "splits");
    check(
        verify_outputs(&bench.path(""), &NoProgress, &Cancel::default()),
        "splits",
    );
}

#[test]
fn records_are_not_missing() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    for name in [".publishing.json", "lock.json"] {
        bench.run(&graph).unwrap();
        refuse(&bench.path(name));
        check(graph.status(), name);
        check(bench.run(&graph), name);
        let listed = list_runs(&bench.dir.path().join("runs")).unwrap();
        let problem = listed[0].problem.as_ref().unwrap();
        assert_eq!((listed.len(), listed[0].state), (1, RunState::Unreadable));
        assert!(
            problem.contains(name) && problem.contains("symbolic links"),
            "{problem}"
        );
        fs::remove_file(bench.path(name)).unwrap();
    }
}

#[test]
fn a_run_that_cannot_be_read_does_not_hide_the_others() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let workdir = bench.dir.path().join("runs");
    refuse(&workdir.join("other"));
    refuse(&workdir.join("toy/broken"));
    let listed = list_runs(&workdir).unwrap();
    let rows: Vec<(&str, &str, RunState)> = listed
        .iter()
        .map(|run| (run.pipeline.as_str(), run.profile.as_str(), run.state))
        .collect();
    assert_eq!(
        rows,
        [
            ("other", "", RunState::Unreadable),
            ("toy", "broken", RunState::Unreadable),
            ("toy", "sample", RunState::Idle),
        ]
    );
    assert!(listed[1].problem.as_ref().unwrap().contains("toy/broken"));
    check(list_runs(&workdir.join("other")), "other");
}

#[test]
fn chunks_of_an_interrupted_stage_are_not_thrown_away() {
    let bench = Bench::new();
    let text = "name: toy\nprofiles: { sample: }\nstages: { slow: { uses: slow, with: { from: [] } } }";
    let graph = bench.graph_of(text, &[]).unwrap();
    let chunks = bench.path(".slow.chunks");
    fs::create_dir_all(bench.path("")).unwrap();
    refuse(&chunks);
    check(graph.status(), "slow");
    check(bench.run(&graph), "slow");
    assert!(fs::symlink_metadata(&chunks).is_ok());
}

#[test]
fn a_directory_for_one_stage_is_not_free() {
    let bench = Bench::new();
    let kind = bench.kinds.get("signals").unwrap();
    let out = bench.dir.path().join("alone");
    refuse(&out);
    let raw = format!("raw={}", bench.raw().display());
    let ran = run_stage(kind.as_ref(), &[raw], &out, true, &bench, &bench.cancel);
    check(ran.map(drop), "alone");
}
