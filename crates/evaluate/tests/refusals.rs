//! Inputs that contradict each other stop the stages with a message that says what, where and what to do.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, key, predict_params, stage, write_logits};
use ecgfm_artifacts::evaluation::{Metrics, read_comparison};
use ecgfm_artifacts::manifests::Key;
use ecgfm_artifacts::predictions;
use ecgfm_evaluate::evaluate::OnMissing;
use ecgfm_evaluate::predict::OnNonFinite;
use ecgfm_evaluate::{Error, evaluate, predict};
use std::path::PathBuf;

const LABELS: usize = 26;

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new(rows: &[(Key, Vec<f32>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_logits(&dir.path().join("infer"), "test", rows[0].1.len(), rows);
        std::fs::write(
            dir.path().join("labels.csv"),
            "idx,RBBB,LBBB,SB,ST,AF\n0,False,False,False,False,True\n1,True,False,False,False,False\n",
        )
        .unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn predict(
        &self,
        change: impl FnOnce(&mut predict::Params),
    ) -> Result<ecgfm_artifacts::stage::Outcome, Error> {
        let mut params = predict_params(&self.path("infer"));
        change(&mut params);
        stage(&self.path("predict"), |ctx| predict::run(&params, ctx))
    }

    fn evaluate(
        &self,
        change: impl FnOnce(&mut evaluate::Params),
    ) -> Result<ecgfm_artifacts::stage::Outcome, Error> {
        let mut params = evaluate_params(&self.path("predict"), &self.path("labels.csv"));
        change(&mut params);
        stage(&self.path("evaluate"), |ctx| evaluate::run(&params, ctx))
    }
}

fn row(idx: i64, i: usize, af: f32) -> (Key, Vec<f32>) {
    let mut logits = vec![-3.0; LABELS];
    logits[0] = af;
    (key(idx, i), logits)
}

fn says(result: Result<ecgfm_artifacts::stage::Outcome, Error>, wanted: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(wanted.iter().all(|part| message.contains(part)), "{message}");
}

#[test]
fn logits_of_another_width_than_the_label_set() {
    let bench = Bench::new(&[(key(0, 0), vec![0.0; 17])]);
    says(
        bench.predict(|_| {}),
        &[
            "17 logits a segment, but label set `physionet2021` has 26 labels",
            "name the label set",
        ],
    );
}

#[test]
fn a_logit_that_is_no_number_is_named_or_counted() {
    let bench = Bench::new(&[row(0, 0, 1.0), row(0, 1, f32::NAN), row(1, 0, f32::INFINITY)]);
    says(
        bench.predict(|_| {}),
        &[
            "segment `exam_0_1`: the logit of `AF` is NaN (2 of 3 segments",
            "on_non_finite: drop",
        ],
    );
    let counts = bench
        .predict(|p| p.on_non_finite = OnNonFinite::Drop)
        .unwrap()
        .counts;
    assert_eq!(
        (
            counts["segments_read"],
            counts["segments_predicted"],
            counts["segments_non_finite"]
        ),
        (3, 1, 2)
    );
    assert_eq!(predictions::read_ecg(&bench.path("predict")).unwrap().height(), 1);
}

#[test]
fn a_segment_that_stands_twice() {
    let bench = Bench::new(&[row(0, 0, 1.0), row(0, 0, 2.0)]);
    says(
        bench.predict(|_| {}),
        &["segment `exam_0_0` stands in more than one row"],
    );
}

#[test]
fn one_recording_with_two_exams() {
    let mut twin = row(0, 1, 1.0);
    twin.0.idx = Some(1);
    let bench = Bench::new(&[row(0, 0, 1.0), twin]);
    says(bench.predict(|_| {}), &["save_file `exam_0.mat` has idx"]);
}

#[test]
fn a_mapping_from_a_label_that_the_model_lacks() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    let mapping = bench.path("mapping.yaml");
    std::fs::write(
        &mapping,
        "name: x\nfrom: physionet2021\nto: code15\nmap: [{ from: XX, to: AF }]\n",
    )
    .unwrap();
    says(
        bench.predict(|p| p.mapping = Some(mapping.display().to_string())),
        &["maps `XX`, which label set `physionet2021` does not have"],
    );
}

#[test]
fn a_threshold_that_is_none() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    says(
        bench.predict(|p| p.threshold = 1.5),
        &["parameter `threshold`: 1.5 is not a probability threshold"],
    );
    says(
        bench.predict(|p| p.threshold = f64::NAN),
        &["parameter `threshold`"],
    );
}

#[test]
fn a_prediction_without_truth_is_an_error_or_counted_never_no_label() {
    let bench = Bench::new(&[row(0, 0, 1.0), row(7, 0, 1.0), row(7, 1, 1.0)]);
    bench.predict(|_| {}).unwrap();
    says(
        bench.evaluate(|_| {}),
        &[
            "no truth for segment `exam_7_0` (idx 7), nor for 1 more of 3",
            "missing_truth: drop",
        ],
    );
    bench.evaluate(|p| p.missing_truth = OnMissing::Drop).unwrap();
    let flow = Metrics::read(&bench.path("evaluate")).unwrap().flow;
    assert_eq!(
        (
            flow.segments_predicted,
            flow.segments_without_truth,
            flow.segments_scored
        ),
        (3, 2, 1)
    );
    assert_eq!(
        (flow.ecgs_predicted, flow.ecgs_without_truth, flow.ecgs_scored),
        (2, 1, 1)
    );
    assert_eq!(read_comparison(&bench.path("evaluate")).unwrap().height(), 1);
}

#[test]
fn nothing_left_to_score() {
    let bench = Bench::new(&[row(7, 0, 1.0)]);
    bench.predict(|_| {}).unwrap();
    says(
        bench.evaluate(|p| p.missing_truth = OnMissing::Drop),
        &["none of the predicted segments has a truth"],
    );
}

#[test]
fn another_label_set_than_was_predicted_with() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    bench.predict(|p| p.mapping = None).unwrap();
    assert!(!bench.path("predict").join(predictions::MAPPED_FILE).exists());
    says(
        bench.evaluate(|p| p.label_set = Some("mimic_iv_ecg".into())),
        &["`mimic_iv_ecg` has other labels than `physionet2021`"],
    );
    says(bench.evaluate(|_| {}), &["parameter `mapping`: needed"]);
    bench
        .evaluate(|p| p.mapping = Some("physionet2021_to_code15".into()))
        .unwrap();
}

#[test]
fn evaluation_may_use_another_threshold_than_prediction_did() {
    let bench = Bench::new(&[row(0, 0, 1.0), row(1, 0, 0.2)]);
    bench.predict(|_| {}).unwrap();
    let actual = |threshold| {
        bench.evaluate(|p| p.threshold = threshold).unwrap();
        Metrics::read(&bench.path("evaluate")).unwrap().units[0].labels[4].counts
    };
    assert_eq!((actual(None).tp, actual(None).fp), (1, 1));
    assert_eq!((actual(Some(0.6)).tp, actual(Some(0.6)).fp), (1, 0));
}

#[test]
fn an_unknown_parameter_is_refused() {
    let refused =
        serde_json::from_str::<predict::Params>("{\"logits\": \"x\", \"labels\": \"y\", \"treshold\": 0.4}");
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("unknown field `treshold`")
    );
}
