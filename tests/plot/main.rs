//! `ecgfm plot` and `ecgfm compare` as a user runs them, and the report in a browser.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test that cannot go on should stop there.

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod figures;
mod page;
mod pandoc;
mod paper;
mod script;
mod sheets;

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

/// Lines of a table in CSV, without its quotes and notices.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let plain = |line: &str| line.split(",\"SYNTHETIC").next().unwrap().to_owned();
    text.lines()
        .map(|line| plain(line).split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_table_for_a_paper_has_the_numbers_of_the_metrics_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let table = |further: &[&str]| ok(ecgfm().arg("table").arg(&run).args(further));
    let metrics: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(run.join("evaluate/metrics.json")).unwrap()).unwrap();
    let unit = metrics["units"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["unit"] == "ecg")
        .unwrap();
    let (csv, latex, html) = (
        table(&["--format=csv"]),
        table(&["--format=latex"]),
        table(&["--format=html"]),
    );
    let markdown = table(&[]);
    for text in [&csv, &latex, &html, &markdown] {
        assert!(text.contains("SYNTHETIC, DEMO MODEL"), "{text}");
    }
    let rows = csv_rows(&csv);
    assert_eq!(rows[0][..4], ["Label", "n", "Positives", "AUROC"]);
    for (label, row) in unit["labels"].as_array().unwrap().iter().zip(&rows[1..]) {
        assert_eq!(row[0], label["label"].as_str().unwrap());
        assert_eq!(row[2], label["positives"].to_string());
        let estimate = &label["estimates"]["sensitivity"];
        let number = |name: &str| estimate[name].as_f64().unwrap();
        let cell = format!("{:.3} ({:.3}–{:.3})", number("value"), number("lo"), number("hi"));
        assert_eq!(row[5], cell);
        for text in [&html, &markdown] {
            assert!(text.contains(&cell), "{cell}: {text}");
        }
        assert!(latex.contains(&cell.replace('–', "--")), "{cell}: {latex}");
    }
    // A row of LaTeX has a cell a column, and nothing in it is a command.
    let columns = latex
        .split_once("\\begin{tabular}{")
        .unwrap()
        .1
        .split_once('}')
        .unwrap()
        .0
        .len();
    let lines: Vec<&str> = latex.lines().filter(|line| line.ends_with("\\\\")).collect();
    assert_eq!(lines.len(), rows.len());
    assert!(
        lines
            .iter()
            .all(|line| line.matches(" & ").count() + 1 == columns),
        "{latex}"
    );
    let cohort = table(&["--what=cohort"]);
    assert!(
        cohort.contains("| sex | female |") && cohort.contains("|  | ECGs scored |"),
        "{cohort}"
    );
}

#[test]
fn several_runs_make_one_table_and_what_cannot_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
    sample(&one, &[]);
    sample(&two, &["vars.seed=7"]);
    let runs = [one.join("code15/sample"), two.join("code15/sample/evaluate")];
    let said = ok(ecgfm()
        .arg("table")
        .args(&runs)
        .args(["--statistics=auroc,f1", "--digits=2", "--json"]));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        said["columns"],
        serde_json::json!(["Label", "Run", "n", "Positives", "AUROC", "F1"])
    );
    let names: Vec<&str> = said["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[1].as_str().unwrap())
        .collect();
    assert!(names.len() == 14 && names[0] != names[1], "{names:?}");
    let (code, message) = refused(ecgfm().arg("table").arg(&runs[0]).arg("--statistics=auc"));
    assert!(
        code == Some(2) && message.contains("statistics are prevalence, auroc"),
        "{message}"
    );
    let (code, message) = refused(ecgfm().arg("table").arg(dir.path()));
    assert!(code == Some(3) && message.contains("metrics.json"), "{message}");
}
