//! A run that is divided among processes: each does a share of the chunks, and a run without a share completes it.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;

use ecgfm_pipeline::{
    Cancel, ErrorKind, Graph, RunEvent, RunObserver, RunOptions, Shard, ShareState, ShareSummary,
    SilentObserver, StageSelection, StageState,
};
use toys::Bench;

/// `slow` counts to three, a chunk each, once `first` is there.
const PIPELINE: &str = "\
name: toy
profiles: { sample: }
vars: { raw: RAW }
stages:
  first: { uses: signals, with: { raw: ${vars.raw}, store: packed } }
  slow: { uses: slow, with: { from: [${first.records}], word: w } }
  last: { uses: join, with: { from: ['${slow.dir}/part0'] } }
";

fn share(bench: &Bench, graph: &Graph, number: usize, count: usize) -> ShareSummary {
    let shard = Shard::new(number, count).unwrap();
    let done = graph.run_share(shard, &StageSelection::default(), bench, &bench.cancel);
    done.unwrap()
}

fn state(summary: &ShareSummary) -> Vec<(&str, ShareState)> {
    let stages = summary.stages.iter();
    stages.map(|done| (done.stage.as_str(), done.state)).collect()
}

fn missing(graph: &Graph, count: usize) -> (ShareState, Vec<usize>) {
    let found = graph.missing_shares(count, &StageSelection::default()).unwrap();
    let [slow] = &found[..] else { panic!("{found:?}") };
    (slow.state, slow.shares.clone())
}

fn parts(bench: &Bench) -> Vec<String> {
    let parts = (0..3).map(|part| bench.path(&format!("slow/part{part}")));
    parts
        .map(|path| fs::read_to_string(path).unwrap_or_default())
        .collect()
}

#[test]
fn shares_do_their_chunks_once_the_inputs_are_there_and_a_run_completes_the_stage() {
    let bench = Bench::new();
    let graph = bench.graph_of(PIPELINE, &[]).unwrap();
    assert_eq!(
        state(&share(&bench, &graph, 1, 2)),
        [("slow", ShareState::Waiting)]
    );
    assert_eq!(missing(&graph, 2), (ShareState::Waiting, vec![]));
    assert!(!bench.path("").exists(), "a share that waits writes nothing");
    bench.only(&graph, "first").unwrap();
    assert_eq!(missing(&graph, 2), (ShareState::Unfinished, vec![1, 2]));
    assert_eq!(state(&share(&bench, &graph, 2, 2)), [("slow", ShareState::Done)]);
    assert!(
        !bench.path("slow").exists() && !bench.path(".slow.tmp").exists(),
        "nothing is published"
    );
    assert_eq!(missing(&graph, 2), (ShareState::Unfinished, vec![1]));
    // Another number of shares at the next try.
    assert_eq!(missing(&graph, 3), (ShareState::Unfinished, vec![1, 3]));
    let status = graph.status().unwrap();
    let slow = status.stages.iter().find(|stage| stage.stage == "slow").unwrap();
    let count = slow.chunks.unwrap();
    assert_eq!((slow.state, count.there, count.of), (StageState::Partial, 1, 3));
    assert!(
        status.text().contains("1 of 3 chunks are there"),
        "{}",
        status.text()
    );
    share(&bench, &graph, 3, 3);
    // What is there is not done again: the run takes this for what it made.
    let chunks = fs::read_dir(bench.path(".slow.chunks"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(chunks.join("part1"), "of another process").unwrap();
    bench.run(&graph).unwrap();
    assert_eq!(parts(&bench), ["0", "of another process", "2"]);
    assert!(!bench.path(".slow.chunks").exists());
    assert_eq!(missing(&graph, 2), (ShareState::Fresh, vec![]));
    assert_eq!(state(&share(&bench, &graph, 1, 2)), [("slow", ShareState::Fresh)]);
    assert!(graph.status().unwrap().is_fresh());
}

#[test]
fn a_share_needs_no_lock_and_chunks_of_other_parameters_do_not_count() {
    let bench = Bench::new();
    let graph = bench.graph_of(PIPELINE, &[]).unwrap();
    bench.only(&graph, "first").unwrap();
    /// Does a share while a run holds the lock.
    struct Beside<'a>(&'a Graph);
    impl RunObserver for Beside<'_> {
        fn event(&self, event: &RunEvent) {
            if matches!(event, RunEvent::StageStarted { stage, .. } if stage == "slow") {
                let shard = Shard::new(1, 3).unwrap();
                let done = self.0.run_share(
                    shard,
                    &StageSelection::default(),
                    &SilentObserver,
                    &Cancel::default(),
                );
                assert_eq!(done.unwrap().stages[0].state, ShareState::Done);
            }
        }
    }
    graph
        .run(&RunOptions::default(), &Beside(&graph), &Cancel::default())
        .unwrap();
    assert_eq!(parts(&bench), ["0", "1", "2"]);
    let other = bench.graph_of(PIPELINE, &["slow.word=other"]).unwrap();
    share(&bench, &other, 1, 3);
    assert_eq!(missing(&other, 3), (ShareState::Unfinished, vec![2, 3]));
    bench.run(&graph).unwrap();
    assert!(!bench.path(".slow.chunks").exists(), "nothing goes on from them");
}

#[test]
fn a_share_that_is_interrupted_says_so_and_keeps_what_is_whole() {
    let bench = Bench::new();
    let stop = bench.dir.path().join("stop");
    fs::write(&stop, "").unwrap();
    let text = PIPELINE.replace("${first.records}", stop.to_str().unwrap());
    let graph = bench.graph_of(&text, &[]).unwrap();
    let shard = Shard::new(1, 1).unwrap();
    let error = graph
        .run_share(shard, &StageSelection::default(), &bench, &bench.cancel)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let found = graph.missing_shares(3, &StageSelection::default()).unwrap();
    assert_eq!(found[0].shares, [2, 3]);
}

#[test]
fn a_share_waits_for_inputs_that_clean_removed() {
    let bench = Bench::new();
    let text = PIPELINE.replace("${first.records}", "${first.dir}/large");
    let graph = bench.graph_of(&text, &[]).unwrap();
    bench.run(&graph).unwrap();
    fs::remove_dir_all(bench.path("slow")).unwrap();
    assert_eq!(missing(&graph, 2), (ShareState::Unfinished, vec![1, 2]));
    let cleaned = graph.clean(&["first".to_owned()], false).unwrap();
    assert!(cleaned[0].files > 0, "{cleaned:?}");
    assert_eq!(missing(&graph, 2), (ShareState::Waiting, vec![]));
    assert_eq!(
        state(&share(&bench, &graph, 1, 2)),
        [("slow", ShareState::Waiting)]
    );
    bench.run(&graph).unwrap();
    assert_eq!(parts(&bench), ["0", "1", "2"]);
}
