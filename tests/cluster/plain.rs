//! The sample on a few exams, run by one process: what every engine must leave.

use crate::common::{ecgfm, ok};
use crate::ground::{RUN, Tree, run_tree_of, timeless};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Settings of a small run: few exams, few resamples.
pub const SETTINGS: [&str; 3] = [
    "synth.exams=64",
    "evaluate.bootstrap=20",
    "splits.fractions=[0.2, 0.2, 0.6]",
];
/// Of 64 exams eight chunks.
pub const CHUNK: (&str, &str) = ("ECGFM_CHUNK_LENGTH", "8");

/// The command on the small run, in a directory in which its paths begin.
pub fn command(dir: &Path, verb: &[&str], further: &[&str]) -> Command {
    let mut command = ecgfm();
    command.current_dir(dir).env(CHUNK.0, CHUNK.1);
    command.args(verb).arg("code15");
    SETTINGS.iter().for_each(|set| {
        command.args(["--set", set]);
    });
    command.args(further);
    command
}

/// What a run's directory holds, but for times and the place.
pub struct Finished {
    tree: Tree,
    lock: Value,
}

impl Finished {
    /// Of the run in `dir`/runs.
    pub fn read(dir: &Path) -> Self {
        let run_dir = dir.join("runs").join(RUN);
        let mut lock = timeless(&run_dir);
        // The directory in which it was started, which is another in every test.
        for stage in lock["stages"].as_object_mut().unwrap() {
            stage.1["directory"].take();
        }
        Self {
            tree: run_tree_of(&run_dir),
            lock,
        }
    }

    /// Of a run by one process.
    fn plain() -> &'static Self {
        static PLAIN: OnceLock<Finished> = OnceLock::new();
        PLAIN.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            ok(&mut command(dir.path(), &["run"], &[]));
            Self::read(dir.path())
        })
    }
}

/// Stops where the run in `dir` is not what one process leaves.
pub fn assert_as_plain(dir: &Path) {
    let (found, expected) = (Finished::read(dir), Finished::plain());
    assert!(expected.tree.len() > 20, "{} files", expected.tree.len());
    let names = || found.tree.keys().chain(expected.tree.keys());
    let differ: Vec<&String> = names()
        .filter(|name| found.tree.get(*name) != expected.tree.get(*name))
        .collect();
    assert!(differ.is_empty(), "{differ:?}");
    let mut differ = Vec::new();
    find_differences("", &found.lock, &expected.lock, &mut differ);
    assert!(differ.is_empty(), "lock.json is another: {}", differ.join("\n"));
    ok(ecgfm().arg("verify").arg(dir.join("runs").join(RUN)));
}

/// Places at which two values differ, and how.
fn find_differences(place: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    let (Some(in_a), Some(in_b)) = (a.as_object(), b.as_object()) else {
        if a != b {
            found.push(format!("{place}: {a}, not {b}"));
        }
        return;
    };
    let keys: BTreeSet<&String> = in_a.keys().chain(in_b.keys()).collect();
    for key in keys {
        find_differences(&format!("{place}/{key}"), &a[key], &b[key], found);
    }
}
