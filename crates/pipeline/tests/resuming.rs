//! A stage that works in chunks and is killed anywhere goes on from those that are whole, and a complete one is never done again.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, atomic::AtomicU32};

use ecgfm_pipeline::failpoint::{POINTS, Point};
use ecgfm_pipeline::{Cancel, Environment, Graph, Pipeline, RunEvent, RunObserver, RunOptions, RunSettings};

/// Where the child process finds its working directory.
const WORKDIR: &str = "TOY_WORKDIR";
const PIPELINE: &str =
    "name: toy\nprofiles: { sample: }\nstages: { slow: { uses: slow, with: { from: [], word: W } } }";

fn graph(workdir: &Path, word: &str) -> Graph {
    let settings = RunSettings {
        workdir: workdir.to_owned(),
        environment: Environment::Fixed([].into()),
        ..RunSettings::default()
    };
    let kinds = toys::kinds(&Arc::new(AtomicU32::new(1)));
    let text = PIPELINE.replace('W', word);
    Pipeline::parse("toy.yaml", &text)
        .unwrap()
        .graph(&kinds, &settings)
        .unwrap()
}

/// Writes down what a run says, for the parent.
struct Loud(PathBuf);

impl RunObserver for Loud {
    fn event(&self, event: &RunEvent) {
        let said = fs::read_to_string(&self.0).unwrap_or_default();
        fs::write(&self.0, format!("{said}{event:?}\n")).unwrap();
    }
}

/// Not a test of its own: what the other one starts as a process, to kill it.
#[test]
fn child() {
    let Some(workdir) = std::env::var_os(WORKDIR).map(PathBuf::from) else {
        return;
    };
    let graph = graph(&workdir, "w");
    let loud = Loud(workdir.join("said"));
    graph
        .run(&RunOptions::default(), &loud, &Cancel::default())
        .unwrap();
}

fn run(workdir: &Path, failpoint: &str) -> (Output, String) {
    let said = workdir.join("said");
    let _ = fs::remove_file(&said);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child"]).env(WORKDIR, workdir);
    let output = command.env("ECGFM_FAILPOINT", failpoint).output().unwrap();
    (output, fs::read_to_string(said).unwrap_or_default())
}

fn parts(workdir: &Path) -> Vec<String> {
    let parts = (0..3).map(|i| workdir.join(format!("toy/sample/slow/part{i}")));
    parts.map(|p| fs::read_to_string(p).unwrap_or_default()).collect()
}

#[test]
fn a_stage_killed_at_any_point_keeps_its_chunks() {
    let mut reached = 0;
    for (point, nth) in POINTS.iter().map(|p| (*p, 1)).chain([(Point::FileDone, 2)]) {
        let dir = tempfile::tempdir().unwrap();
        let (output, _) = run(dir.path(), &format!("{}:{nth}", point.name()));
        if output.status.signal() != Some(9) {
            assert!(output.status.success(), "{point:?}");
            continue;
        }
        reached += 1;
        let (again, said) = run(dir.path(), "");
        assert!(again.status.success(), "{point:?}");
        assert_eq!(parts(dir.path()), ["0", "1", "2"], "{point:?}");
        let has_parts = point > Point::ChunksCreate;
        let complete = point > Point::JournalRename;
        assert_eq!(
            said.contains("resumed: true"),
            has_parts && !complete,
            "{point:?}: {said}"
        );
        assert_eq!(said.contains("Fresh"), complete, "{point:?}: {said}");
        let left: Vec<_> = fs::read_dir(dir.path().join("toy/sample"))
            .unwrap()
            .flatten()
            .map(|e| e.file_name())
            .collect();
        assert_eq!(left.len(), 3, "{point:?}: {left:?}");
        assert_eq!(
            fs::read_dir(dir.path().join("toy/sample/slow")).unwrap().count(),
            3
        );
        assert!(graph(dir.path(), "w").status().unwrap().is_fresh(), "{point:?}");
    }
    // All but those of the atomic writers, and of replacing what was there.
    assert_eq!(reached, POINTS.len() - 6 + 1);
}
