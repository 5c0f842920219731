//! Logits or probabilities: said, recorded, and never guessed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, LABELS, key, says};
use ecgfm_artifacts::predictions::{self, PredictionsInfo};
use ecgfm_artifacts::stage_params::Returns;

/// Two ECGs whose values lie between 0 and 1.
fn bench() -> Bench {
    let values: Vec<f32> = (0..LABELS).map(|at| at as f32 / LABELS as f32).collect();
    Bench::new(&[(key(0, 0), values.clone()), (key(1, 0), values)])
}

fn record(bench: &Bench, returns: &str) {
    let text = format!("{{ \"returns\": \"{returns}\" }}");
    std::fs::write(bench.path("infer").join("infer.json"), text).unwrap();
}

/// The first ECG's probability of the second label, 1/26 in the model's values.
fn second(bench: &Bench) -> f32 {
    let ecgs = predictions::read_ecg(&bench.path("predict")).unwrap();
    ecgs.column("AFL").unwrap().f32().unwrap().get(0).unwrap()
}

#[test]
fn values_that_may_be_probabilities_are_asked_about() {
    let bench = bench();
    says(
        bench.predict(|p| p.returns = None),
        &[
            "parameter `returns`: needed",
            "between 0 and 1",
            "`returns: probabilities`",
        ],
    );
    assert!(!bench.path("predict").join("predictions.csv").exists());
    bench
        .predict(|p| p.returns = Some(Returns::Probabilities))
        .unwrap();
    assert_eq!(second(&bench), 1.0 / 26.0);
    assert_eq!(
        PredictionsInfo::read(&bench.path("predict")).unwrap().returns,
        Returns::Probabilities
    );
    bench.predict(|p| p.returns = Some(Returns::Logits)).unwrap();
    assert!(second(&bench) > 0.5);
}

#[test]
fn what_the_inference_recorded_holds_and_is_not_contradicted() {
    let bench = bench();
    record(&bench, "probabilities");
    bench.predict(|p| p.returns = None).unwrap();
    assert_eq!(second(&bench), 1.0 / 26.0);
    says(
        bench.predict(|p| p.returns = Some(Returns::Logits)),
        &["parameter `returns`: `logits`, and the inference recorded that the model returned probabilities"],
    );
    record(&bench, "percentages");
    says(
        bench.predict(|p| p.returns = None),
        &["infer.json", "`percentages`; one of logits, probabilities"],
    );
}

#[test]
fn a_value_that_is_no_probability() {
    let bench = Bench::new(&[common::row(0, 0, 0.5), common::row(1, 0, 0.5)]);
    says(
        bench.predict(|p| p.returns = Some(Returns::Probabilities)),
        &["segment `exam_0_0` has -3 for `AFL`", "`returns: logits`"],
    );
    // A value outside of 0 to 1 shows that they are logits.
    bench.predict(|p| p.returns = None).unwrap();
}
