//! Which ECGs are resampled together, as far as the records say whose they are.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, key, predict_params, stage, write_logits};
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics, ScoredEcgs};
use ecgfm_artifacts::stage::Outcome;
use ecgfm_evaluate::{evaluate, predict};
use std::collections::BTreeSet;
use std::path::Path;

const ECGS: i64 = 60;

/// An evaluation of ECGs whose row of `meta.csv` after idx and save_file is `of(idx)`.
fn evaluated(dir: &Path, columns: &str, of: impl Fn(i64) -> String) -> (Outcome, Metrics) {
    let rows: Vec<_> = (0..ECGS)
        .map(|idx| (key(idx, 0), vec![if idx % 3 == 0 { 1.0 } else { -1.0 }; 26]))
        .collect();
    write_logits(&dir.join("infer"), "test", 26, &rows);
    let table = |header: &str, row: &dyn Fn(i64) -> String| {
        let rows: String = (0..ECGS).map(|idx| format!("{idx},{}\n", row(idx))).collect();
        format!("{header}\n{rows}")
    };
    let truth = |idx: i64| [if idx % 4 == 0 { "True" } else { "False" }; 5].join(",");
    std::fs::write(dir.join("labels.csv"), table("idx,RBBB,LBBB,SB,ST,AF", &truth)).unwrap();
    let header = format!("idx,save_file,{columns}");
    let record = |idx: i64| format!("exam_{idx}.mat,{}", of(idx));
    std::fs::write(dir.join("meta.csv"), table(&header, &record)).unwrap();
    let params = predict_params(&dir.join("infer"));
    stage(&dir.join("predict"), |ctx| predict::run(&params, ctx)).unwrap();
    let mut params = evaluate_params(&dir.join("predict"), &dir.join("labels.csv"));
    params.records = Some(dir.join("meta.csv"));
    let outcome = stage(&dir.join("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    (outcome, Metrics::read(&dir.join("evaluate")).unwrap())
}

fn clusters(dir: &Path) -> usize {
    let scored = ScoredEcgs::read(&dir.join("evaluate")).unwrap();
    scored.cluster.iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn records_without_a_column_of_patients_resample_ecgs() {
    let dir = tempfile::tempdir().unwrap();
    let (outcome, metrics) = evaluated(dir.path(), "is_male,age", |_| "True,50".to_owned());
    assert_eq!(
        (metrics.flow.patients_scored, metrics.flow.ecgs_without_patient),
        (None, None)
    );
    assert_eq!(
        (metrics.intervals.cluster.as_str(), clusters(dir.path())),
        ("ecg", 60)
    );
    assert_eq!(
        metrics.subgroups.len(),
        2,
        "by sex and by age, as the records have these"
    );
    assert!(!outcome.counts.contains_key("ecgs_without_patient"));
}

#[test]
fn ecgs_whose_patient_is_empty_are_resampled_one_by_one_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    // Every third ECG names nobody; the others are of ten patients.
    let patient = |idx: i64| {
        if idx % 3 == 2 {
            String::new()
        } else {
            (idx % 10).to_string()
        }
    };
    let (outcome, metrics) = evaluated(dir.path(), "is_male,age,patient_id", |idx| {
        format!("True,50,{}", patient(idx))
    });
    let flow = &metrics.flow;
    assert_eq!(
        (flow.patients_scored, flow.ecgs_without_patient),
        (Some(10), Some(20))
    );
    assert_eq!(
        (metrics.intervals.cluster.as_str(), clusters(dir.path())),
        ("patient", 30)
    );
    assert_eq!(outcome.counts["ecgs_without_patient"], 20);
    let tripod = std::fs::read_to_string(dir.path().join("evaluate/tripod.json")).unwrap();
    assert!(
        tripod.contains("60 ECGs of 10 patients; 20 of them name none"),
        "{tripod}"
    );
}

#[test]
fn blanks_and_fractions_change_no_figure() {
    let plain = tempfile::tempdir().unwrap();
    let of = |idx: i64| (idx % 2 == 0, 20 + idx, idx / 3);
    let columns = "is_male,age,patient_id";
    let (_, wanted) = evaluated(plain.path(), columns, |idx| {
        let (male, age, patient) = of(idx);
        format!("{},{age},{patient}", if male { "True" } else { "False" })
    });
    assert_eq!(wanted.flow.patients_scored, Some(20));
    let groups: Vec<&str> = wanted
        .subgroups
        .iter()
        .map(|group| group.group.as_str())
        .collect();
    assert_eq!(groups, ["female", "male", "<40", "40–59", "60–79"]);
    let other = tempfile::tempdir().unwrap();
    let (_, found) = evaluated(other.path(), columns, |idx| {
        let (male, age, patient) = of(idx);
        let patient = [format!(" {patient}"), format!("{patient}.0"), patient.to_string()];
        let male = match (male, idx % 3) {
            (true, 0) => " True",
            (true, 1) => "1.0",
            (true, _) => "1",
            (false, 0) => "False ",
            (false, 1) => "0.0",
            (false, _) => "0",
        };
        format!("{male}, {age},{}", patient[idx as usize % 3])
    });
    assert!(found == wanted);
}

#[test]
fn a_proportion_of_1_that_few_resamples_define_has_the_interval_of_its_patients() {
    let dir = tempfile::tempdir().unwrap();
    // Label AF holds in the ECGs of two patients of twenty and is predicted there: one resample in seven has neither.
    let rows: Vec<_> = (0..ECGS)
        .map(|idx| (key(idx, 0), vec![if idx % 20 < 2 { 1.0 } else { -1.0 }; 26]))
        .collect();
    write_logits(&dir.path().join("infer"), "test", 26, &rows);
    let row = |idx: i64| {
        format!(
            "{idx},{}\n",
            [if idx % 20 < 2 { "True" } else { "False" }; 5].join(",")
        )
    };
    let text: String = (0..ECGS).map(row).collect();
    std::fs::write(
        dir.path().join("labels.csv"),
        format!("idx,RBBB,LBBB,SB,ST,AF\n{text}"),
    )
    .unwrap();
    let row = |idx: i64| format!("{idx},exam_{idx}.mat,True,50,{}\n", idx % 20);
    let text: String = (0..ECGS).map(row).collect();
    std::fs::write(
        dir.path().join("meta.csv"),
        format!("idx,save_file,is_male,age,patient_id\n{text}"),
    )
    .unwrap();
    let params = predict_params(&dir.path().join("infer"));
    stage(&dir.path().join("predict"), |ctx| predict::run(&params, ctx)).unwrap();
    let mut params = evaluate_params(&dir.path().join("predict"), &dir.path().join("labels.csv"));
    (params.records, params.bootstrap) = (Some(dir.path().join("meta.csv")), 1000);
    stage(&dir.path().join("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    let metrics = Metrics::read(&dir.path().join("evaluate")).unwrap();
    let af = &metrics.unit(EvaluationUnit::Ecg).unwrap().labels[4];
    let two = ecgfm_evaluate::metrics::interval::wilson_interval(2, 2).unwrap();
    let sensitivity = &af.estimates["sensitivity"];
    assert_eq!(
        (sensitivity.value, sensitivity.lo, sensitivity.hi),
        (Some(1.0), Some(two.lo), Some(two.hi))
    );
    // An AUROC is no proportion.
    assert_eq!(
        (af.estimates["auroc"].value, af.estimates["auroc"].lo),
        (Some(1.0), None)
    );
}
