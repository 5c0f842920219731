//! Runs compared: with themselves, with a worse model, in a panel, and where they cannot be.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, key, predict_params, stage, write_logits};
use ecgfm_artifacts::evaluation::{Panel, PanelDifference};
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_evaluate::difference::{Difference, MACRO, compare_evaluations};
use ecgfm_evaluate::metrics::bootstrap::ResamplingPlan;
use ecgfm_evaluate::{evaluate, panel, predict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const PLAN: ResamplingPlan = ResamplingPlan {
    replicates: 300,
    seed: 1,
};

/// Logits of 200 ECGs: sure of the truth, plus noise of a given size that is always the same.
fn logits(noise: f32) -> Vec<(SegmentKey, Vec<f32>)> {
    let turn =
        |idx: i64, label: usize| (((idx as f32 + 0.5) * (label as f32 + 1.7)).sin() * 43_758.547).fract();
    let one = |idx: i64| {
        let mut row: Vec<f32> = (0..26).map(|label| -2.0 + noise * turn(idx, label)).collect();
        row[0] += if idx % 3 == 0 { 4.0 } else { 0.0 };
        (key(idx, 0), row)
    };
    (0..200).map(one).collect()
}

/// An evaluation in `dir/name/evaluate`.
fn evaluation(
    dir: &Path,
    name: &str,
    rows: &[(SegmentKey, Vec<f32>)],
    truth: impl Fn(i64) -> bool,
) -> PathBuf {
    evaluation_of(dir, name, rows, truth, None)
}

/// The same with records, which say of which patient an ECG is.
fn evaluation_of(
    dir: &Path,
    name: &str,
    rows: &[(SegmentKey, Vec<f32>)],
    truth: impl Fn(i64) -> bool,
    patient: Option<fn(i64) -> i64>,
) -> PathBuf {
    let run = dir.join(name);
    write_logits(&run.join("infer"), "test", 26, rows);
    let labels = run.join("labels.csv");
    let mut text = "idx,RBBB,LBBB,SB,ST,AF\n".to_owned();
    for idx in 0..200 {
        let af = if truth(idx) { "True" } else { "False" };
        text += &format!("{idx},False,False,False,False,{af}\n");
    }
    std::fs::write(&labels, text).unwrap();
    let params = predict_params(&run.join("infer"));
    stage(&run.join("predict"), |ctx| predict::run(&params, ctx)).unwrap();
    let mut params = evaluate_params(&run.join("predict"), &labels);
    if let Some(patient) = patient {
        let row = |idx: i64| format!("{idx},exam_{idx}.mat,{}\n", patient(idx));
        let text: String = (0..200).map(row).collect();
        let records = run.join("meta.csv");
        std::fs::write(&records, format!("idx,save_file,patient_id\n{text}")).unwrap();
        params.records = Some(records);
        params.subgroups.by.clear();
    }
    stage(&run.join("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    run
}

fn of<'a>(all: &'a [Difference], label: &str, statistic: &str) -> &'a Difference {
    all.iter()
        .find(|d| d.label == label && d.statistic == statistic)
        .unwrap()
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let run = evaluation(dir.path(), "a", &logits(6.0), |idx| idx % 3 == 0);
    let found = compare_evaluations(&run, &run.join("evaluate"), PLAN).unwrap();
    assert_eq!((found.ecgs, found.only_a, found.only_b), (200, 0, 0));
    let defined: Vec<&Difference> = found
        .differences
        .iter()
        .filter(|d| d.difference.is_some())
        .collect();
    assert!(defined.len() > 20);
    for d in defined {
        assert_eq!(
            (d.difference, d.lo.unwrap_or(0.0), d.hi.unwrap_or(0.0)),
            (Some(0.0), 0.0, 0.0),
            "{d:?}"
        );
    }
    assert_eq!(
        of(&found.differences, "LBBB", "auroc").difference,
        None,
        "no positives"
    );
}

#[test]
fn a_worse_model_is_worse_beyond_chance_and_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let good = evaluation(dir.path(), "good", &logits(6.0), truth);
    let bad = evaluation(dir.path(), "bad", &logits(60.0), truth);
    let found = compare_evaluations(&good, &bad, PLAN).unwrap().differences;
    for label in ["AF", MACRO] {
        let auroc = of(&found, label, "auroc");
        assert!(
            auroc.difference.unwrap() < -0.1 && auroc.hi.unwrap() < 0.0,
            "{auroc:?}"
        );
        assert!(of(&found, label, "brier").lo.unwrap() > 0.0);
    }
    let back = compare_evaluations(&bad, &good, PLAN).unwrap().differences;
    let (there, back) = (of(&found, "AF", "auroc"), of(&back, "AF", "auroc"));
    assert_eq!(there.difference, back.difference.map(|d| -d));
    assert!((there.lo.unwrap() + back.hi.unwrap()).abs() < 1e-12);
}

#[test]
fn what_cannot_be_compared_is_refused_and_what_is_not_shared_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let all = evaluation(dir.path(), "all", &logits(6.0), truth);
    let half = evaluation(dir.path(), "half", &logits(6.0)[50..], truth);
    let found = compare_evaluations(&all, &half, PLAN).unwrap();
    assert_eq!((found.ecgs, found.only_a, found.only_b), (150, 50, 0));
    let other = evaluation(dir.path(), "other", &logits(6.0), |idx| idx % 3 == 1);
    let message = compare_evaluations(&all, &other, PLAN).unwrap_err().to_string();
    assert!(
        message.contains("ECG idx 0: the truth of `AF` is false here and true in"),
        "{message}"
    );
    let apart = evaluation(dir.path(), "apart", &logits(6.0)[..50], truth);
    let message = compare_evaluations(&apart, &half, PLAN).unwrap_err().to_string();
    assert!(message.contains("no ECG of it was scored in"), "{message}");
    assert!(compare_evaluations(&all, dir.path(), PLAN).is_err());
}

#[test]
fn patients_are_kept_whole_whichever_run_knows_them() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let without = evaluation(dir.path(), "without", &logits(6.0), truth);
    let known: fn(i64) -> i64 = |idx| 1000 - idx / 8;
    let with = evaluation_of(dir.path(), "with", &logits(60.0), truth, Some(known));
    let found = compare_evaluations(&without, &without, PLAN).unwrap();
    assert_eq!((found.clusters, found.cluster), (200, "ecg"));
    for (a, b) in [(&without, &with), (&with, &without), (&with, &with)] {
        let found = compare_evaluations(a, b, PLAN).unwrap();
        assert_eq!((found.clusters, found.cluster), (25, "patient"));
    }
    // The same patients under other names and in another order of ECGs are the same.
    let mut rows = logits(6.0);
    rows.reverse();
    let renamed = evaluation_of(dir.path(), "renamed", &rows, truth, Some(|idx| idx / 8));
    let there = compare_evaluations(&with, &renamed, PLAN).unwrap();
    assert_eq!((there.clusters, there.ecgs), (25, 200));
}

#[test]
fn runs_that_do_not_agree_on_patients_are_not_compared() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let one = evaluation_of(dir.path(), "one", &logits(6.0), truth, Some(|idx| idx / 8));
    let other = evaluation_of(
        dir.path(),
        "other",
        &logits(6.0),
        truth,
        Some(|idx| idx / 8 + i64::from(idx == 15)),
    );
    let message = compare_evaluations(&one, &other, PLAN).unwrap_err().to_string();
    assert!(
        message.contains("the ECGs that share a patient with ECG idx 15 are others here than in")
            && message.contains("the same `records`"),
        "{message}"
    );
}

/// The panel of some evaluations, by the names of their directories.
fn panel_of(dir: &Path, models: &[&PathBuf]) -> Result<Panel, ecgfm_evaluate::Error> {
    let name = |run: &PathBuf| run.file_name().unwrap().to_string_lossy().into_owned();
    let params = panel::Params {
        models: models
            .iter()
            .map(|run| (name(run), run.join("evaluate")))
            .collect::<BTreeMap<_, _>>(),
        bootstrap: PLAN.replicates as u32,
        seed: PLAN.seed,
    };
    let out = dir.join("panel");
    stage(&out, |ctx| panel::run(&params, ctx))?;
    Ok(Panel::read(&out).unwrap())
}

#[test]
fn a_panel_says_of_every_pair_what_comparing_the_two_says() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let known: fn(i64) -> i64 = |idx| 1000 - idx / 2;
    let runs = [("a", 6.0), ("b", 20.0), ("c", 60.0)]
        .map(|(name, noise)| evaluation_of(dir.path(), name, &logits(noise), truth, Some(known)));
    let panel = panel_of(dir.path(), &[&runs[0], &runs[1], &runs[2]]).unwrap();
    assert_eq!(
        (panel.ecgs, panel.clusters, panel.cluster.as_str()),
        (200, 100, "patient")
    );
    assert_eq!(panel.models.iter().map(|m| m.left_out).sum::<u64>(), 0);
    let pairs = [(0, 1), (0, 2), (1, 2)];
    for (a, b) in pairs {
        let compared = compare_evaluations(&runs[a], &runs[b], PLAN).unwrap().differences;
        for statistic in ["auroc", "auprc", "brier"] {
            let name = |at: usize| panel.models[at].name.clone();
            let found: Vec<&PanelDifference> = panel
                .differences
                .iter()
                .filter(|d| d.a == name(a) && d.b == name(b) && d.label == "AF" && d.statistic == statistic)
                .collect();
            let expected = of(&compared, "AF", statistic);
            assert_eq!(found.len(), 1);
            assert_eq!(
                (found[0].difference, found[0].lo, found[0].hi),
                (expected.difference, expected.lo, expected.hi)
            );
        }
    }
    // LBBB has no positives, so that it is in no mean.
    assert!(panel.not_in_mean.contains(&"LBBB".to_owned()));
    let auroc = |label: &str| panel.value("c", label).unwrap().estimates["auroc"].value;
    assert_eq!((auroc("LBBB"), auroc("AF")), (None, auroc(Panel::MEAN)));
    assert_eq!(panel.value("a", "AF").unwrap().positives, Some(67));
}

#[test]
fn ecgs_that_only_some_models_of_a_panel_have_are_counted_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let truth = |idx| idx % 3 == 0;
    let all = evaluation(dir.path(), "all", &logits(6.0), truth);
    let half = evaluation(dir.path(), "half", &logits(20.0)[50..], truth);
    let panel = panel_of(dir.path(), &[&all, &half]).unwrap();
    assert_eq!(
        (panel.ecgs, panel.models[0].left_out, panel.models[1].left_out),
        (150, 50, 0)
    );
    assert_eq!(panel.models[0].left_out_files.len(), 20);
    assert_eq!(panel.value("all", "AF").unwrap().n, 150);
    let alone = panel_of(dir.path(), &[&half]).unwrap();
    assert!(alone.differences.is_empty() && alone.ecgs == 150);
    let other = evaluation(dir.path(), "other", &logits(6.0), |idx| idx % 3 == 1);
    let message = panel_of(dir.path(), &[&all, &half, &other])
        .unwrap_err()
        .to_string();
    assert!(message.contains("the truth of `AF`"), "{message}");
    let message = panel_of(dir.path(), &[]).unwrap_err().to_string();
    assert!(message.contains("`models`: none is given"), "{message}");
}
