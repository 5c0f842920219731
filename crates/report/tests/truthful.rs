//! The page says of a run what is true of that run.
#![allow(clippy::unwrap_used)]

mod common;

use common::{metrics, report};
use ecgfm_artifacts::evaluation::{ConfusionMatrix, ReaderAgreement, ReaderLabel, ThresholdsUsed};
use ecgfm_artifacts::labelset::Pool;

#[test]
fn how_segments_were_pooled_is_told_as_it_was() {
    let html = report(|_, _| {}).unwrap().html;
    assert!(html.contains("An ECG’s probability is the largest of its segments’. Truth"));
    let html = report(|_, dir| {
        let mut metrics = metrics();
        metrics.mapping.pairs[0].pool = vec![Pool::NoisyOr];
        metrics.write(dir).unwrap();
    });
    assert!(
        html.unwrap()
            .html
            .contains("An ECG’s probability is 1 − Π(1 − p) of its segments’. Truth")
    );
}

#[test]
fn ecgs_that_name_no_patient_or_were_left_out_of_choosing_are_counted_on_the_page() {
    let html = report(|_, dir| {
        let mut metrics = metrics();
        (metrics.flow.patients_scored, metrics.flow.ecgs_without_patient) = (Some(1000), Some(7));
        metrics.flow.ecgs_scored = 1276;
        metrics.thresholds = ThresholdsUsed {
            source: "chosen".into(),
            by: "youden".into(),
            chosen_on: Some("valid".into()),
            ecgs: Some(180),
            ecgs_without_truth: Some(3),
        };
        metrics.write(dir).unwrap();
    });
    let html = html.unwrap().html;
    for wanted in [
        "7 of 1\u{202f}276 ECGs name no patient, the others 1\u{202f}000",
        "<span class=\"count\">7</span> ECGs that name no patient</li>",
        "chosen on split “valid”, 180 ECGs, by youden; 3 without truth were left out",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
}

#[test]
fn labels_that_are_not_known_of_every_ecg_are_counted_on_the_page() {
    let html = report(|_, dir| {
        let mut metrics = metrics();
        metrics.flow.ecgs_without_label = [("AF".to_owned(), 31)].into();
        metrics
            .units
            .iter_mut()
            .for_each(|unit| unit.complete = Some(1245));
        metrics.write(dir).unwrap();
    });
    let html = html.unwrap().html;
    for wanted in [
        "The truth of 1 of 2 labels is not known of every ECG; such ECGs are left out of the label’s figures.",
        "<span class=\"of-labels\">AF (31)</span>",
        "<span class=\"count\">31</span> ECGs not scored on AF: truth not known</li>",
        "of the 1\u{202f}245 of which the truth of every label is known have exactly",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!report(|_, _| {}).unwrap().html.contains("not known"));
}

#[test]
fn what_a_reader_says_is_shown_as_a_selection_and_only_where_there_is_a_reader() {
    let table = |tp, fp| ConfusionMatrix {
        tp,
        fp,
        r#fn: 1,
        tn: 4,
    };
    let of = |label: &str, model| ReaderLabel {
        label: label.to_owned(),
        unsure: 2,
        model,
        truth: table(3, 0),
    };
    let html = report(|_, dir| {
        let mut metrics = metrics();
        metrics.reader = Some(ReaderAgreement {
            verdicts: 1015,
            on_set_aside: 3,
            not_scored: 1000,
            labels: vec![
                of("AF", table(3, 2)),
                ReaderLabel {
                    unsure: 0,
                    ..of("X|<b>", ConfusionMatrix::default())
                },
            ],
        });
        metrics.write(dir).unwrap();
    });
    let html = html.unwrap().html;
    for wanted in [
        "they do not estimate how well the model does on all ECGs",
        "Verdicts: 1\u{202f}015; on labels of ECGs that were scored 12, on ECGs or labels that were not 1\u{202f}000, on exams set aside 3.",
        "<td data-name=\"model agrees\">7 of 10 (0.700)</td>",
        "<td data-name=\"truth agrees\">7 of 8 (0.875)</td>",
        "No verdict on: X|&lt;b&gt;.",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!report(|_, _| {}).unwrap().html.contains("id=\"reader\""));
}

#[test]
fn a_scale_that_nothing_can_be_drawn_by_is_refused_before_anything_is_written() {
    for bad in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        let rate = report(|p, _| p.sample_rate = Some(bad))
            .err()
            .unwrap()
            .to_string();
        assert!(rate.starts_with("parameter `sample_rate`: "), "{rate}");
        let units = report(|p, _| p.units_per_mv = Some(bad))
            .err()
            .unwrap()
            .to_string();
        assert!(units.starts_with("parameter `units_per_mv`: "), "{units}");
    }
    report(|p, _| p.units_per_mv = Some(0.001)).unwrap();
}
