//! The report of a small evaluation: what a reader and a machine find in it.
#![allow(clippy::unwrap_used)]

use ecgfm_artifacts::evaluation::{
    Average, CalibrationBin, CoOccurrence, Counts, Estimate, Flow, IntervalMethod, LabelMetrics, MappingUsed,
    Metrics, PairUsed, PrCurve, RocCurve, SCHEMA, STATISTICS, ScoreHistogram, Subgroup, SubgroupLabel,
    ThresholdsUsed, Tutorial, TutorialClass, Unit, UnitMetrics,
};
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_report::report::{PAGE_FILE, PLOTS_DIR, Params, run};
use std::path::{Path, PathBuf};

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
        positives,
        counts: Counts {
            tp: positives,
            fp: 2,
            r#fn: 0,
            tn: 1234,
        },
        estimates: STATISTICS.iter().map(estimate).collect(),
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
    }
}

fn metrics() -> Metrics {
    let labels = vec![label("AF", 40), label("X|<b>", 0)];
    let unit = |unit| UnitMetrics {
        unit,
        n: 1276,
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
        counts: Counts {
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
        },
        subgroups: vec![Subgroup {
            by: "sex".into(),
            group: "female".into(),
            n: 640,
            labels: vec![SubgroupLabel {
                label: "AF".into(),
                positives: None,
                estimates: std::collections::BTreeMap::new(),
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
        tutorial: Tutorial {
            rows: 1276,
            matches: 1148,
            exact_match: Some(0.8997),
            classes: vec![class(""), class("AF")],
        },
        units: vec![unit(Unit::Segment), unit(Unit::Ecg)],
    }
}

struct Report {
    dir: tempfile::TempDir,
    html: String,
}

fn report(change: impl FnOnce(&mut Params, &Path)) -> Result<Report, ecgfm_report::Error> {
    let dir = tempfile::tempdir().unwrap();
    metrics().write(dir.path()).unwrap();
    let mut params = Params {
        metrics: dir.path().to_owned(),
        title: Some("ECG-FM on CODE-15%".into()),
        model: None,
        inference: None,
        lock: None,
        rejected: None,
        signals: None,
        sample_rate: 500.0,
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
        },
    )?;
    assert_eq!(outcome.counts["figures"], 8);
    let html = std::fs::read_to_string(dir.path().join(PAGE_FILE)).unwrap();
    Ok(Report { dir, html })
}

fn plots(report: &Report) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(report.dir.path().join(PLOTS_DIR)).unwrap();
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let html = report(|_, _| {}).unwrap().html;
    for outside in [
        "http://", "https://", "src=", "@import", "url(", "<link", "onload", "onclick",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(
        html.matches("<script").count(),
        1,
        "only the numbers, which do not run"
    );
}

#[test]
fn the_numbers_are_embedded_as_they_stand_in_metrics_json() {
    let html = report(|_, _| {}).unwrap().html;
    let start = html.find("id=\"numbers\">").unwrap() + "id=\"numbers\">".len();
    let text = &html[start..start + html[start..].find("</script>").unwrap()];
    assert_eq!(serde_json::from_str::<Metrics>(text).unwrap(), metrics());
}

#[test]
fn run_card_and_checks_come_before_tables_and_figures() {
    let html = report(|_, _| {}).unwrap().html;
    let at = |id: &str| html.find(&format!("<section id=\"{id}\"")).unwrap();
    let order = ["run", "checks", "tutorial", "metrics", "figures", "methods"].map(at);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_notice_is_a_banner_above_everything_and_at_the_foot_of_every_plot() {
    let noted = report(|_, dir| {
        let notice = Some("SYNTHETIC SAMPLE, DEMO MODEL. Nobody's heart.".into());
        Metrics { notice, ..metrics() }.write(dir).unwrap();
    })
    .unwrap();
    let with = &noted.html;
    let banner = with
        .find("class=\"notice\" role=\"note\">SYNTHETIC SAMPLE, DEMO MODEL. Nobody")
        .unwrap();
    assert!(banner < with.find("<section").unwrap());
    for plot in plots(&noted) {
        let svg = std::fs::read_to_string(&plot).unwrap();
        assert!(
            svg.contains(">SYNTHETIC SAMPLE, DEMO MODEL.</text>"),
            "{}",
            plot.display()
        );
    }
    let without = report(|_, _| {}).unwrap().html;
    assert!(!without.contains("class=\"notice\""));
}

#[test]
fn what_was_left_out_and_what_is_undefined_is_said_with_its_reason() {
    let html = report(|_, _| {}).unwrap().html;
    assert!(html.contains("4 of 1\u{202f}280 predicted segments"), "left out");
    assert!(html.contains("<abbr class=\"undefined\" title=\"no positives\">n&#x2f;a</abbr>"));
    assert!(html.contains("Fewer than 10 positive ECGs: X|&lt;b&gt; (0)"));
    assert!(html.contains(">no positives</text>"), "the empty figure says why");
}

#[test]
fn text_from_outside_stays_text() {
    let html = report(|p, _| p.title = Some("<script>alert(1)</script>".into()))
        .unwrap()
        .html;
    assert!(!html.contains("<script>alert") && !html.contains("X|<b>"));
}

#[test]
fn every_figure_is_a_file_that_stands_alone_and_is_described() {
    let report = report(|_, _| {}).unwrap();
    let files = plots(&report);
    let names: Vec<_> = files
        .iter()
        .map(|p| p.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names[..2], ["calibration_AF.svg", "calibration_X--b-.svg"]);
    for (path, name) in files.iter().zip(&names) {
        let svg = std::fs::read_to_string(path).unwrap();
        assert!(svg.starts_with("<?xml") && svg.contains("xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(svg.contains("<title") && svg.contains("<desc") && svg.contains("prefers-color-scheme"));
        assert!(report.html.contains(&format!("plots/{name}")));
    }
    assert_eq!(report.html.matches("role=\"img\"").count(), 8);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (one, two) = (report(|_, _| {}).unwrap(), report(|_, _| {}).unwrap());
    assert!(one.html == two.html);
    for (a, b) in plots(&one).iter().zip(plots(&two)) {
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap());
    }
}

#[test]
fn files_about_the_run_are_shown_where_given_and_refused_where_they_are_something_else() {
    let html = report(|p, dir| {
        let write = |name: &str, text: &str| {
            std::fs::write(dir.join(name), text).unwrap();
            Some(dir.join(name))
        };
        p.model = write(
            "model.json",
            r#"{"architecture": "ecg_transformer", "parameters": 90883866, "source": {"sha256": "ab12"}}"#,
        );
        p.inference = write(
            "infer.json",
            r#"{"precision": "bfloat16", "against_float32": {"largest_probability_change": 0.0065}}"#,
        );
        p.lock = write(
            "lock.json",
            r#"{"stages": {"predict": {"started": "2026-01-01T00:00:09Z", "seconds": 1.25},
                "infer": {"started": "2026-01-01T00:00:01Z", "seconds": 7, "facts": {"device": "cpu"}, "counts": {"segments": 14}}}}"#,
        );
        p.rejected = write(
            "rejected.csv",
            "exam_id,trace_file,reason,detail\n1,a,too_short,x\n2,a,too_short,x\n3,b,all_zero,\n",
        );
    });
    let html = html.unwrap().html;
    for wanted in [
        "source.sha256",
        "90\u{202f}883\u{202f}866",
        "device cpu",
        "bfloat16",
        "against_float32.largest_probability_change",
        "0.0065",
        "too short",
    ] {
        assert!(html.contains(wanted), "{wanted}");
    }
    let row = |stage: &str| html.find(&format!("<th scope=\"row\">{stage}</th>")).unwrap();
    assert!(
        row("infer") < row("predict"),
        "stages stand in the order in which they ran"
    );
    let refused = report(|p, dir| {
        std::fs::write(dir.join("x"), "[]").unwrap();
        p.lock = Some(dir.join("x"));
    });
    assert!(
        refused
            .err()
            .unwrap()
            .to_string()
            .ends_with("it has no `stages`; a lock file of a run is wanted")
    );
}
