//! A small evaluation and its report.
#![allow(dead_code, clippy::unwrap_used)]

use ecgfm_artifacts::evaluation::{
    Average, CalibrationBin, CoOccurrence, ConfusionMatrix, Estimate, EvaluationUnit, Flow, IntervalMethod,
    LabelMetrics, MappingUsed, Metrics, OperatingPoints, PairUsed, PrCurve, RocCurve, SCHEMA, STATISTICS,
    ScoreHistogram, Subgroup, SubgroupLabel, ThresholdsUsed, Tutorial, TutorialClass, UnitMetrics,
};
use ecgfm_artifacts::labelset::Pool;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_report::report::{PAGE_FILE, Params, run};
use std::path::Path;

/// A label that is scored (`AF`), or one without positives.
fn label(name: &str, positives: u64) -> LabelMetrics {
    let defined = positives > 0;
    let estimate = |s: &&str| {
        let undefined = !defined && ["auroc", "auprc", "sensitivity"].contains(s);
        let reason = undefined.then(|| "no positives".to_owned());
        let value = (!undefined).then_some(0.75);
        (
            (*s).to_owned(),
            Estimate {
                value,
                lo: value.map(|v| v - 0.1),
                hi: value.map(|v| v + 0.1),
                reason,
            },
        )
    };
    let (roc, pr) = if defined {
        (
            RocCurve {
                points: 3,
                threshold: vec![None, Some(0.8), Some(0.1)],
                fpr: vec![0.0, 0.2, 1.0],
                tpr: vec![0.0, 0.8, 1.0],
            },
            PrCurve {
                points: 2,
                threshold: vec![0.8, 0.1],
                recall: vec![0.8, 1.0],
                precision: vec![0.7, 0.4],
            },
        )
    } else {
        (RocCurve::default(), PrCurve::default())
    };
    LabelMetrics {
        label: name.to_owned(),
        title: format!("What {name} means"),
        threshold: 0.5,
        unknown: 0,
        positives,
        counts: ConfusionMatrix {
            tp: positives,
            fp: 2,
            r#fn: 0,
            tn: 1234,
        },
        estimates: STATISTICS[..9].iter().map(|s| estimate(&s.name)).collect(),
        roc,
        pr,
        histogram: ScoreHistogram {
            positives: vec![0, positives],
            negatives: vec![10, 2],
        },
        calibration: vec![CalibrationBin {
            from: 0.1,
            count: 12,
            mean: 0.15,
            observed: 0.25,
            lo: 0.1,
            hi: 0.5,
        }],
        operating_points: OperatingPoints {
            threshold: vec![0.0, 0.1, 0.5, 0.9],
            tp: vec![positives, positives, positives, 0],
            fp: vec![1236, 20, 2, 0],
        },
    }
}

/// An evaluation of 1276 ECGs and as many segments.
pub(crate) fn metrics() -> Metrics {
    let labels = vec![label("AF", 40), label("X|<b>", 0)];
    let unit = |unit| UnitMetrics {
        unit,
        n: 1276,
        complete: None,
        exact_match: Estimate {
            value: Some(0.9),
            ..Estimate::default()
        },
        hamming: Estimate {
            value: Some(0.0625),
            ..Estimate::default()
        },
        jaccard: Estimate::default(),
        challenge: Estimate {
            reason: Some("the truth has no label for NSR".into()),
            ..Estimate::default()
        },
        averages: vec![Average {
            average: "macro".into(),
            statistic: "auroc".into(),
            estimate: Estimate {
                value: Some(0.8125),
                ..Estimate::default()
            },
            over: vec!["AF".into()],
            left_out: vec!["X|<b>".into()],
        }],
        labels: labels.clone(),
        co_occurrence: CoOccurrence {
            actual: vec![vec![40, 0], vec![0, 0]],
            predicted: vec![vec![42, 0], vec![0, 0]],
            actual_predicted: vec![vec![40, 0], vec![0, 0]],
            none_predicted: vec![2, 0],
        },
    };
    let class = |class: &str| TutorialClass {
        class: class.to_owned(),
        counts: ConfusionMatrix {
            tp: 40,
            fp: 2,
            r#fn: 0,
            tn: 1234,
        },
        values: [
            Some(0.031),
            Some(1.0),
            Some(0.952),
            None,
            Some(0.998),
            Some(0.998),
            Some(1.0),
        ],
    };
    Metrics {
        schema: SCHEMA,
        notice: None,
        subset: "test".into(),
        thresholds: ThresholdsUsed {
            source: "fixed".into(),
            by: "0.5".into(),
            chosen_on: None,
            ecgs: None,
            ecgs_without_truth: None,
        },
        subgroup_pairs: vec![],
        subgroups: vec![Subgroup {
            by: "sex".into(),
            group: "female".into(),
            n: 640,
            reference: None,
            labels: vec![SubgroupLabel {
                label: "AF".into(),
                positives: Some(40),
                estimates: [(
                    "auroc".to_owned(),
                    Estimate {
                        value: Some(0.75),
                        ..Estimate::default()
                    },
                )]
                .into(),
                differences: std::collections::BTreeMap::new(),
            }],
        }],
        mapping: MappingUsed {
            name: "m".into(),
            from: "a".into(),
            to: "b".into(),
            pairs: vec![PairUsed {
                from: "AF".into(),
                to: "AF".into(),
                title: "Atrial fibrillation".into(),
                pool: vec![Pool::Max],
            }],
            unmapped: vec!["SA".into()],
            unmapped_truth: vec![],
        },
        flow: Flow {
            segments_predicted: 1280,
            segments_without_truth: 4,
            segments_scored: 1276,
            ..Flow::default()
        },
        intervals: IntervalMethod {
            level: 0.95,
            proportions: "Wilson score".into(),
            ranking: "percentile bootstrap over ecgs".into(),
            cluster: "ecg".into(),
            replicates: 1000,
            seed: 42,
        },
        reader: None,
        tutorial: Tutorial {
            rows: 1276,
            matches: 1148,
            exact_match: Some(0.8997),
            classes: vec![class(""), class("AF")],
        },
        units: vec![unit(EvaluationUnit::Segment), unit(EvaluationUnit::Ecg)],
    }
}

/// A report that was made.
pub(crate) struct Report {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) html: String,
}

/// Makes the report of [`metrics`], or of what `change` writes into the directory instead.
pub(crate) fn report(change: impl FnOnce(&mut Params, &Path)) -> Result<Report, ecgfm_report::Error> {
    let dir = tempfile::tempdir().unwrap();
    metrics().write(dir.path()).unwrap();
    let mut params = Params {
        metrics: dir.path().to_owned(),
        title: Some("ECG-FM on CODE-15%".into()),
        model: None,
        inference: None,
        lock: None,
        rejected: None,
        panel: None,
        signals: None,
        sample_rate: Some(500.0),
        units_per_mv: None,
        saliency: None,
    };
    change(&mut params, dir.path());
    let outcome: Outcome = run(
        &params,
        &Context {
            out: dir.path(),
            home: dir.path(),
            progress: &NoProgress,
            cancel: &Cancel::default(),
            chunks: None,
        },
    )?;
    let metrics = Metrics::read(dir.path()).unwrap();
    let labels = &metrics.unit(EvaluationUnit::Ecg).unwrap().labels;
    let with_points = labels
        .iter()
        .filter(|label| !label.operating_points.threshold.is_empty());
    let figures = 4 * labels.len() + with_points.count() + 2;
    assert_eq!(
        outcome.counts["figures"], figures as u64,
        "four a label, a decision curve where the counts are there, one of a subgroup, and the flow"
    );
    let html = std::fs::read_to_string(dir.path().join(PAGE_FILE)).unwrap();
    Ok(Report { dir, html })
}
