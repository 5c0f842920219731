//! What is kept, given back and listed: `accept`, `clean`, `list`.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;
use std::sync::atomic::Ordering;

use ecgfm_pipeline::{LockFile, NoProgress, RunState, StageState, list_runs, verify_outputs};
use toys::Bench;

#[test]
fn what_an_older_version_left_can_be_accepted_where_nothing_else_changed() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    let accept = |set: &[&str]| bench.graph(set).accept(&["splits".to_owned()]);
    let mut shown = vec![accept(&[]).unwrap_err().render()];
    bench.version.store(3, Ordering::SeqCst);
    shown.push(bench.status(&graph));
    shown.push(accept(&["vars.seed=43"]).unwrap_err().render());
    let accepted = accept(&[]).unwrap();
    assert_eq!((accepted[0].1.made_by, accepted[0].1.version), (1, 3));
    let day = accepted[0].1.at.split('T').next().unwrap().to_owned();
    shown.push(bench.status(&graph).replace(&day, "<day>"));
    insta::assert_snapshot!(shown.join("\n"));
    assert!(bench.run(&graph).unwrap().ran.is_empty());
    let verified = verify_outputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    assert!(verified.is_intact() && verified.accepted.contains_key("splits"));
    // The next version is another matter, and what runs is no longer accepted.
    bench.version.store(4, Ordering::SeqCst);
    assert_eq!(bench.run(&graph).unwrap().ran, ["splits"]);
    let lock = LockFile::read(&bench.path("")).unwrap().unwrap();
    assert_eq!(lock.stages["splits"].accepted, None);
}

const CLEANED: &str = "\
name: toy
profiles: { sample: }
vars: { word: one }
stages:
  signals: { uses: signals, with: { raw: RAW } }
  labels: { uses: join, with: { from: [${signals.records}], word: ${vars.word} } }
  list: { uses: list, with: { from: [${signals.records}] } }
  follow: { uses: follow, with: { raw: ${list.joined} } }
";

#[test]
fn what_clean_removes_makes_nothing_stale_and_is_made_again_for_who_reads_it() {
    let bench = Bench::new();
    let graph = bench.graph_of(CLEANED, &[]).unwrap();
    bench.run(&graph).unwrap();
    let would = graph.clean(&[], true).unwrap();
    assert!(bench.path("signals/large/segments").exists(), "a dry run");
    assert_eq!(graph.clean(&[], false).unwrap(), would);
    assert_eq!(
        (would[0].stage.as_str(), would[0].files, would[0].bytes),
        ("signals", 1, 8)
    );
    assert!(!bench.path("signals/large").exists());
    let mut shown = vec![bench.status(&graph)];
    assert!(bench.run(&graph).unwrap().ran.is_empty());
    let verified = verify_outputs(&bench.path(""), &NoProgress, &Default::default()).unwrap();
    assert!(
        verified.is_intact() && verified.cleaned == 1 && verified.intact == 5,
        "{verified:?}"
    );
    // The labels do not need it.
    let other = bench.graph_of(CLEANED, &["vars.word=two"]).unwrap();
    assert_eq!(bench.run(&other).unwrap().ran, ["labels"]);
    assert!(!bench.path("signals/large").exists());
    // Who reads through the list does.
    fs::remove_dir_all(bench.path("follow")).unwrap();
    shown.push(bench.status(&other));
    let only = bench.only(&other, "follow").unwrap_err();
    shown.push(only.render());
    let summary = bench.run(&other).unwrap();
    assert_eq!(summary.ran, ["signals", "follow"]);
    assert_eq!(summary.fresh, ["labels", "list"]);
    assert_eq!(
        fs::read_to_string(bench.path("follow/joined.txt")).unwrap(),
        "ONE\nTWO\n"
    );
    assert!(bench.path("signals/large/segments").exists());
    assert!(
        other
            .status()
            .unwrap()
            .stages
            .iter()
            .all(|s| s.state == StageState::Fresh)
    );
    // Without what it was made of it cannot be made again.
    other.clean(&["signals".to_owned()], false).unwrap();
    fs::remove_file(bench.raw()).unwrap();
    shown.push(bench.status(&other));
    let lock = LockFile::read(&bench.path("")).unwrap().unwrap();
    let at = &lock.stages["signals"].cleaned.as_ref().unwrap().at;
    let day = at.split('T').next().unwrap();
    shown.push(
        bench
            .plain(&bench.run(&other).unwrap_err().render())
            .replace(day, "<day>"),
    );
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_stage_that_is_not_fresh_is_not_cleaned() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let cleaned = bench.graph(&["signals.sample_rate=7"]).clean(&[], false).unwrap();
    assert!(cleaned[0].kept.is_some() && cleaned[0].bytes == 0, "{cleaned:?}");
    assert!(bench.path("signals/large/segments").exists());
}

#[test]
fn runs_are_listed_with_their_sizes() {
    let bench = Bench::new();
    let workdir = bench.dir.path().join("runs");
    assert!(list_runs(&workdir).unwrap().is_empty());
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    let found = list_runs(&workdir).unwrap();
    assert_eq!((found.len(), found[0].state), (1, RunState::Idle));
    assert_eq!(
        (found[0].pipeline.as_str(), found[0].profile.as_str()),
        ("toy", "sample")
    );
    assert_eq!(found[0].stages["signals"], 24);
    graph.clean(&[], false).unwrap();
    let found = list_runs(&workdir).unwrap();
    assert_eq!(
        (found[0].stages["signals"], &found[0].cleaned),
        (16, &vec!["signals".to_owned()])
    );
    let held = fs::File::open(bench.path(".lock")).unwrap();
    held.lock().unwrap();
    assert_eq!(list_runs(&workdir).unwrap()[0].state, RunState::Running);
    drop(held);
    fs::create_dir(bench.path(".labels.tmp")).unwrap();
    fs::write(bench.path(".labels.tmp/half"), "").unwrap();
    assert_eq!(list_runs(&workdir).unwrap()[0].state, RunState::Interrupted);
    fs::write(bench.path("lock.json"), "{").unwrap();
    let found = list_runs(&workdir).unwrap();
    assert_eq!(found[0].state, RunState::Damaged);
    assert!(found[0].problem.as_ref().unwrap().contains("lock.json"));
}
