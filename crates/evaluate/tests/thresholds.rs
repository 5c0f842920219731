//! Where thresholds come from, and which are refused.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, LABELS, evaluate_params, predict_params, row, says, stage, write_logits};
use ecgfm_artifacts::evaluation::Metrics;
use ecgfm_artifacts::labelset::Pool;
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_evaluate::metrics::threshold::Criterion;
use ecgfm_evaluate::predict::{OnMissing, PerLabel};
use ecgfm_evaluate::{evaluate, predict};
use std::path::{Path, PathBuf};

/// Predictions of another split, as its threshold's source.
fn with_valid(bench: &Bench, subset: &str, rows: &[(SegmentKey, Vec<f32>)]) -> PathBuf {
    write_logits(&bench.path("infer_valid"), subset, LABELS, rows);
    let mut params = predict_params(&bench.path("infer_valid"));
    params.subset = subset.to_owned();
    stage(&bench.path("predict_valid"), |ctx| predict::run(&params, ctx)).unwrap();
    bench.path("predict_valid")
}

/// Chooses thresholds on the predictions in a directory.
fn choose_on(bench: &Bench, on: &Path) -> impl FnOnce(&mut predict::Params) {
    let (on, truth) = (on.to_owned(), bench.path("labels.csv"));
    move |p| (p.threshold, p.choose_on, p.truth) = (None, Some(on), Some(truth))
}

fn map(thresholds: &[(&str, f64)]) -> Option<PerLabel> {
    let pairs = thresholds.iter().map(|(label, t)| ((*label).to_owned(), *t));
    Some(PerLabel::Map(pairs.collect()))
}

#[test]
fn thresholds_are_never_chosen_on_what_is_predicted() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let same = bench.path("predict");
    says(
        bench.predict(choose_on(&bench, &same)),
        &["choose_on", "split `test`", "would flatter the model"],
    );
    // Another name does not help where an ECG is the same.
    let renamed = with_valid(&bench, "valid", &[row(0, 0, 3.0), row(1, 0, -1.0)]);
    says(
        bench.predict(choose_on(&bench, &renamed)),
        &["predict_valid", "ECG idx 0 is among those that are predicted"],
    );
    let apart = with_valid(&bench, "valid", &[row(1, 0, -1.0)]);
    says(
        bench.predict(choose_on(&bench, &apart)),
        &[
            "split `valid` gives no threshold for `RBBB` by youden",
            "1 of its 1 ECGs",
        ],
    );
}

#[test]
fn a_table_of_thresholds_that_may_not_be_looked_at_is_not_one_that_comes_later() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    // A link that leads to itself cannot be looked at, by no user.
    std::os::unix::fs::symlink("endless", bench.path("endless")).unwrap();
    let mut params = predict_params(&bench.path("infer"));
    (params.threshold, params.thresholds) = (None, Some(PerLabel::Table(bench.path("endless"))));
    let error = predict::check_params(&params).unwrap_err();
    assert!(error.to_string().contains("cannot look for"), "{error}");
}

#[test]
fn a_table_of_thresholds_has_every_label_or_the_others_have_one() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    let path = bench.path("thresholds.csv");
    std::fs::write(&path, "label,threshold\nAF,0.99\nXX,0.1\n").unwrap();
    let table = |p: &mut predict::Params| p.thresholds = Some(PerLabel::Table(bench.path("thresholds.csv")));
    says(
        bench.predict(|p| {
            table(p);
            p.threshold = None;
        }),
        &[
            "no threshold for `LBBB`; there are those of AF, XX",
            "`threshold: 0.5` for all others",
        ],
    );
    let af = || {
        bench.evaluate(|_| {}).unwrap();
        let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
        let found = metrics.units[1]
            .labels
            .iter()
            .find(|label| label.label == "AF")
            .unwrap();
        (found.threshold, found.counts.r#fn, metrics.thresholds.source)
    };
    // The probability is 0.953: predicted at 0.5, and not at 0.99.
    bench.predict(table).unwrap();
    assert_eq!(af(), (0.99, 1, "file".to_owned()));
    // What an evaluation writes is read again.
    let written = bench.path("evaluate").join("thresholds.csv");
    bench
        .predict(|p| (p.threshold, p.thresholds) = (None, Some(PerLabel::Table(written))))
        .unwrap();
    assert_eq!(af().0, 0.99);
    bench.predict(|p| p.thresholds = map(&[("AF", 0.99)])).unwrap();
    assert_eq!(af(), (0.99, 1, "given".to_owned()));
}

#[test]
fn thresholds_that_contradict_each_other_or_make_no_sense() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    let dir = bench.path("predict_valid");
    let refused =
        |change: &dyn Fn(&mut predict::Params), wanted: &[&str]| says(bench.predict(|p| change(p)), wanted);
    refused(
        &|p| (p.thresholds, p.choose_on) = (map(&[("AF", 0.3)]), Some(dir.clone())),
        &["parameter `thresholds`: cannot be given together with `choose_on`"],
    );
    refused(
        &|p| p.choose_by = Some(Criterion::MaxF1),
        &["parameter `choose_by`: needs `choose_on`"],
    );
    refused(
        &|p| p.truth = Some(dir.clone()),
        &["parameter `truth`: needs `choose_on`"],
    );
    refused(
        &|p| p.choose_on = Some(dir.clone()),
        &["parameter `choose_on`: needs `truth`"],
    );
    for share in [90.0, -0.1, f64::NAN] {
        refused(
            &|p| {
                (p.choose_on, p.truth) = (Some(dir.clone()), Some(dir.clone()));
                p.choose_by = Some(Criterion::Sensitivity(share));
            },
            &["parameter `choose_by`: ", "is not a share; give one from 0 to 1"],
        );
    }
    refused(
        &|p| p.thresholds = map(&[("AF", 50.0)]),
        &["parameter `thresholds`: the threshold of `AF` is 50; give a probability from 0 to 1"],
    );
    refused(
        &|p| p.thresholds = map(&[("AFF", 0.5)]),
        &["`AFF` is no label here; there are", "STach"],
    );
    refused(&|p| p.thresholds = map(&[]), &["names no label"]);
    refused(
        &|p| p.thresholds = map(&[("ST", 0.3), ("STach", 0.4)]),
        &[
            "`ST` and `STach` are one label by the mapping",
            "give one for `ST`",
        ],
    );
}

#[test]
fn evaluate_refuses_thresholds_and_says_where_to_write_them() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    for (name, value, wanted) in [
        (
            "threshold",
            serde_json::json!(0.3),
            "write it there, `threshold: 0.3`",
        ),
        (
            "thresholds",
            serde_json::json!("t.csv"),
            "`thresholds: \"t.csv\"`",
        ),
        (
            "choose_on",
            serde_json::json!("valid"),
            "`truth: ${labels.labels}`",
        ),
        (
            "choose_by",
            serde_json::json!("youden"),
            "decided by the stage predict",
        ),
    ] {
        let mut params =
            serde_json::to_value(evaluate_params(&bench.path("predict"), &bench.path("labels.csv"))).unwrap();
        params[name] = value;
        let params: evaluate::Params = serde_json::from_value(params).unwrap();
        let message = params.check().unwrap_err().to_string();
        assert!(
            message.contains(&format!("parameter `{name}`")) && message.contains(wanted),
            "{message}"
        );
    }
}

#[test]
fn a_table_of_thresholds_in_per_cent() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    let path = bench.path("thresholds.csv");
    std::fs::write(
        &path,
        "label,threshold\nRBBB,0.5\nLBBB,0.5\nSB,0.5\nST,0.5\nAF,50\n",
    )
    .unwrap();
    says(
        bench.predict(|p| p.thresholds = Some(PerLabel::Table(path))),
        &["thresholds.csv: row 5: the threshold of `AF` is 50; give a probability from 0 to 1"],
    );
}

/// ECGs 2 to 7 for choosing: every label in some and not in others.
fn for_choosing(bench: &Bench) -> Vec<(SegmentKey, Vec<f32>)> {
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
    let mut rows = for_choosing(&bench);
    rows.extend([row(90, 0, 1.0), row(91, 0, 1.0)]);
    let on = with_valid(&bench, "valid", &rows);
    says(
        bench.predict(choose_on(&bench, &on)),
        &["labels.csv: no truth for ECG `exam_90.mat` (idx 90), nor for 1 more of 8 predicted ECGs"],
    );
    let drop = |p: &mut predict::Params| {
        choose_on(&bench, &on)(p);
        p.missing_truth = OnMissing::Drop;
    };
    let counts = bench.predict(drop).unwrap().counts;
    assert_eq!(
        (counts["ecgs_chosen_on"], counts["ecgs_chosen_on_without_truth"]),
        (6, 2)
    );
    bench.evaluate(|_| {}).unwrap();
    let used = Metrics::read(&bench.path("evaluate")).unwrap().thresholds;
    assert_eq!((used.ecgs, used.ecgs_without_truth), (Some(6), Some(2)));
    assert_eq!(used.chosen_on.as_deref(), Some("valid"));
}

#[test]
fn predictions_to_choose_on_that_were_pooled_otherwise() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    let rows = for_choosing(&bench);
    let on = with_valid(&bench, "valid", &rows);
    bench.predict(choose_on(&bench, &on)).unwrap();
    bench.evaluate(|_| {}).unwrap();
    let pairs = Metrics::read(&bench.path("evaluate")).unwrap().mapping.pairs;
    assert!(pairs.iter().all(|pair| pair.pool == [Pool::Mean]));
    says(
        bench.predict(|p| {
            choose_on(&bench, &on)(p);
            p.pool = Some(Pool::NoisyOr);
        }),
        &[
            "choose_on",
            "by mean for `AF`, and those that are predicted here by noisy_or",
            "the same `pool`",
        ],
    );
    bench.predict(|p| p.pool = Some(Pool::NoisyOr)).unwrap();
    bench.evaluate(|_| {}).unwrap();
    let pairs = Metrics::read(&bench.path("evaluate")).unwrap().mapping.pairs;
    assert!(pairs.iter().all(|pair| pair.pool == [Pool::NoisyOr]));
}
