//! What a run does when things go wrong, and what it tells: never half of anything is in place.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use ecgfm_pipeline::{Cancel, Error, ErrorKind, LockFile, RunEvent, RunObserver, run_stage};
use toys::Bench;

const TROUBLE: &str = "\
name: toy
profiles: { sample: }
vars: { how: fail }
stages:
  bad: { uses: trouble, with: { from: [], word: ${vars.how} } }
  after: { uses: join, with: { from: [${bad.joined}] } }
  last: { uses: join, with: { from: [${after.joined}] } }
  apart: { uses: join, with: { from: [], word: fine } }
";

#[test]
fn a_failure_stops_the_run_or_only_what_depends_on_it() {
    let bench = Bench::new();
    let graph = bench.graph_of(TROUBLE, &[]).unwrap();
    let error = bench.run(&graph).unwrap_err();
    assert_eq!(
        (error.kind(), error.stage()),
        (ErrorKind::StageFailed, Some("bad"))
    );
    assert!(!bench.path("apart").exists());
    bench.take_events();
    let error = bench.run_with(&graph, |o| o.keep_going = true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StageFailed);
    assert!(bench.path("apart/joined.txt").exists());
    let Some(RunEvent::RunFinished {
        ran, failed, blocked, ..
    }) = bench.take_events().pop()
    else {
        panic!("the last event is the end of the run")
    };
    assert_eq!(
        (ran, failed, blocked),
        (
            vec!["apart".into()],
            vec!["bad".into()],
            vec!["after".into(), "last".into()]
        )
    );
    assert!(!bench.path("bad").exists(), "nothing half done is in place");
}

#[test]
fn failures_keep_their_class_and_a_panic_is_a_bug_report() {
    let bench = Bench::new();
    let fail = |how: &str| {
        let graph = bench.graph_of(TROUBLE, &[&format!("vars.how={how}")]).unwrap();
        let error = bench.run(&graph).unwrap_err();
        format!(
            "exit {}, bug {}\n{}",
            error.kind().exit_code(),
            error.is_bug(),
            error.render()
        )
    };
    let mut all = ["fail", "input", "panic", "promise"].map(fail).to_vec();
    fs::remove_file(bench.raw()).unwrap();
    let error = bench.run(&bench.graph(&[])).unwrap_err();
    all.push(bench.plain(&format!("exit {}\n{}", error.kind().exit_code(), error.render())));
    let graph = bench.graph_of(TROUBLE, &["apart.word=nonsense"]).unwrap();
    let error = bench.run(&graph).unwrap_err();
    all.push(format!("exit {}\n{}", error.kind().exit_code(), error.render()));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_interrupted_stage_goes_on_where_it_stopped() {
    let bench = Bench::new();
    let text = "name: toy\nprofiles: { sample: }\nstages: { slow: { uses: slow, with: { from: [STOP] } } }";
    let stop = bench.dir.path().join("stop");
    fs::write(&stop, "").unwrap();
    let text = text.replace("STOP", stop.to_str().unwrap());
    let graph = bench.graph_of(&text, &[]).unwrap();
    let error = bench.run(&graph).unwrap_err();
    assert_eq!(error.kind().exit_code(), 130);
    assert!(!bench.path("slow").exists());
    let mut shown = vec![bench.status(&graph), error.render()];
    shown.push(bench.status(&bench.graph_of(&text, &["slow.word=other"]).unwrap()));
    insta::assert_snapshot!(shown.join("\n"));
    fs::remove_file(&stop).unwrap();
    let bench = Bench {
        cancel: Default::default(),
        ..bench
    };
    bench.take_events();
    assert_eq!(bench.run(&graph).unwrap().ran, ["slow"]);
    let goes_on = RunEvent::Note {
        stage: "slow".to_owned(),
        message: "goes on".to_owned(),
    };
    assert!(bench.take_events().contains(&goes_on));
    let lock = LockFile::read(&bench.path("")).unwrap().unwrap();
    assert_eq!(
        lock.stages["slow"].outputs.keys().collect::<Vec<_>>(),
        ["part0", "part1", "part2"]
    );
    assert_eq!(fs::read_dir(bench.path("slow")).unwrap().count(), 3);
}

#[test]
fn parts_of_another_fingerprint_are_not_used_and_force_begins_anew() {
    let bench = Bench::new();
    let text = "name: toy\nprofiles: { sample: }\nstages: { slow: { uses: slow, with: { from: [] } } }";
    let graph = bench.graph_of(text, &[]).unwrap();
    fs::create_dir_all(bench.path(".slow.tmp")).unwrap();
    fs::write(bench.path(".slow.tmp/part0"), "of another run").unwrap();
    fs::write(bench.path(".slow.tmp/.fingerprint"), "0123").unwrap();
    bench.run(&graph).unwrap();
    assert_eq!(fs::read_to_string(bench.path("slow/part0")).unwrap(), "0");
    let begins = RunEvent::Note {
        stage: "slow".to_owned(),
        message: "begins".to_owned(),
    };
    assert!(bench.take_events().contains(&begins));
}

#[test]
fn a_crash_between_the_rename_and_the_record_loses_nothing() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let before = fs::read(bench.path("lock.json")).unwrap();
    let graph = bench.graph(&["vars.seed=43"]);
    bench
        .run_with(&graph, |o| o.selection.only = vec!["splits".to_owned()])
        .unwrap();
    // As if the process had died when the new directory was in place and lock.json still the old one.
    let record = LockFile::read(&bench.path("")).unwrap().unwrap().stages["splits"].clone();
    fs::write(bench.path("lock.json"), &before).unwrap();
    let journal = serde_json::json!({"stage": "splits", "record": record});
    fs::write(bench.path(".publishing.json"), journal.to_string()).unwrap();
    assert_eq!(bench.run(&graph).unwrap().ran, ["manifests", "report"]);
    assert!(!bench.path(".publishing.json").exists());
    // The same without the journal: the stage is seen not to be what the record says, and runs again.
    fs::write(bench.path("lock.json"), &before).unwrap();
    assert_eq!(bench.run(&graph).unwrap().ran, ["splits", "manifests", "report"]);
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_outputs() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    let record = LockFile::read(&bench.path("")).unwrap().unwrap().stages["splits"].clone();
    let mut other = record.clone();
    other
        .outputs
        .values_mut()
        .for_each(|f| f.blake3 = "00".to_owned());
    other.outputs.values_mut().for_each(|f| f.size = 1);
    let journal = serde_json::json!({"stage": "splits", "record": other});
    fs::write(bench.path(".publishing.json"), journal.to_string()).unwrap();
    fs::create_dir(bench.path(".splits.tmp")).unwrap();
    assert!(bench.run(&bench.graph(&[])).unwrap().ran.is_empty());
    assert_eq!(
        LockFile::read(&bench.path("")).unwrap().unwrap().stages["splits"],
        record
    );
}

#[test]
fn a_second_run_is_told_who_is_at_work_and_status_is_not_in_the_way() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("")).unwrap();
    let held = fs::File::create(bench.path(".lock")).unwrap();
    held.lock().unwrap();
    fs::write(bench.path(".lock"), "4711\n").unwrap();
    let graph = bench.graph(&[]);
    let error = bench.run(&graph).unwrap_err();
    assert_eq!(error.kind().exit_code(), 4);
    insta::assert_snapshot!(bench.plain(&error.render()));
    graph.status().unwrap();
    drop(held);
    bench.run(&graph).unwrap();
}

#[test]
fn a_spoilt_lock_file_is_an_error_and_not_a_fresh_start() {
    let bench = Bench::new();
    let graph = bench.graph(&[]);
    bench.run(&graph).unwrap();
    let mut shown = Vec::new();
    for text in [
        "{",
        "{\"version\": 9, \"pipeline\": \"\", \"profile\": \"\", \"vars\": {}, \"stages\": {}}",
    ] {
        fs::write(bench.path("lock.json"), text).unwrap();
        shown.push(bench.plain(&bench.run(&graph).unwrap_err().render()));
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn events_tell_the_whole_story() {
    let bench = Bench::new();
    bench.run(&bench.graph(&[])).unwrap();
    bench.take_events();
    bench.run(&bench.graph(&["signals.sample_rate=400"])).unwrap();
    let told: Vec<String> = bench
        .take_events()
        .iter()
        .skip(1)
        .map(|e| {
            let mut value = serde_json::to_value(e).unwrap();
            if value.get("seconds").is_some() {
                value["seconds"] = "...".into();
            }
            value.to_string()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn one_stage_runs_alone_on_explicit_files() {
    let bench = Bench::new();
    let kind = bench.kinds.get("signals").unwrap();
    let out = bench.dir.path().join("alone");
    let run = |with: &[&str], force: bool| {
        let with: Vec<String> = with.iter().map(|&s| s.to_owned()).collect();
        ecgfm_pipeline::run_stage(kind.as_ref(), &with, &out, force, &bench, &bench.cancel)
    };
    let raw = format!("raw={}", bench.raw().display());
    let mut shown = vec![
        run(&[], false).unwrap_err().render(),
        run(&["rau=x"], false).unwrap_err().render(),
    ];
    assert_eq!(
        run(&[&raw, "quality.flat=true"], false).unwrap().counts["read"],
        2
    );
    assert_eq!(fs::read_to_string(out.join("meta.csv")).unwrap(), "one\ntwo\n");
    shown.push(bench.plain(&run(&[&raw], false).unwrap_err().render()));
    run(&[&raw], true).unwrap();
    shown.push(bench.plain(&run(&["raw=/no/such"], true).unwrap_err().render()));
    assert!(out.join("meta.csv").exists());
    fs::remove_file(out.join(".stage.json")).unwrap();
    shown.push(bench.plain(&run(&[&raw], true).unwrap_err().render()));
    insta::assert_snapshot!(shown.join("\n"));
}

/// Runs a toy alone in `alone`.
fn alone(bench: &Bench, kind: &str, with: &[&str], observer: &dyn RunObserver) -> Result<(), Error> {
    let with: Vec<String> = with.iter().map(|&s| s.to_owned()).collect();
    let out = bench.dir.path().join("alone");
    let kind = bench.kinds.get(kind).unwrap();
    run_stage(kind.as_ref(), &with, &out, false, observer, &Cancel::default()).map(drop)
}

/// Where the chunks of the toy that runs alone are kept.
fn kept_chunks(bench: &Bench) -> PathBuf {
    let chunks = bench.dir.path().join(".alone.chunks");
    let mut works = fs::read_dir(chunks).unwrap().map(|entry| entry.unwrap().path());
    let work = works.next().unwrap();
    assert!(works.next().is_none());
    work
}

#[test]
fn a_stage_that_runs_alone_goes_on_where_it_was_interrupted() {
    let bench = Bench::new();
    let stop = bench.dir.path().join("stop");
    fs::write(&stop, "").unwrap();
    let from = format!("from=[{}]", stop.display());
    let error = alone(&bench, "slow", &[&from], &bench).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(
        error.render().contains("same command again"),
        "{}",
        error.render()
    );
    fs::write(kept_chunks(&bench).join("part0"), "as it was").unwrap();
    fs::remove_file(&stop).unwrap();
    bench.take_events();
    alone(&bench, "slow", &[&from], &bench).unwrap();
    let out = bench.dir.path().join("alone");
    assert_eq!(fs::read_to_string(out.join("part0")).unwrap(), "as it was");
    assert!(out.join("part2").exists());
    let goes_on =
        |event: &RunEvent| matches!(event, RunEvent::Note { message, .. } if message.starts_with("resuming"));
    assert!(bench.take_events().iter().any(goes_on));
    let mut left: Vec<_> = fs::read_dir(bench.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["alone", "raw.txt"], "no lock, no parts");
}

#[test]
fn parts_of_a_stage_that_ran_alone_are_no_parts_of_another() {
    let bench = Bench::new();
    let stop = bench.dir.path().join("stop");
    fs::write(&stop, "").unwrap();
    let from = format!("from=[{}]", stop.display());
    alone(&bench, "slow", &[&from], &bench).unwrap_err();
    fs::write(kept_chunks(&bench).join("part0"), "as it was").unwrap();
    alone(&bench, "slow", &["from=[]"], &bench).unwrap();
    assert_eq!(
        fs::read_to_string(bench.dir.path().join("alone/part0")).unwrap(),
        "0"
    );
}

#[test]
fn of_two_that_write_one_directory_the_second_is_refused() {
    /// Starts the second while the first is at work.
    struct Second<'a>(&'a Bench, Mutex<Vec<ErrorKind>>);
    impl RunObserver for Second<'_> {
        fn event(&self, _: &RunEvent) {
            let raw = format!("raw={}", self.0.raw().display());
            let error = alone(self.0, "signals", &[&raw], self.0).unwrap_err();
            self.1.lock().unwrap().push(error.kind());
        }
    }
    let bench = Bench::new();
    let second = Second(&bench, Mutex::default());
    alone(&bench, "slow", &["from=[]"], &second).unwrap();
    let kinds = second.1.into_inner().unwrap();
    assert!(
        !kinds.is_empty() && kinds.iter().all(|kind| *kind == ErrorKind::Locked),
        "{kinds:?}"
    );
    assert!(bench.dir.path().join("alone/part2").exists());
}
