//! Labels whose truth is not known: left out of that label, and counted.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, evaluate_params, row, says, stage};
use ecgfm_artifacts::evaluation::{COMPARISON_FILE, METRICS_FILE, Metrics, ScoredEcgs};
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_evaluate::difference::compare_evaluations;
use ecgfm_evaluate::evaluate;
use ecgfm_evaluate::metrics::bootstrap::ResamplingPlan;

/// Forty ECGs of one segment; AF is predicted for every second, and its truth is known where `af` says so.
fn bench(af: impl Fn(i64) -> Option<bool>) -> Bench {
    let rows: Vec<_> = (0..40)
        .map(|idx| row(idx, 0, if idx % 2 == 0 { 3.0 } else { -3.0 }))
        .collect();
    let bench = Bench::new(&rows);
    let mut text = "idx,RBBB,LBBB,SB,ST,AF\n".to_owned();
    for idx in 0..40 {
        let af = af(idx).map_or("", |af| if af { "True" } else { "False" });
        let sb = if idx % 5 == 0 { "True" } else { "False" };
        text += &format!("{idx},False,False,{sb},False,{af}\n");
    }
    std::fs::write(bench.path("labels.csv"), text).unwrap();
    bench.predict(|_| {}).unwrap();
    bench
}

/// The truth of AF: as predicted but for three ECGs, and not known of every fourth.
fn af(idx: i64) -> Option<bool> {
    (idx % 4 != 3).then_some((idx % 2 == 0) != [4, 6, 9].contains(&idx))
}

#[test]
fn figures_of_a_label_are_those_of_the_ecgs_that_are_known() {
    let bench = bench(af);
    let outcome = bench.evaluate(|_| {}).unwrap();
    assert_eq!(outcome.counts["labels_unknown"], 10);
    let with = Metrics::read(&bench.path("evaluate")).unwrap();
    // The same ECGs alone, with a truth for each.
    let kept: Vec<i64> = (0..40).filter(|idx| af(*idx).is_some()).collect();
    let rows: Vec<_> = kept
        .iter()
        .map(|&idx| row(idx, 0, if idx % 2 == 0 { 3.0 } else { -3.0 }))
        .collect();
    let alone = Bench::new(&rows);
    std::fs::copy(bench.path("labels.csv"), alone.path("labels.csv")).unwrap();
    alone.predict(|_| {}).unwrap();
    alone.evaluate(|_| {}).unwrap();
    let without = Metrics::read(&alone.path("evaluate")).unwrap();
    for (with, without) in with.units.iter().zip(&without.units) {
        let (ours, theirs) = (&with.labels[4], &without.labels[4]);
        assert_eq!((ours.unknown, theirs.unknown), (10, 0));
        assert_eq!(
            (ours.counts, ours.positives, &ours.roc, &ours.calibration),
            (theirs.counts, theirs.positives, &theirs.roc, &theirs.calibration)
        );
        let values = |label: &ecgfm_artifacts::evaluation::LabelMetrics| -> Vec<Option<f64>> {
            label.estimates.values().map(|estimate| estimate.value).collect()
        };
        assert_eq!(values(ours), values(theirs));
        assert_eq!((with.complete, without.complete), (Some(30), None));
        assert_eq!(with.exact_match.value, without.exact_match.value);
        assert_eq!(with.co_occurrence, without.co_occurrence);
        // Others keep all their rows.
        assert_eq!((with.labels[2].unknown, with.labels[2].positives), (0, 8));
    }
    assert_eq!(with.flow.ecgs_without_label["AF"], 10);
    assert_eq!(with.flow.ecgs_scored, 40);
    assert_eq!(with.tutorial.rows, 30);
    let text = std::fs::read_to_string(bench.path("evaluate").join(METRICS_FILE)).unwrap();
    let n: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(2).unwrap())
        .collect();
    assert_eq!(n, ["40", "40", "40", "40", "30", "40", "40", "40", "40", "30"]);
    let text = std::fs::read_to_string(bench.path("evaluate").join(COMPARISON_FILE)).unwrap();
    assert_eq!(text.lines().next(), Some("segment,idx,predicted,actual,unknown"));
    assert_eq!(text.lines().nth(4), Some("exam_3_0,3,,,AF"));
    let scored = ScoredEcgs::read(&bench.path("evaluate")).unwrap();
    assert_eq!(scored.truth[4][..4], [Some(true), Some(false), Some(true), None]);
}

#[test]
fn intervals_are_those_of_the_known_ecgs() {
    let bench = bench(af);
    bench.evaluate(|p| p.bootstrap = 400).unwrap();
    let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
    let ecg = &metrics.units[1].labels[4];
    for name in ["auroc", "f1", "sensitivity", "brier"] {
        let estimate = &ecg.estimates[name];
        let (lo, value, hi) = (
            estimate.lo.unwrap(),
            estimate.value.unwrap(),
            estimate.hi.unwrap(),
        );
        assert!(lo < value && value < hi, "{name}: {estimate:?}");
    }
}

#[test]
fn what_is_not_known_may_be_negative_or_an_error_instead() {
    let bench = bench(af);
    bench
        .evaluate(|p| p.missing_label = MissingLabel::Negative)
        .unwrap();
    let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
    assert_eq!(
        (metrics.units[1].labels[4].unknown, metrics.units[1].complete),
        (0, None)
    );
    assert!(metrics.flow.ecgs_without_label.is_empty());
    says(
        bench.evaluate(|p| p.missing_label = MissingLabel::Error),
        &[
            "exam idx 3 has no truth of `AF`, and 10 of 40 exams have none",
            "missing_label: exclude",
        ],
    );
}

#[test]
fn runs_are_compared_on_the_ecgs_of_known_truth_and_must_agree_on_them() {
    let (one, two) = (bench(af), bench(af));
    let plan = ResamplingPlan {
        replicates: 50,
        seed: 1,
    };
    for bench in [&one, &two] {
        bench.evaluate(|_| {}).unwrap();
    }
    let found = compare_evaluations(&one.path("evaluate"), &two.path("evaluate"), plan).unwrap();
    assert!(
        found
            .differences
            .iter()
            .all(|d| d.difference.is_none_or(|d| d == 0.0))
    );
    let f1 = found
        .differences
        .iter()
        .find(|d| (d.label.as_str(), d.statistic) == ("AF", "f1"))
        .unwrap();
    let metrics = Metrics::read(&one.path("evaluate")).unwrap();
    assert_eq!(f1.a, metrics.units[1].labels[4].estimates["f1"].value);
    let params = evaluate_params(&two.path("predict"), &two.path("labels.csv"));
    let params = evaluate::Params {
        missing_label: MissingLabel::Negative,
        ..params
    };
    stage(&two.path("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    let message = compare_evaluations(&one.path("evaluate"), &two.path("evaluate"), plan)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("ECG idx 3: the truth of `AF` is false here and unknown in"),
        "{message}"
    );
}
