//! Why rows are joined by key: the tutorial joined the test split's predictions to the rows of all splits by
//! position, which turns any classifier into chance.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, key, predict_params, stage, write_logits};
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics};
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_evaluate::metrics::ConfusionMatrix;
use ecgfm_evaluate::{evaluate, predict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;

const ECGS: i64 = 6000;
const LABELS: usize = 26;
/// Position of AF among the model's labels, and of the others that the mapping uses.
const AF: usize = 0;
const PREVALENCE: f64 = 0.1;

struct Cohort {
    /// Whether AF is present, by idx.
    truth: Vec<bool>,
    /// One row a segment of all splits, in table order: its key and whether it is in the test split.
    rows: Vec<(SegmentKey, bool)>,
    /// Logits of the test split's rows, in order.
    test: Vec<(SegmentKey, Vec<f32>)>,
}

/// A good but not perfect classifier on ECGs of one to three segments, 80 % of which are in the test split.
fn cohort() -> Cohort {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut uniform = || random.random::<f64>();
    let truth: Vec<bool> = (0..ECGS).map(|_| uniform() < PREVALENCE).collect();
    let (mut rows, mut test) = (Vec::new(), Vec::new());
    for idx in 0..ECGS {
        let in_test = uniform() < 0.8;
        for i in 0..1 + (uniform() * 3.0) as usize {
            rows.push((key(idx, i), in_test));
            if in_test {
                let mut logits = vec![-4.0f32; LABELS];
                let wrong = uniform() < if truth[idx as usize] { 0.1 } else { 0.02 };
                logits[AF] = if truth[idx as usize] != wrong { 2.0 } else { -2.0 } + uniform() as f32;
                test.push((key(idx, i), logits));
            }
        }
    }
    Cohort { truth, rows, test }
}

/// What the tutorial did: the i-th prediction is taken for the i-th row of the table of all splits; rows beyond the
/// last prediction get none, which counts as "not AF".
fn joined_by_position(cohort: &Cohort) -> ConfusionMatrix {
    ConfusionMatrix::count(cohort.rows.iter().enumerate().map(|(i, (key, _))| {
        let predicted = cohort.test.get(i).is_some_and(|(_, logits)| logits[AF] > 0.0);
        (cohort.truth[key.idx.unwrap() as usize], predicted)
    }))
}

#[test]
fn a_join_by_position_makes_chance_of_a_good_classifier_and_a_join_by_key_does_not() {
    let cohort = cohort();
    let by_position = joined_by_position(&cohort);
    let (prevalence, precision) = (by_position.prevalence().unwrap(), by_position.ppv().unwrap());
    assert!(
        (precision - prevalence).abs() < 0.02,
        "precision {precision} against prevalence {prevalence}"
    );
    assert!(by_position.sensitivity().unwrap() < 0.2);

    let dir = tempfile::tempdir().unwrap();
    let [infer, predicted, evaluated] = ["infer", "predict", "evaluate"].map(|name| dir.path().join(name));
    write_logits(&infer, "test", LABELS, &cohort.test);
    let labels = dir.path().join("labels.csv");
    let mut file = std::fs::File::create(&labels).unwrap();
    writeln!(file, "idx,RBBB,LBBB,SB,ST,AF").unwrap();
    for (idx, af) in cohort.truth.iter().enumerate() {
        writeln!(
            file,
            "{idx},False,False,False,False,{}",
            if *af { "True" } else { "False" }
        )
        .unwrap();
    }
    stage(&predicted, |ctx| predict::run(&predict_params(&infer), ctx)).unwrap();
    stage(&evaluated, |ctx| {
        evaluate::run(&evaluate_params(&predicted, &labels), ctx)
    })
    .unwrap();
    let metrics = Metrics::read(&evaluated).unwrap();
    let af = metrics
        .unit(EvaluationUnit::Segment)
        .unwrap()
        .labels
        .iter()
        .find(|l| l.label == "AF")
        .unwrap()
        .clone();
    assert!(
        (af.estimates["sensitivity"].value.unwrap() - 0.9).abs() < 0.02,
        "{:?}",
        af.estimates
    );
    assert!(af.estimates["ppv"].value.unwrap() > 0.8);
    assert!(af.estimates["auroc"].value.unwrap() > 0.9);
    // The same classifier, the same truth: only the join differs.
    let again = ConfusionMatrix::count(
        cohort
            .test
            .iter()
            .map(|(key, logits)| (cohort.truth[key.idx.unwrap() as usize], logits[AF] > 0.0)),
    );
    assert_eq!(
        (af.counts.tp, af.counts.fp, af.counts.r#fn),
        (again.tp, again.fp, again.r#fn)
    );
    assert_eq!(
        cohort.rows.iter().filter(|(_, in_test)| *in_test).count(),
        cohort.test.len()
    );
}
