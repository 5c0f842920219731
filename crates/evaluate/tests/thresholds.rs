//! Where thresholds come from: one number, a table, or ECGs that are not scored.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, LABELS, predict_params, row, says, stage, write_logits};
use ecgfm_artifacts::evaluation::Metrics;
use ecgfm_artifacts::labelset::Pool;
use ecgfm_artifacts::manifests::Key;
use ecgfm_evaluate::evaluate::OnMissing;
use ecgfm_evaluate::metrics::threshold::Criterion;
use ecgfm_evaluate::{evaluate, predict};
use std::path::PathBuf;

/// Predictions of another split, as its threshold's source.
fn with_valid(bench: &Bench, subset: &str, rows: &[(Key, Vec<f32>)]) -> PathBuf {
    write_logits(&bench.path("infer_valid"), subset, LABELS, rows);
    let mut params = predict_params(&bench.path("infer_valid"));
    params.subset = subset.to_owned();
    stage(&bench.path("predict_valid"), |ctx| predict::run(&params, ctx)).unwrap();
    bench.path("predict_valid")
}

#[test]
fn thresholds_are_never_chosen_on_what_is_scored() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let same = bench.path("predict");
    says(
        bench.evaluate(|p| p.choose_on = Some(same)),
        &["choose_on", "split `test`", "would flatter the model"],
    );
    // Another name does not help where an ECG is the same.
    let renamed = with_valid(&bench, "valid", &[row(0, 0, 3.0), row(1, 0, -1.0)]);
    says(
        bench.evaluate(|p| p.choose_on = Some(renamed)),
        &["predict_valid", "ECG idx 0 is among those that are scored"],
    );
    let apart = with_valid(&bench, "valid", &[row(1, 0, -1.0)]);
    says(
        bench.evaluate(|p| p.choose_on = Some(apart)),
        &[
            "split `valid` gives no threshold for `RBBB` by youden",
            "1 of its 1 ECGs",
        ],
    );
}

#[test]
fn a_table_of_thresholds_must_have_every_label() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let path = bench.path("thresholds.csv");
    std::fs::write(&path, "label,threshold\nAF,0.99\n").unwrap();
    says(
        bench.evaluate(|p| p.thresholds = Some(path.clone())),
        &["thresholds.csv", "no threshold for `RBBB`; it has AF"],
    );
    std::fs::write(
        &path,
        "label,threshold\nRBBB,0.5\nLBBB,0.5\nSB,0.5\nST,0.5\nAF,0.99\n",
    )
    .unwrap();
    bench.evaluate(|p| p.thresholds = Some(path)).unwrap();
    let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
    let af = metrics.units[1]
        .labels
        .iter()
        .find(|label| label.label == "AF")
        .unwrap();
    // The probability is 0.953: predicted at 0.5, and not at 0.99.
    assert_eq!((af.threshold, af.counts.r#fn), (0.99, 1));
    assert_eq!(metrics.thresholds.source, "file");
}

#[test]
fn thresholds_that_contradict_each_other() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let (file, dir) = (bench.path("thresholds.csv"), bench.path("predict_valid"));
    let both =
        |change: &dyn Fn(&mut evaluate::Params), wanted: &[&str]| says(bench.evaluate(|p| change(p)), wanted);
    both(
        &|p| (p.threshold, p.thresholds) = (Some(0.3), Some(file.clone())),
        &["parameter `threshold`: cannot be given together with `thresholds`"],
    );
    both(
        &|p| (p.threshold, p.choose_on) = (Some(0.3), Some(dir.clone())),
        &["parameter `threshold`: cannot be given together with `choose_on`"],
    );
    both(
        &|p| (p.thresholds, p.choose_on) = (Some(file.clone()), Some(dir.clone())),
        &["parameter `thresholds`: cannot be given together with `choose_on`"],
    );
    both(
        &|p| p.choose_by = Some(Criterion::MaxF1),
        &["parameter `choose_by`: needs `choose_on`"],
    );
    for share in [90.0, -0.1, f64::NAN] {
        both(
            &|p| (p.choose_on, p.choose_by) = (Some(dir.clone()), Some(Criterion::Sensitivity(share))),
            &["parameter `choose_by`: ", "is not a share; give one from 0 to 1"],
        );
    }
}

#[test]
fn a_table_of_thresholds_in_per_cent() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let path = bench.path("thresholds.csv");
    std::fs::write(
        &path,
        "label,threshold\nRBBB,0.5\nLBBB,0.5\nSB,0.5\nST,0.5\nAF,50\n",
    )
    .unwrap();
    says(
        bench.evaluate(|p| p.thresholds = Some(path)),
        &["thresholds.csv: row 5: the threshold of `AF` is 50; give a probability from 0 to 1"],
    );
}

/// ECGs 2 to 7 for choosing: every label in some and not in others.
fn for_choosing(bench: &Bench) -> Vec<(Key, Vec<f32>)> {
    let mut text = std::fs::read_to_string(bench.path("labels.csv")).unwrap();
    for idx in 2..8 {
        let holds = if idx % 2 == 0 { "True" } else { "False" };
        text += &format!("{idx}{}\n", format!(",{holds}").repeat(5));
    }
    std::fs::write(bench.path("labels.csv"), text).unwrap();
    (2..8)
        .map(|idx| row(idx, 0, if idx % 2 == 0 { 2.0 } else { -2.0 }))
        .collect()
}

#[test]
fn an_ecg_to_choose_on_without_truth_is_an_error_or_counted() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let mut rows = for_choosing(&bench);
    rows.extend([row(90, 0, 1.0), row(91, 0, 1.0)]);
    let on = with_valid(&bench, "valid", &rows);
    says(
        bench.evaluate(|p| p.choose_on = Some(on.clone())),
        &["labels.csv: no truth for ECG `exam_90.mat` (idx 90), nor for 1 more of 8 predicted ECGs"],
    );
    let outcome = bench.evaluate(|p| (p.choose_on, p.missing_truth) = (Some(on), OnMissing::Drop));
    let counts = outcome.unwrap().counts;
    assert_eq!(
        (counts["ecgs_chosen_on"], counts["ecgs_chosen_on_without_truth"]),
        (6, 2)
    );
    let used = Metrics::read(&bench.path("evaluate")).unwrap().thresholds;
    assert_eq!((used.ecgs, used.ecgs_without_truth), (Some(6), Some(2)));
    assert_eq!(used.chosen_on.as_deref(), Some("valid"));
}

#[test]
fn predictions_to_choose_on_that_were_pooled_otherwise() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let rows = for_choosing(&bench);
    let on = with_valid(&bench, "valid", &rows);
    bench.evaluate(|p| p.choose_on = Some(on.clone())).unwrap();
    let pairs = Metrics::read(&bench.path("evaluate")).unwrap().mapping.pairs;
    assert!(pairs.iter().all(|pair| pair.pool == [Pool::Mean]));
    bench.predict(|p| p.pool = Some(Pool::NoisyOr)).unwrap();
    says(
        bench.evaluate(|p| p.choose_on = Some(on)),
        &[
            "choose_on",
            "by mean for `AF`, and those that are scored by noisy_or",
            "the same `pool`",
        ],
    );
    bench.evaluate(|_| {}).unwrap();
    let pairs = Metrics::read(&bench.path("evaluate")).unwrap().mapping.pairs;
    assert!(pairs.iter().all(|pair| pair.pool == [Pool::NoisyOr]));
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
