//! Inputs that contradict each other stop the stages with a message that says what, where and what to do.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, key, row, says};
use ecgfm_artifacts::evaluation::{Metrics, read_comparison};
use ecgfm_artifacts::predictions;
use ecgfm_evaluate::evaluate::OnMissing;
use ecgfm_evaluate::predict;
use ecgfm_evaluate::predict::OnNonFinite;

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
        &["segment `exam_0_0` is in more than one row"],
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
        &[
            "maps `XX`, which label set `physionet2021` (hash ",
            ") does not have",
        ],
    );
}

#[test]
fn a_threshold_that_is_none() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    says(
        bench.predict(|p| p.threshold = Some(1.5)),
        &["parameter `threshold`: 1.5 is not a probability threshold"],
    );
    says(
        bench.predict(|p| p.threshold = Some(f64::NAN)),
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
    says(
        bench.evaluate(|_| {}),
        &[
            "parameter `mapping`: needed",
            "it lacks `AFL`, and has RBBB, LBBB, SB, ST, AF",
        ],
    );
    bench
        .evaluate(|p| p.mapping = Some("physionet2021_to_code15".into()))
        .unwrap();
}

#[test]
fn a_truth_with_the_models_own_labels_needs_no_mapping() {
    let mut rows = vec![row(0, 0, 3.0), row(1, 0, -3.0)];
    rows[1].1[25] = 3.0;
    let bench = Bench::new(&rows);
    let set = ecgfm_artifacts::labelset::LabelSet::load("physionet2021").unwrap();
    // Columns stand in another order, and there is one more.
    let mut names = set.names();
    names.reverse();
    let line = |holds: &str| {
        let cells = names
            .iter()
            .map(|name| if *name == holds { "True" } else { "False" });
        cells.collect::<Vec<_>>().join(",")
    };
    let text = format!(
        "idx,extra,{}\n0,True,{}\n1,True,{}\n",
        names.join(","),
        line("AF"),
        line(set.names()[25])
    );
    std::fs::write(bench.path("labels.csv"), text).unwrap();
    bench.predict(|p| p.mapping = None).unwrap();
    bench.evaluate(|_| {}).unwrap();
    let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
    assert_eq!(
        (metrics.mapping.pairs.len(), &metrics.mapping.unmapped_truth[..]),
        (26, &["extra".to_owned()][..])
    );
    let ecgs = &metrics.units[1];
    assert_eq!(ecgs.exact_match.value, Some(1.0));
    assert!(ecgs.challenge.value.is_some(), "{:?}", ecgs.challenge.reason);
}

#[test]
fn f1_is_the_same_in_every_table() {
    // Nothing is predicted; AF and RBBB occur.
    let bench = Bench::new(&[row(0, 0, -3.0), row(1, 0, -3.0)]);
    bench.predict(|_| {}).unwrap();
    bench.evaluate(|_| {}).unwrap();
    let metrics = Metrics::read(&bench.path("evaluate")).unwrap();
    for label in &metrics.units[0].labels {
        let class = metrics
            .tutorial
            .classes
            .iter()
            .find(|class| class.class == label.label)
            .unwrap();
        let f1 = label.estimates["f1"].value;
        assert_eq!(f1, class.values[3], "{}", label.label);
        assert_eq!(f1, (label.positives > 0).then_some(0.0), "{}", label.label);
    }
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

#[test]
fn a_subgroup_by_a_column_that_is_not_there() {
    let bench = Bench::new(&[row(0, 0, 3.0)]);
    bench.predict(|_| {}).unwrap();
    let records = bench.path("meta.csv");
    std::fs::write(&records, "idx,save_file,patient_id,age\n0,exam_0.mat,7,55\n").unwrap();
    says(
        bench.evaluate(|p| p.records = Some(records)),
        &["meta.csv", "no column `is_male`, which subgroup `sex` needs"],
    );
}

#[test]
fn a_mapping_of_several_labels_to_one_takes_the_largest_or_any() {
    let mut rows = vec![row(0, 0, 0.0), row(1, 0, -3.0)];
    rows[0].1[1] = 0.0; // AF and AFL at a half each.
    let bench = Bench::new(&rows);
    let mapping = bench.path("mapping.yaml");
    let probability = |how: &str| {
        let text = format!(
            "name: m\nfrom: physionet2021\nto: code15\nmap:\n  - {{ from: [AF, AFL], to: AF{how} }}\n"
        );
        std::fs::write(&mapping, text).unwrap();
        let name = mapping.to_string_lossy().into_owned();
        bench.predict(|p| p.mapping = Some(name)).unwrap();
        bench.evaluate(|_| {}).unwrap();
        let scored = ecgfm_artifacts::evaluation::ScoredEcgs::read(&bench.path("evaluate")).unwrap();
        assert_eq!(scored.truth, [[Some(true), Some(false)]]);
        let mapped = std::fs::read_to_string(bench.path("predict").join("mapped.csv")).unwrap();
        assert!(
            mapped
                .lines()
                .nth(1)
                .unwrap()
                .ends_with(&format!(",{}", scored.scores[0][0])),
            "{mapped}"
        );
        scored.scores[0][0]
    };
    assert_eq!((probability(""), probability(", how: any")), (0.5, 0.75));
    std::fs::write(
        &mapping,
        "name: m\nfrom: physionet2021\nto: code15\nmap:\n  - { from: [AF, AFF], to: AF }\n",
    )
    .unwrap();
    let name = mapping.to_string_lossy().into_owned();
    says(
        bench.predict(|p| p.mapping = Some(name)),
        &[
            "maps `AFF`, which label set `physionet2021` (hash ",
            ") does not have; it has AF, AFL",
        ],
    );
}

#[test]
fn segments_pool_by_the_largest_the_mean_or_any() {
    let bench = Bench::new(&[row(0, 0, 0.0), row(0, 1, 0.0)]);
    let pooled = |pool: &str| {
        let pool = serde_json::from_value(serde_json::json!(pool)).unwrap();
        bench.predict(|p| p.pool = Some(pool)).unwrap();
        let ecgs = predictions::read_ecg(&bench.path("predict")).unwrap();
        ecgs.column("AF").unwrap().f32().unwrap().get(0).unwrap()
    };
    assert_eq!(["mean", "max", "noisy_or"].map(pooled), [0.5, 0.5, 0.75]);
}

#[test]
fn a_label_set_that_is_not_the_one_the_model_was_exported_with() {
    let bench = Bench::new(&[row(0, 0, 1.0)]);
    let set = ecgfm_artifacts::labelset::LabelSet::load("physionet2021").unwrap();
    let mut names: Vec<&str> = set.names();
    let record = |names: &[&str]| {
        let text = serde_json::json!({ "label_set": "mine", "label_names": names }).to_string();
        std::fs::write(bench.path("infer").join("infer.json"), text).unwrap();
    };
    record(&names);
    bench.predict(|_| {}).unwrap();
    names.swap(0, 1);
    record(&names);
    says(
        bench.predict(|_| {}),
        &[
            "is not the one that the model was exported with, `mine`",
            "label 1 is `AFL` there and `AF` here",
        ],
    );
}

#[test]
fn a_subgroup_by_a_column_of_too_many_values() {
    let bench = Bench::new(&(0..60).map(|idx| row(idx, 0, 1.0)).collect::<Vec<_>>());
    let records = |groups: i64| {
        let row = |idx: i64| format!("{idx},exam_{idx}.mat,{}.5\n", idx % groups);
        let text: String = (0..60).map(row).collect();
        std::fs::write(
            bench.path("meta.csv"),
            format!("idx,save_file,predicted_age\n{text}"),
        )
        .unwrap();
        let text: String = (0..60)
            .map(|idx| format!("{idx},{}\n", ["True"; 5].join(",")))
            .collect();
        std::fs::write(
            bench.path("labels.csv"),
            format!("idx,RBBB,LBBB,SB,ST,AF\n{text}"),
        )
        .unwrap();
        bench.predict(|_| {}).unwrap();
        bench.evaluate(|p| {
            p.records = Some(bench.path("meta.csv"));
            p.subgroups.by = vec!["predicted_age".into()];
        })
    };
    says(
        records(51),
        &[
            "parameter `subgroups`: `by: predicted_age` makes 51 groups of 60 ECGs; at most 50",
            "`age_bands`",
        ],
    );
    records(50).unwrap();
    let groups = Metrics::read(&bench.path("evaluate")).unwrap().subgroups;
    assert_eq!(
        (groups.len(), groups.iter().map(|group| group.n).sum::<u64>()),
        (50, 60)
    );
}
