//! The report of a small evaluation: what a reader and a machine find in it.
#![allow(clippy::unwrap_used)]

mod common;

use base64::prelude::{BASE64_STANDARD, Engine};
use common::{Report, metrics, report};
use ecgfm_artifacts::evaluation::Metrics;
use ecgfm_report::report::PLOTS_DIR;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

fn plots(report: &Report) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(report.dir.path().join(PLOTS_DIR)).unwrap();
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn the_page_loads_nothing_and_runs_one_script_of_its_own() {
    let html = report(|_, _| {}).unwrap().html;
    for outside in [
        "http://",
        "https://",
        "src=",
        "@import",
        "url(",
        "<link",
        "onload",
        "onclick",
        "fetch(",
        "eval(",
        "innerHTML",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(
        html.matches("<script").count(),
        2,
        "the numbers, which do not run, and the page's script"
    );
    let (_, policy) = html.split_once("Content-Security-Policy\" content=\"").unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    let (_, script) = html.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(script));
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(
        policy.contains(&format!("script-src 'sha256-{hash}';")),
        "{policy}"
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
fn results_come_first_and_the_tutorials_table_last() {
    let html = report(|_, _| {}).unwrap().html;
    let at = |id: &str| html.find(&format!("<section id=\"{id}\"")).unwrap();
    let order = [
        "results",
        "cohort",
        "checks",
        "figures",
        "thresholds",
        "subgroups",
        "metrics",
        "together",
        "methods",
        "run",
        "tutorial",
    ]
    .map(at);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_notice_is_a_banner_above_everything_and_at_the_foot_of_every_plot() {
    let noted = report(|_, dir| {
        let notice = Some("SYNTHETIC, DEMO MODEL. Nobody's heart.".into());
        Metrics { notice, ..metrics() }.write(dir).unwrap();
    })
    .unwrap();
    let with = &noted.html;
    let banner = with
        .find("class=\"notice\" role=\"note\">SYNTHETIC, DEMO MODEL. Nobody")
        .unwrap();
    assert!(banner < with.find("<section").unwrap());
    for plot in plots(&noted) {
        let svg = std::fs::read_to_string(&plot).unwrap();
        assert!(
            svg.contains(">SYNTHETIC, DEMO MODEL.</text>"),
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
    assert!(html.contains("1 of 2 labels have fewer than 10 positive ECGs: their figures say little."));
    assert!(html.contains("<span class=\"of-labels\">X|&lt;b&gt; (0)</span>"));
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
    let drawings = |what: &str| report.html.matches(what).count();
    assert_eq!(drawings("role=\"img\""), 12 + drawings("chart if-narrow\""));
    assert_eq!(
        drawings("chart if-narrow\""),
        1,
        "a forest plot is drawn for narrow windows too"
    );
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

#[test]
fn other_thresholds_are_a_table_and_a_curve_a_label() {
    let html = report(|_, _| {}).unwrap().html;
    let (_, section) = html.split_once("<section id=\"thresholds\"").unwrap();
    let (section, _) = section.split_once("</section>").unwrap();
    assert_eq!(section.matches("<figure>").count(), 2, "one a label");
    assert_eq!(section.matches("class=\"in-use\"").count(), 2, "{section}");
    assert!(section.contains("plots/decision_AF.svg"), "{section}");

    let without = report(|_, dir| {
        let mut metrics = metrics();
        for label in metrics.units.iter_mut().flat_map(|unit| &mut unit.labels) {
            label.operating_points = Default::default();
        }
        metrics.write(dir).unwrap();
    });
    // Metrics of an earlier version do not have them.
    assert!(!without.unwrap().html.contains("id=\"thresholds\""));
}
