//! Records of several sources: each exam's truth by the rule of its source.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::params;
use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::stage::{Cancel, Context, Outcome, Progress};
use ecgfm_labels::{Params, Result, TruthOrigin};
use std::path::Path;
use std::sync::Mutex;

/// A label of codes and of text, one of text alone, and one of codes alone.
const SET: &str = "name: s\ntitle: s\nlabels:\n\
    - { name: Atrial fibrillation, title: a, snomed: [164889003] }\n\
    - { name: Poor data quality, title: p }\n\
    - { name: LVH, title: l, snomed: [164873001] }\n";

/// The column of the other source is never read: a code of a report's exam, a report of a code's exam.
const RECORDS: &str = "idx,save_file,source,diagnosis,machine_report\n\
    0,a.mat,challenge,\"164889003,55930002\",Poor data quality\n\
    1,b.mat,mimic,164873001,Atrial fibrillation\n\
    2,c.mat,challenge,,Atrial fibrillation\n\
    3,d.mat,ptbxl,164889003,Atrial fibrillation\n\
    4,e.mat,mimic,164889003,Poor data quality\n";

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _: u64, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

fn origin(text: &str) -> TruthOrigin {
    serde_json::from_str(text).unwrap()
}

fn of_sources(dir: &Path, rules: &[(&str, &str)]) -> Params {
    let (records, set) = (dir.join("meta.csv"), dir.join("set.yaml"));
    std::fs::write(&records, RECORDS).unwrap();
    std::fs::write(&set, SET).unwrap();
    let by_source = rules
        .iter()
        .map(|(source, rule)| ((*source).to_owned(), origin(rule)));
    Params {
        by_source: by_source.collect(),
        ..params(records, &set.display().to_string(), TruthOrigin::default())
    }
}

const CODES: &str = r#"{"codes": "diagnosis"}"#;
const TEXT: &str = r#"{"text": "machine_report", "rules": "mimic_iv_ecg"}"#;

fn run(params: &Params, out: &Path) -> Result<(Outcome, Vec<String>)> {
    let notes = Notes::default();
    let ctx = Context {
        out,
        home: out,
        progress: &notes,
        cancel: &Cancel::default(),
        chunks: None,
    };
    let outcome = ecgfm_labels::run(params, &ctx)?;
    Ok((outcome, notes.0.into_inner().unwrap()))
}

#[test]
fn every_exam_is_labelled_by_the_rule_of_its_source_and_others_are_counted_out_loudly() {
    let dir = tempfile::tempdir().unwrap();
    let splits = dir.path().join("meta_split.csv");
    std::fs::write(
        &splits,
        "idx,save_file,split\n0,a.mat,train\n1,b.mat,train\n3,d.mat,train\n",
    )
    .unwrap();
    let params = Params {
        splits: Some(splits),
        ..of_sources(dir.path(), &[("challenge", CODES), ("mimic", TEXT)])
    };
    let (outcome, notes) = run(&params, dir.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(
        read("labels.csv"),
        "idx,Atrial fibrillation,Poor data quality,LVH\n0,True,,False\n1,True,False,\n2,,,\n4,False,True,\n"
    );
    let counts = [
        "exams",
        "exams_of_other_sources",
        "exams_without_truth_challenge",
        "exams_without_truth_mimic",
    ];
    assert_eq!(counts.map(|name| outcome.counts[name]), [4, 1, 1, 0]);
    assert_eq!(outcome.facts["other_sources"], serde_json::json!({"ptbxl": 1}));
    assert_eq!(
        outcome.facts["unknown_codes_challenge"],
        serde_json::json!({"55930002": 1})
    );
    assert!(
        notes[0]
            .starts_with("1 exams are UNLABELLED, as `by_source` has no rule for their source: ptbxl (1)"),
        "{notes:?}"
    );
    for words in [
        "source challenge: column `diagnosis` says nothing about 1 of 2 exams",
        "label `Poor data quality`: 2 exams are of sources whose rule cannot give it",
        "label `LVH`: 2 exams are of sources whose rule cannot give it",
        "source challenge: column `diagnosis`: 1 of 2 exams have codes that belong to no label of the set: `55930002`",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(words)),
            "{words}: {notes:?}"
        );
    }
    // The exam of the other source is in a split, and counts nowhere.
    assert_eq!(
        read("label_def.csv").lines().nth(1).unwrap(),
        "Atrial fibrillation,2,1.0,0.0,2,1.0"
    );
    let y = NpyReader::open(&dir.path().join("y.npy")).unwrap();
    let y: Vec<String> = y.read_all::<f64>().unwrap().iter().map(f64::to_string).collect();
    assert_eq!(
        y.chunks(3).map(|row| row.join(" ")).collect::<Vec<_>>(),
        ["1 NaN 0", "1 0 NaN", "NaN NaN NaN", "NaN NaN NaN", "0 1 NaN"]
    );
}

#[test]
fn rules_that_would_leave_a_label_or_a_source_out_in_silence_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refusal = |rules: &[(&str, &str)], change: &dyn Fn(&mut Params)| {
        let mut params = of_sources(dir.path(), rules);
        change(&mut params);
        run(&params, dir.path()).unwrap_err().to_string()
    };
    let keep = |_: &mut Params| {};
    for (message, words) in [
        (
            refusal(&[("challenge", CODES)], &keep),
            "parameter `by_source` cannot give the labels of label set `s`",
        ),
        (
            refusal(&[("challenge", CODES), ("mimics", TEXT)], &keep),
            "has a rule for `mimics`, and no exam of",
        ),
        (
            refusal(&[("challenge", CODES), ("mimic", TEXT)], &|params| {
                params.missing_label = MissingLabel::Negative;
            }),
            "parameter `missing_label` is `negative`, and the rule for `challenge` in `by_source` cannot give `Poor data quality`",
        ),
        (
            refusal(
                &[("challenge", CODES), ("mimic", r#"{"text": "machine_report"}"#)],
                &keep,
            ),
            "parameter `by_source` has for `mimic` a `rules` that are needed",
        ),
        (
            refusal(&[("challenge", CODES)], &|params| params.from = origin(CODES)),
            "parameter `by_source` is given beside `from`",
        ),
    ] {
        assert!(message.contains(words), "{message}");
    }
}
