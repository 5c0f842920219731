//! A stage that reads the same bytes does not run again, and what it reads is all that counts.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;

use ecgfm_pipeline::{LockFile, StageState, StaleReason};
use toys::Bench;

fn states(bench: &Bench, set: &[&str]) -> Vec<StageState> {
    bench
        .graph(set)
        .status()
        .unwrap()
        .stages
        .iter()
        .map(|s| s.state)
        .collect()
}

#[test]
fn what_follows_a_rerun_that_changed_nothing_does_not_run() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    // The toy's split depends on whether the seed is odd.
    let set = &["vars.seed=44"];
    let before = states(&bench, set);
    let (fresh, stale, undecided) = (StageState::Fresh, StageState::Stale, StageState::Undecided);
    assert_eq!(before, [fresh, fresh, stale, undecided, undecided]);
    let summary = bench.run(&bench.graph(set)).unwrap();
    assert_eq!(summary.ran, ["splits"]);
    assert_eq!(summary.fresh, ["signals", "labels", "manifests", "report"]);
    assert!(states(&bench, set).iter().all(|s| *s == StageState::Fresh));
}

#[test]
fn a_forced_stage_that_leaves_the_same_leaves_the_rest_fresh() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    let forced = bench.run_with(&graph, |o| {
        o.force = true;
        o.selection.only = vec!["signals".to_owned()];
    });
    assert_eq!(forced.unwrap().ran, ["signals"]);
    assert!(graph.status().unwrap().is_fresh());
    assert!(bench.run(&graph).unwrap().ran.is_empty());
}

#[test]
fn a_parameter_without_effect_makes_nothing_stale_and_is_recorded_when_the_stage_runs() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let graph = bench.graph(&["signals.threads=1"]);
    assert!(graph.status().unwrap().is_fresh());
    assert!(bench.run(&graph).unwrap().ran.is_empty());
    fs::write(bench.raw(), "three\n").unwrap();
    bench.run(&graph).unwrap();
    let lock = LockFile::read(&bench.path("")).unwrap().unwrap();
    assert_eq!(lock.stages["signals"].parameters["threads"], 1);
}

#[test]
fn what_was_made_of_other_output_is_stale_when_a_crash_came_between() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    // As if the process had died after its first stage.
    fs::write(bench.raw(), "three\n").unwrap();
    bench.only(&graph, "signals").unwrap();
    let states: Vec<StageState> = graph.status().unwrap().stages.iter().map(|s| s.state).collect();
    let (fresh, stale, undecided) = (StageState::Fresh, StageState::Stale, StageState::Undecided);
    assert_eq!(states, [fresh, stale, stale, stale, undecided]);
    assert_eq!(
        bench.run(&graph).unwrap().ran,
        ["labels", "splits", "manifests", "report"]
    );
    assert!(graph.status().unwrap().is_fresh());
}

#[test]
fn a_file_that_only_another_file_names_counts() {
    let bench = Bench::new();
    let text = "name: toy\nprofiles: { sample: }\nstages:\n  signals: { uses: signals, with: { raw: RAW } }\n  \
                list: { uses: list, with: { from: [\"${signals.store}\"] } }\n  follow: { uses: follow, with: { raw: \"${list.joined}\" } }\n";
    let text = text.replace("signals.store", "signals.records");
    let graph = bench.graph_of(&text, &[]).unwrap();
    bench.run(&graph).unwrap();
    fs::write(bench.raw(), "three\n").unwrap();
    assert_eq!(bench.run(&graph).unwrap().ran, ["signals", "list", "follow"]);
    // The list is the same; what it names is not.
    fs::write(bench.raw(), "four\n").unwrap();
    bench.only(&graph, "signals").unwrap();
    bench.only(&graph, "list").unwrap();
    let status = bench.status(&graph);
    assert!(status.contains("signals, read through raw, has"), "{status}");
    assert_eq!(bench.run(&graph).unwrap().ran, ["follow"]);
    assert_eq!(
        fs::read_to_string(bench.path("follow/joined.txt")).unwrap(),
        "FOUR\n"
    );
}

#[test]
fn what_an_output_only_points_at_counts() {
    let bench = Bench::new();
    let text = "name: toy\nprofiles: { sample: }\nstages:\n  view: { uses: view, with: { raw: RAW } }\n  \
                develop: { uses: develop, with: { raw: \"${view.dir}\" } }\n";
    let graph = bench.graph_of(text, &[]).unwrap();
    bench.run(&graph).unwrap();
    fs::write(bench.raw(), "three\n").unwrap();
    assert_eq!(bench.run(&graph).unwrap().ran, ["view", "develop"]);
    assert_eq!(
        fs::read_to_string(bench.path("develop/joined.txt")).unwrap(),
        "three\n"
    );
    assert!(graph.status().unwrap().is_fresh());
}

#[test]
fn parts_of_an_interrupted_run_are_promised_only_where_it_is_sure_to_go_on() {
    let bench = Bench::new();
    let stop = bench.dir.path().join("stop");
    fs::write(&stop, "").unwrap();
    let text = "name: toy\nprofiles: { sample: }\nvars: { seed: 1 }\nstages:\n  signals: { uses: signals, with: { raw: RAW } }\n  \
                splits: { uses: splits, with: { records: \"${signals.records}\", seed: \"${vars.seed}\" } }\n  \
                slow: { uses: slow, with: { from: [\"${splits.meta}\", STOP] } }\n";
    let text = text.replace("STOP", stop.to_str().unwrap());
    let graph = |seed: &str| bench.graph_of(&text, &[&format!("vars.seed={seed}")]).unwrap();
    bench.run(&graph("1")).unwrap_err();
    fs::remove_file(&stop).unwrap();
    let told = |seed| {
        let status = graph(seed).status().unwrap();
        let slow = status.stages.last().unwrap();
        (slow.state, slow.reasons.contains(&StaleReason::PartsKept))
    };
    assert_eq!(told("1"), (StageState::Partial, false));
    // Another seed may give the same split, or not.
    assert_eq!(told("2"), (StageState::Missing, true));
    assert_eq!(told("3"), (StageState::Missing, true));
}
