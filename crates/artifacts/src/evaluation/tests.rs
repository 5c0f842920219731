use super::*;
use polars::prelude::*;
use std::collections::BTreeMap;

fn estimate(value: f64) -> Estimate {
    Estimate {
        value: Some(value),
        lo: Some(0.25),
        hi: None,
        reason: None,
    }
}

fn metrics() -> Metrics {
    let counts = ConfusionMatrix {
        tp: 1,
        fp: 2,
        r#fn: 0,
        tn: 1,
    };
    let undefined = Estimate {
        reason: Some("nothing predicted positive".into()),
        ..Estimate::default()
    };
    let label = LabelMetrics {
        label: "AF".into(),
        title: "Atrial fibrillation".into(),
        threshold: 0.5,
        unknown: 0,
        positives: 1,
        counts,
        estimates: BTreeMap::from([("auroc".into(), estimate(0.1 + 0.2)), ("ppv".into(), undefined)]),
        roc: RocCurve {
            points: 2,
            threshold: vec![None, Some(0.1)],
            fpr: vec![0.0, 1.0],
            tpr: vec![0.0, 1.0],
        },
        pr: PrCurve::default(),
        histogram: ScoreHistogram {
            positives: vec![1, 0],
            negatives: vec![2, 1],
        },
        calibration: vec![CalibrationBin {
            from: 0.1,
            count: 4,
            mean: 0.15,
            observed: 0.25,
            lo: 0.05,
            hi: 0.7,
        }],
        operating_points: OperatingPoints {
            threshold: vec![0.0, 0.5],
            tp: vec![1, 1],
            fp: vec![3, 2],
        },
    };
    let average = Average {
        average: "macro".into(),
        statistic: "auroc".into(),
        estimate: estimate(0.3),
        over: vec!["AF".into()],
        left_out: vec!["SB".into(), "ST".into()],
    };
    let subgroup = Subgroup {
        by: "sex".into(),
        group: "female".into(),
        n: 3,
        labels: vec![SubgroupLabel {
            label: "AF".into(),
            positives: None,
            estimates: BTreeMap::from([("auroc".into(), estimate(0.5))]),
            differences: BTreeMap::from([("auroc".into(), estimate(-0.5))]),
        }],
        reference: Some("male".into()),
    };
    let table = vec![vec![1]];
    let co_occurrence = CoOccurrence {
        actual: table.clone(),
        predicted: table.clone(),
        actual_predicted: table,
        none_predicted: vec![2],
    };
    let pair = PairUsed {
        from: "AF".into(),
        to: "AF".into(),
        title: "Atrial fibrillation".into(),
        pool: vec![crate::labelset::Pool::NoisyOr],
    };
    let class = TutorialClass {
        class: String::new(),
        counts,
        values: [
            Some(0.25),
            Some(1.0),
            None,
            None,
            Some(0.333),
            Some(0.5),
            Some(1.0),
        ],
    };
    Metrics {
        notice: None,
        schema: SCHEMA,
        subset: "test".into(),
        thresholds: ThresholdsUsed::fixed(0.5),
        mapping: MappingUsed {
            name: "m".into(),
            from: "a".into(),
            to: "b".into(),
            pairs: vec![pair],
            unmapped: vec!["SB".into()],
            unmapped_truth: vec![],
        },
        flow: Flow {
            segments_predicted: 4,
            segments_scored: 4,
            ..Flow::default()
        },
        intervals: IntervalMethod {
            level: 0.95,
            proportions: "wilson".into(),
            ranking: "none".into(),
            cluster: "ecg".into(),
            replicates: 0,
            seed: 1,
        },
        reader: None,
        tutorial: Tutorial {
            rows: 4,
            matches: 2,
            exact_match: Some(0.5),
            classes: vec![class],
        },
        units: vec![UnitMetrics {
            unit: EvaluationUnit::Segment,
            n: 4,
            complete: None,
            exact_match: estimate(0.5),
            hamming: estimate(0.5),
            jaccard: estimate(0.5),
            challenge: Estimate::default(),
            averages: vec![average],
            labels: vec![label],
            co_occurrence,
        }],
        subgroups: vec![subgroup],
        subgroup_pairs: vec![],
    }
}

#[test]
fn metrics_come_back_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    metrics().write(dir.path()).unwrap();
    assert_eq!(Metrics::read(dir.path()).unwrap(), metrics());
}

#[test]
fn tables_leave_the_undefined_empty() {
    let dir = tempfile::tempdir().unwrap();
    metrics().write(dir.path()).unwrap();
    let text = std::fs::read_to_string(dir.path().join(METRICS_FILE)).unwrap();
    assert!(text.starts_with(
        "unit,label,n,positives,prevalence,auroc,auprc,sensitivity,specificity,ppv,npv,f1,accuracy,prevalence_lo,"
    ));
    let row = text.lines().nth(1).unwrap();
    assert!(
        row.starts_with("segment,AF,4,1,,0.30000000000000004,,,,,,,,,,0.25,,"),
        "{row}"
    );
    assert!(row.ends_with(",1,2,0,1,,,,,,,,,,,0.5"), "{row}");
    let text = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
    assert_eq!(
        text(AVERAGES_FILE).lines().nth(1),
        Some("segment,macro,auroc,0.3,0.25,,AF,\"SB, ST\"")
    );
    assert_eq!(
        text(SUBGROUPS_FILE).lines().nth(1),
        Some("sex,female,3,AF,,0.5,0.25,,,,,,,,,,,male,-0.5,0.25,,,,,,,,,,")
    );
    assert_eq!(text(THRESHOLDS_FILE), "label,threshold\nAF,0.5\n");
    let table = read_metrics_table(dir.path()).unwrap();
    assert_eq!(
        table.column("auroc").unwrap().f64().unwrap().get(0),
        Some(0.1 + 0.2)
    );
    assert_eq!(table.column("ppv").unwrap().null_count(), 1);
    let tutorial = std::fs::read_to_string(dir.path().join(TUTORIAL_FILE)).unwrap();
    assert_eq!(tutorial.lines().nth(1), Some(",0.25,1.0,,,0.333,0.5,1.0"));
}

#[test]
fn metrics_of_an_earlier_version_lack_what_was_added_since() {
    let dir = tempfile::tempdir().unwrap();
    metrics().write(dir.path()).unwrap();
    let path = dir.path().join(METRICS_JSON_FILE);
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let removed = [
        value["mapping"]["pairs"][0]
            .as_object_mut()
            .unwrap()
            .remove("pool"),
        value["flow"]
            .as_object_mut()
            .unwrap()
            .remove("ecgs_without_patient"),
    ];
    assert!(removed.iter().all(Option::is_some));
    std::fs::write(&path, value.to_string()).unwrap();
    let read = Metrics::read(dir.path()).unwrap();
    assert_eq!(
        (read.mapping.pairs[0].pool.len(), read.flow.ecgs_without_patient),
        (0, None)
    );
}

#[test]
fn another_schema_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(METRICS_JSON_FILE), "{\"schema\": 99}").unwrap();
    let message = Metrics::read(dir.path()).unwrap_err().to_string();
    assert!(
        message.ends_with("schema 99 where this program reads 2; run the evaluation again"),
        "{message}"
    );
}

#[test]
fn the_comparison_comes_back_with_empty_label_texts() {
    let dir = tempfile::tempdir().unwrap();
    let frame = df!(SEGMENT => ["a_0"], IDX => [5i64], PREDICTED => ["SB, AF"], ACTUAL => [""]).unwrap();
    write_comparison(dir.path(), &frame).unwrap();
    assert!(read_comparison(dir.path()).unwrap().equals(&frame));
}
