//! The tutorial's evaluation of the ten real recordings, from the reference's own logits, digit for digit.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, predict_params, reference, stage, write_logits};
use ecgfm_artifacts::columns::{ACTUAL, IDX, PATH, PREDICTED, SAVE_FILE, SEGMENT};
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics, read_comparison, read_metrics_table};
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_artifacts::{predictions, splits, table};
use ecgfm_evaluate::{evaluate, predict};
use std::collections::HashMap;
use std::path::Path;

const LABELS: usize = 26;

/// The reference's logits, keyed through its own table of splits.
fn golden_logits(reference: &Path) -> Vec<(SegmentKey, Vec<f32>)> {
    let order = std::fs::read_to_string(reference.join("golden/segments_order.json")).unwrap();
    let order: Vec<String> = serde_json::from_str(&order).unwrap();
    // The reference's `.npy` is a bare array of float32.
    let bytes = std::fs::read(reference.join("golden/tiny/outputs_test.npy")).unwrap();
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(values.len(), order.len() * LABELS);
    let path = reference.join("preprocess/segmented_split_98.csv");
    let frame = splits::read_segmented(&path).unwrap();
    let files = table::str_column(&path, &frame, SAVE_FILE).unwrap();
    let idx = table::int_column(&path, &frame, IDX).unwrap();
    let paths = table::str_column(&path, &frame, PATH).unwrap();
    let keys: HashMap<String, (i64, String)> = (0..frame.height())
        .map(|i| {
            let segment = ecgfm_artifacts::key::of_path(paths.get(i).unwrap()).to_owned();
            (segment, (idx.get(i).unwrap(), files.get(i).unwrap().to_owned()))
        })
        .collect();
    let keyed = order.iter().zip(values.chunks_exact(LABELS)).map(|(name, row)| {
        let segment = ecgfm_artifacts::key::stem(name).to_owned();
        let (idx, save_file) = keys[&segment].clone();
        (
            SegmentKey {
                segment,
                idx: Some(idx),
                save_file,
            },
            row.to_vec(),
        )
    });
    keyed.collect()
}

struct Run {
    dir: tempfile::TempDir,
    reference: std::path::PathBuf,
}

impl Run {
    fn new() -> Option<Self> {
        let reference = reference()?;
        let dir = tempfile::tempdir().unwrap();
        write_logits(
            &dir.path().join("infer"),
            "test",
            LABELS,
            &golden_logits(&reference),
        );
        let params = predict_params(&dir.path().join("infer"));
        stage(&dir.path().join("predict"), |ctx| predict::run(&params, ctx)).unwrap();
        let mut params = evaluate_params(
            &dir.path().join("predict"),
            &reference.join("preprocess/labels.csv"),
        );
        params.splits = Some(reference.join("preprocess/segmented_split_98.csv"));
        stage(&dir.path().join("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
        Some(Self { dir, reference })
    }

    fn out(&self, stage: &str) -> std::path::PathBuf {
        self.dir.path().join(stage)
    }

    fn golden(&self, file: &str) -> std::path::PathBuf {
        self.reference.join("golden/tutorial_eval").join(file)
    }
}

#[test]
fn probabilities_are_the_references_and_so_is_every_label() {
    let Some(run) = Run::new() else { return };
    let set = ecgfm_artifacts::labelset::LabelSet::load("physionet2021").unwrap();
    let golden = table::read_all_text(&run.golden("pred.csv")).unwrap();
    let ours = predictions::read(&run.out("predict"), &set.names()).unwrap();
    let (mut worst, mut equal) = (0.0f32, 0);
    for name in set.names() {
        let golden = golden.column(name).unwrap().str().unwrap();
        for (text, ours) in golden
            .iter()
            .zip(ours.column(name).unwrap().f32().unwrap().iter())
        {
            let golden: f32 = text.unwrap().parse().unwrap();
            worst = worst.max((golden - ours.unwrap()).abs());
            equal += usize::from(golden == ours.unwrap());
        }
    }
    assert!(worst < 1e-6, "{worst}");
    assert!(
        equal > 14 * LABELS * 3 / 4,
        "{equal} of {} are equal to the bit",
        14 * LABELS
    );
    let golden = table::read_all_text(&run.golden("pred_thresh.csv")).unwrap();
    let ours = table::read_all_text(&run.out("predict").join(predictions::CSV_FILE)).unwrap();
    assert!(
        golden
            .column("labels")
            .unwrap()
            .equals(ours.column("labels").unwrap())
    );
}

#[test]
fn mapped_labels_and_comparison_are_the_references() {
    let Some(run) = Run::new() else { return };
    let golden = table::read_all_text(&run.golden("pred_thresh_mapped.csv")).unwrap();
    let ours = table::read_all_text(&run.out("predict").join(predictions::MAPPED_FILE)).unwrap();
    for name in ["RBBB", "LBBB", "SB", "ST", "AF", PREDICTED] {
        assert!(
            golden.column(name).unwrap().equals(ours.column(name).unwrap()),
            "{name}"
        );
    }
    let golden = table::read_all_text(&run.golden("comparison.csv")).unwrap();
    let ours = read_comparison(&run.out("evaluate")).unwrap();
    assert_eq!(ours.get_column_names(), [SEGMENT, IDX, PREDICTED, ACTUAL]);
    for name in [PREDICTED, ACTUAL] {
        assert!(
            golden.column(name).unwrap().equals(ours.column(name).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn the_tutorials_counts_are_reproduced() {
    let Some(run) = Run::new() else { return };
    let golden = std::fs::read_to_string(run.golden("metrics.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
    let ours = Metrics::read(&run.out("evaluate")).unwrap();
    assert_eq!(golden["rows"], ours.tutorial.rows);
    assert_eq!(golden["overall_accuracy"].as_f64(), ours.tutorial.exact_match);
    for class in golden["classes"].as_array().unwrap() {
        let name = class["cls"].as_str().unwrap();
        let counts = ours
            .tutorial
            .classes
            .iter()
            .find(|c| c.class == name)
            .unwrap()
            .counts;
        let found = [counts.tp, counts.fp, counts.r#fn, counts.tn];
        assert_eq!(
            ["tp", "fp", "fn", "tn"].map(|k| class[k].as_u64().unwrap()),
            found,
            "class `{name}`"
        );
    }
    let names: Vec<&str> = ours.tutorial.classes.iter().map(|c| c.class.as_str()).collect();
    assert_eq!(names, ["", "AF", "LBBB", "RBBB", "SB", "ST"]);
}

#[test]
fn metrics_csv_has_both_units_in_mapping_order_with_the_same_counts() {
    let Some(run) = Run::new() else { return };
    let metrics = Metrics::read(&run.out("evaluate")).unwrap();
    let table = read_metrics_table(&run.out("evaluate")).unwrap();
    assert_eq!(table.height(), 10);
    let labels: Vec<&str> = table
        .column("label")
        .unwrap()
        .str()
        .unwrap()
        .iter()
        .flatten()
        .collect();
    assert_eq!(labels[..5], ["RBBB", "LBBB", "SB", "ST", "AF"]);
    let n = table.column("n").unwrap().i64().unwrap();
    assert_eq!((n.get(0), n.get(5)), (Some(14), Some(10)));
    let segment = metrics.unit(EvaluationUnit::Segment).unwrap();
    let sb = &segment.labels[2];
    assert_eq!(
        [sb.counts.tp, sb.counts.fp, sb.counts.r#fn, sb.counts.tn],
        [1, 3, 1, 9]
    );
    assert_eq!(sb.positives, 2);
    assert_eq!(metrics.flow.segments_unpredicted, Some(0));
    assert_eq!(metrics.mapping.unmapped.len(), 21);
    assert_eq!(metrics.mapping.unmapped_truth, ["is_male", "1dAVb", "normal_ecg"]);
    assert_eq!(
        segment.labels[1].estimates["auroc"].reason.as_deref(),
        Some("no positives"),
        "no LBBB among the ten"
    );
}

#[test]
fn the_same_run_again_is_byte_identical() {
    let (Some(one), Some(two)) = (Run::new(), Run::new()) else {
        return;
    };
    for stage in ["predict", "evaluate"] {
        for entry in std::fs::read_dir(one.out(stage)).unwrap() {
            let entry = entry.unwrap();
            let other = std::fs::read(two.out(stage).join(entry.file_name())).unwrap();
            assert!(
                std::fs::read(entry.path()).unwrap() == other,
                "{}",
                entry.path().display()
            );
        }
    }
}
