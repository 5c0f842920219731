//! The chain from raw recording to metric, broken on purpose. Each break must be seen, and each test says by what.
//!
//! mistakes.md is the table of them. Everything here is SYNTHETIC, DEMO MODEL: no patient, no ECG-FM.

#![allow(clippy::unwrap_used, unreachable_pub)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod sample;

use broken::Break;
use ecgfm_recipe::{leads, residuals};
use sample::{CEILING, Csv, FLOOR, LABELS, Sample, Verdict};

/// What the unbroken chain must reach, so that falling short of it means something.
#[test]
fn the_unbroken_chain_tells_every_label_and_is_what_numpy_computes() {
    let sample = Sample::get();
    for unit in ["segment", "ecg"] {
        for (label, auroc) in sample.metrics.auroc(unit) {
            assert!(auroc >= FLOOR, "{unit} {label}: AUROC {auroc} is under {FLOOR}");
        }
    }
    if let Some(verdict) = sample.judge(&sample.dir.join("signals/segments")) {
        assert!(matches!(verdict, Verdict::Equal(_)), "{verdict:?}");
    }
}

/// What a reader of its report is to see: mistakes of both kinds, intervals everywhere, an age group that fares worse.
#[test]
fn the_unbroken_chain_is_right_mostly_and_wrong_in_every_way() {
    let sample = Sample::get();
    for (label, auroc) in sample.metrics.auroc("ecg") {
        assert!(auroc < CEILING, "{label}: AUROC {auroc} is {CEILING} or more");
    }
    for kind in ["tp", "fp", "fn", "tn"] {
        for (label, count) in sample.metrics.values("ecg", kind) {
            assert!(count > 0.0, "{label}: no {kind}");
        }
    }
    assert_eq!(sample.metrics.empty_columns(), Vec::<&str>::new());
    let groups = Csv::read(&sample.dir.join("evaluate/subgroups.csv"));
    let named = groups.column("group");
    let macro_of = |column: &str, group: &str| {
        let rows = groups.column(column).into_iter().zip(&named);
        let values = rows.filter(|(_, of)| **of == group);
        let values: Vec<f64> = values.map(|(value, _)| value.parse().unwrap()).collect();
        assert_eq!(values.len(), LABELS.len(), "{group}");
        values.iter().sum::<f64>() / values.len() as f64
    };
    for column in ["auroc", "sensitivity"] {
        let [old, others @ ..] = ["≥75", "60–74", "<60"].map(|group| macro_of(column, group));
        let least = if column == "auroc" { 0.01 } else { 0.05 };
        assert!(
            others.iter().all(|other| other - old > least),
            "{column}: {old}, {others:?}"
        );
    }
}

/// The tutorial's join: prediction i of the test split beside row i of all splits.
#[test]
fn joined_by_position_precision_falls_to_prevalence() {
    let sample = Sample::get();
    let (mut judged, mut scored) = (0, 0);
    for (at, label) in LABELS.iter().enumerate() {
        let by_key = sample.joined_by_key(at);
        let by_position = sample.joined_by_position(at);
        assert!(by_key.precision() > 0.5, "{label} by key: {by_key:?}");
        let (precision, prevalence) = (by_position.precision(), by_position.prevalence());
        // Segments of one ECG are not independent; two a piece at most.
        let noise = (2.0 * prevalence * (1.0 - prevalence) / by_position.predicted() as f64).sqrt();
        assert!(
            (precision - prevalence).abs() < 3.0 * noise,
            "{label} by position: precision {precision:.3}, prevalence {prevalence:.3} ± {noise:.3}"
        );
        assert!(by_key.precision() - precision > 5.0 * noise, "{label}");
        judged += by_position.rows;
        scored += by_key.rows;
    }
    assert!(
        judged > scored,
        "by position, rows that nobody predicted are scored too"
    );
}

#[test]
fn shuffled_labels_bring_auroc_to_chance() {
    let sample = Sample::get();
    let metrics = sample.evaluated_against(&broken::shuffled_labels(&sample.dir.join("labels/labels.csv")));
    for (label, auroc) in metrics.auroc("ecg") {
        let (positives, n) = metrics.counts("ecg", &label);
        // Standard error of AUROC under chance (Mann–Whitney).
        let noise = ((n + 1.0) / (12.0 * positives * (n - positives))).sqrt();
        assert!((auroc - 0.5).abs() < 4.0 * noise, "{label}: {auroc} ± {noise}");
    }
}

#[test]
fn two_chest_leads_swapped_are_seen_by_auroc_and_by_numpy() {
    let sample = Sample::get();
    let (v1, v6) = (leads::position("V1").unwrap(), leads::position("V6").unwrap());
    let store = sample.broken_store(Break::SwappedLeads(v1, v6));
    let metrics = sample.scored_on(store.path());
    let (label, lowest) = metrics.lowest("segment");
    assert!(lowest < FLOOR - 0.1, "lowest is {label} with {lowest}");
    sample.assert_differs(store.path(), 1.0);
}

/// The six limb leads are two independent ones: what is no longer III = II − I is not what was recorded.
#[test]
fn two_limb_leads_swapped_break_einthovens_law() {
    let sample = Sample::get();
    for tracing in sample.tracings().take(20) {
        // Noise is picked up by electrodes, so the law holds with it; what remains is float32.
        assert!(residuals::worst_residual(&tracing).unwrap() < 1e-5);
        let swapped = broken::swapped(&tracing, 0, 1);
        assert!(residuals::worst_residual(&swapped).unwrap() > 0.05);
    }
}

/// Too small for any metric to see; only a second implementation does.
#[test]
fn resampling_at_four_fifths_of_a_sample_is_seen_by_numpy() {
    let sample = Sample::get();
    let store = sample.broken_store(Break::ResampledAtFourFifths);
    sample.assert_differs(store.path(), 0.01);
}

#[test]
fn standardising_each_segment_is_seen_by_numpy() {
    let sample = Sample::get();
    let store = sample.broken_store(Break::StandardisedPerSegment);
    sample.assert_differs(store.path(), 0.1);
}

#[test]
fn label_names_off_by_one_bring_auroc_down() {
    let sample = Sample::get();
    let off_by_one = broken::off_by_one_label_set();
    let refusal = sample.refusal_of(&off_by_one);
    assert!(refusal.contains("label 1 is `AF` there"), "{refusal}");
    for (label, auroc) in sample.named_by(&off_by_one).auroc("ecg") {
        assert!(auroc < FLOOR - 0.2, "{label}: AUROC {auroc}");
    }
}
