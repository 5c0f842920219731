//! `ecgfm plot` and `ecgfm compare` as a user runs them, and the report in a browser.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot go on should stop there.

mod common;

use common::{ecgfm, ok};
use std::path::Path;
use std::process::Command;

/// A run of the sample with saliency, small enough for a test.
fn sample(workdir: &Path, further: &[&str]) {
    let mut command = ecgfm();
    command
        .args(["run", "code15", "--quiet", "--workdir"])
        .arg(workdir);
    let settings = [
        "synth.exams=80",
        "infer.outputs=[logits, saliency]",
        "evaluate.bootstrap=60",
    ];
    for setting in settings.iter().chain(further) {
        command.args(["--set", setting]);
    }
    ok(&mut command);
}

fn refused(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_ecg_is_drawn_from_a_run_and_from_its_archive() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let examples = std::fs::read_to_string(run.join("evaluate/examples.csv")).unwrap();
    let idx = examples
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(3)
        .unwrap()
        .to_owned();
    let svg = dir.path().join("a.svg");
    let mut plot = ecgfm();
    plot.arg("plot").arg(&run).args(["--ecg", &idx, "-o"]).arg(&svg);
    let said = ok(plot.arg("--json"));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (said["leads"].as_u64(), said["rate_hz"].as_f64()),
        (Some(12), Some(400.0))
    );
    let drawn = std::fs::read_to_string(&svg).unwrap();
    assert_eq!(
        drawn.matches("data-lead=").count(),
        13,
        "twelve leads and the rhythm strip"
    );
    assert!(drawn.contains("paper-shade") && drawn.contains("SYNTHETIC, DEMO MODEL."));
    assert!(drawn.contains("unit not stated by the archive"));
    // The same exam out of the archive: the same traces.
    let record = said["record"].as_str().unwrap();
    let exam = record.strip_prefix("code_15_").unwrap();
    let part = run.join("synth/exams_part0.hdf5");
    let mut plot = ecgfm();
    let raw = ok(plot
        .arg("plot")
        .arg(&part)
        .args(["--ecg", exam, "--units-per-mv", "1.8", "-o", "-"]));
    assert!(raw.contains("1.8 units a mV") && !raw.contains("paper-shade\" x"));
    assert_eq!(raw.matches("data-lead=").count(), 13);
    for (arguments, code, wanted) in [
        (
            vec![run.as_os_str(), "--ecg".as_ref(), "nobody".as_ref()],
            3,
            "no ECG `nobody` among its 80",
        ),
        (
            vec![part.as_os_str(), "--ecg".as_ref(), "7".as_ref()],
            3,
            "no exam `7` among its",
        ),
        (vec![part.as_os_str()], 2, "which ECG?"),
        (
            vec![dir.path().as_os_str(), "--ecg".as_ref(), "1".as_ref()],
            3,
            "it is no run",
        ),
        (vec![svg.as_os_str()], 3, "of XML, only that of GE MUSE"),
    ] {
        let (found, message) = refused(ecgfm().arg("plot").args(&arguments));
        assert!(
            found == Some(code) && message.contains(wanted),
            "{found:?} {message}"
        );
    }
}

#[test]
fn runs_are_compared_with_themselves_and_with_another_threshold() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    sample(&one, &["synth.exams=240"]);
    sample(&two, &["synth.exams=240", "predict.threshold=0.999999"]);
    let compared = |b: &Path| -> serde_json::Value {
        let mut command = ecgfm();
        command
            .arg("compare")
            .arg(one.join("code15/sample"))
            .arg(b.join("code15/sample"));
        serde_json::from_str(&ok(command.args(["--bootstrap", "100", "--json"]))).unwrap()
    };
    let of = |found: &serde_json::Value, statistic: &str| {
        let all = found["differences"].as_array().unwrap();
        let macro_average = |d: &&serde_json::Value| d["label"] == "macro" && d["statistic"] == statistic;
        all.iter().find(macro_average).unwrap().clone()
    };
    let same = compared(&one);
    for d in same["differences"].as_array().unwrap() {
        assert!(d["difference"].is_null() || d["difference"] == 0.0, "{d}");
    }
    let other = compared(&two);
    assert_eq!(
        of(&other, "auroc")["difference"],
        0.0,
        "the order of the scores is the same"
    );
    assert!(of(&other, "sensitivity")["hi"].as_f64().unwrap() < 0.0, "{other}");
    let mut command = ecgfm();
    let csv = dir.path().join("d.csv");
    command
        .arg("compare")
        .arg(one.join("code15/sample"))
        .arg(two.join("code15/sample/evaluate"));
    let text = ok(command.args(["--bootstrap", "100", "-o"]).arg(&csv));
    assert!(
        text.contains("SYNTHETIC, DEMO MODEL") && text.contains("macro") && text.contains(" *"),
        "{text}"
    );
    assert!(
        std::fs::read_to_string(&csv)
            .unwrap()
            .starts_with("label,statistic,a,b,difference,lo,hi\n")
    );
    let (code, message) = refused(ecgfm().arg("compare").arg(&one).arg(&two));
    assert!(code == Some(3), "{message}");
}

/// Chromium, unless it is not there; then the test says so and should return.
fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium");
    }
    found
}

/// Opens a page without a window, and does one thing with it.
fn browse(browser: &str, dir: &Path, page: &Path, action: &str) -> std::process::Output {
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--v=0",
            "--no-pdf-header-footer",
            action,
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn the_report_loads_nothing_says_nothing_on_the_console_and_shows_every_figure() {
    let Some(browser) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let page = dir.path().join("code15/sample/report/report.html");
    let output = browse(browser, dir.path(), &page, "--dump-dom");
    let (dom, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(!said.contains("CONSOLE"), "{said}");
    // What the page could load, it would have to name.
    let html = std::fs::read_to_string(&page).unwrap();
    for loader in [
        "src=",
        "<link",
        "@import",
        "url(http",
        "<iframe",
        "<object",
        "http-equiv=\"refresh\"",
    ] {
        assert!(!html.contains(loader), "{loader}");
    }
    assert!(html.contains("default-src 'none'"));
    let plots = std::fs::read_dir(page.with_file_name("plots")).unwrap().flatten();
    let names: Vec<String> = plots
        .map(|p| p.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.len() > 24, "{names:?}");
    for name in &names {
        assert!(
            dom.contains(&format!("plots/{name}")),
            "{name} is not on the page"
        );
    }
    assert_eq!(
        dom.matches("role=\"img\"").count(),
        names.len(),
        "every figure is drawn on the page"
    );
    assert!(
        dom.contains("id=\"subgroups\"") && dom.contains("id=\"ecgs\"") && dom.contains("data-lead=\"V6\"")
    );
}

#[test]
fn the_report_prints_true_to_scale() {
    let Some(browser) = chromium() else { return };
    let Some(mut python) = common::python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let page = dir.path().join("code15/sample/report/report.html");
    let pdf = dir.path().join("report.pdf");
    browse(
        browser,
        dir.path(),
        &page,
        &format!("--print-to-pdf={}", pdf.display()),
    );
    let said = ok(python
        .arg(common::root().join("tests/python/printed_scale.py"))
        .arg(&pdf));
    for line in said.lines() {
        assert!(line == "297 210 0.7500" || line == "297 420 0.7500", "{said}");
    }
    assert!(
        said.lines().count() > 14,
        "every example ECG is a page of its own: {said}"
    );
}

/// The committed schema, held against what a run leaves by Python's jsonschema.
#[test]
fn metrics_json_is_what_its_schema_says() {
    let Some(mut python) = common::python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &["evaluate.interval=bca"]);
    let program = "import json, sys\nfrom jsonschema import Draft202012Validator as V\n\
                   schema, found = (json.load(open(p)) for p in sys.argv[1:])\nV.check_schema(schema)\n\
                   V(schema).validate(found)\nfound['units'][0]['labels'][0]['auroc'] = 1\nprint(V(schema).is_valid(found))";
    let said = ok(python
        .args(["-c", program])
        .arg(common::root().join("docs/schema/metrics.schema.json"))
        .arg(dir.path().join("code15/sample/evaluate/metrics.json")));
    assert_eq!(said.trim(), "False", "and what is not in the schema is refused");
    let tripod = std::fs::read_to_string(dir.path().join("code15/sample/evaluate/tripod.json")).unwrap();
    let tripod: serde_json::Value = serde_json::from_str(&tripod).unwrap();
    let items = tripod["items"].as_array().unwrap();
    let names: std::collections::BTreeSet<&str> = items.iter().map(|i| i["item"].as_str().unwrap()).collect();
    assert_eq!((items.len(), names.len()), (52, 52), "the checklist has 52 items");
    assert!(items.iter().any(|i| i["attested"] == "no") && items.iter().any(|i| i["attested"] == "yes"));
}
