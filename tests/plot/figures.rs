//! `ecgfm figures`: files of a journal's width, with the numbers of the metrics and their typeface inside.

use crate::common::{ecgfm, ok};
use crate::{refused, sample};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn draw(runs: &[&Path], to: &Path, further: &[&str]) -> Value {
    let mut command = ecgfm();
    command
        .arg("figures")
        .args(runs)
        .arg("-o")
        .arg(to)
        .args(further)
        .arg("--json");
    serde_json::from_str(&ok(&mut command)).unwrap()
}

/// What a program of poppler says of a PDF; none, loudly, where poppler is not installed.
pub(crate) fn poppler(program: &str, arguments: &[&str], pdf: &Path) -> Option<String> {
    let mut command = Command::new(program);
    match command.args(arguments).arg(pdf).args(to_stdout(program)).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program} {}", pdf.display());
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            eprintln!("SKIPPED: {program} of {}: {error}", pdf.display());
            None
        }
    }
}

fn to_stdout(program: &str) -> &'static [&'static str] {
    if program == "pdftotext" { &["-"] } else { &[] }
}

fn ecg_labels(metrics: &Value) -> Vec<Value> {
    let units = metrics["units"].as_array().unwrap();
    let ecg = units.iter().find(|unit| unit["unit"] == "ecg").unwrap();
    ecg["labels"].as_array().unwrap().clone()
}

fn estimate_text(estimate: &Value) -> String {
    let number = |name: &str| estimate[name].as_f64();
    match (number("value"), number("lo"), number("hi")) {
        (Some(value), Some(lo), Some(hi)) => format!("{value:.3} ({lo:.3}–{hi:.3})"),
        (Some(value), ..) => format!("{value:.3}"),
        _ => "n/a".to_owned(),
    }
}

/// Checks the files of a figure against its size and what must be read on it.
fn check_files(figure: &Value, dpi: f64, texts: &[String]) {
    let width = figure["width_mm"].as_f64().unwrap();
    let files = figure["files"].as_array().unwrap().iter();
    let file = |ending: &str| {
        files
            .clone()
            .map(|f| f.as_str().unwrap())
            .find(|f| f.ends_with(ending))
    };
    let svg = std::fs::read_to_string(file(".svg").unwrap()).unwrap();
    assert!(svg.contains(&format!("width=\"{width:.3}mm\"")));
    assert!(svg.contains("@font-face{font-family:Arimo") && !svg.contains("class="));
    let png = std::fs::read(file(".png").unwrap()).unwrap();
    let dots = u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert_eq!(f64::from(dots), (width / 25.4 * dpi).round(), "{figure}");
    let pdf = Path::new(file(".pdf").unwrap());
    for text in texts {
        assert!(svg.contains(text), "{text}: {figure}");
    }
    if let Some(said) = poppler("pdftotext", &["-layout"], pdf) {
        for text in texts {
            assert!(said.contains(text), "{text}: {figure}\n{said}");
        }
    }
    if let Some(said) = poppler("pdfinfo", &[], pdf) {
        let size = said.lines().find(|line| line.starts_with("Page size:")).unwrap();
        let points: f64 = size.split_whitespace().nth(2).unwrap().parse().unwrap();
        assert!((points / 72.0 * 25.4 - width).abs() < 0.05, "{size}");
        assert!(said.contains("Pages:           1\n"), "{said}");
    }
    if let Some(said) = poppler("pdffonts", &[], pdf) {
        let fonts: Vec<&str> = said.lines().skip(2).collect();
        assert!(!fonts.is_empty(), "{said}");
        for font in fonts {
            // Name, two words of type, encoding, then whether it is embedded.
            let words: Vec<&str> = font.split_whitespace().collect();
            assert!(words[0].starts_with("Arimo-") && words[4] == "yes", "{said}");
        }
    }
}

#[test]
fn figures_have_the_numbers_of_the_metrics_and_their_typeface_at_a_journals_width() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let metrics = read_json(&run.join("evaluate/metrics.json"));
    let labels = ecg_labels(&metrics);
    let names: Vec<String> = labels
        .iter()
        .map(|label| label["label"].as_str().unwrap().to_owned())
        .collect();
    let notice = "SYNTHETIC, DEMO MODEL.".to_owned();
    for (width, millimetres) in [("single", 85.0), ("double", 178.0)] {
        let to = dir.path().join(width);
        let said = draw(&[&run], &to, &["--width", width, "--dpi", "200"]);
        let figures = said["figures"].as_array().unwrap();
        for kind in ["roc", "pr", "calibration", "decision", "auroc"] {
            let figure = figures.iter().find(|figure| figure["name"] == kind).unwrap();
            assert!((figure["width_mm"].as_f64().unwrap() - millimetres).abs() < 1e-6);
            let mut texts = names.clone();
            texts.push(notice.clone());
            if kind == "auroc" {
                texts.extend(
                    labels
                        .iter()
                        .map(|label| estimate_text(&label["estimates"]["auroc"])),
                );
            }
            check_files(figure, 200.0, &texts);
        }
        let flow = figures.iter().find(|figure| figure["name"] == "flow").unwrap();
        check_files(flow, 200.0, &texts_of_flow(&metrics));
        let captions = std::fs::read_to_string(to.join("captions.txt")).unwrap();
        for figure in figures {
            assert!(captions.contains(figure["caption"].as_str().unwrap()));
            assert!(figure["height_mm"].as_f64().unwrap() <= 240.0, "{figure}");
        }
    }
    // The same bytes again, over those that are there.
    let before = std::fs::read(dir.path().join("single/roc.pdf")).unwrap();
    draw(&[&run], &dir.path().join("single"), &["--format=pdf"]);
    assert!(before == std::fs::read(dir.path().join("single/roc.pdf")).unwrap());
    draw_one_label_without_intervals(dir.path(), &metrics);
    draw_two_runs_in_the_same_panels(dir.path(), &run, &names[0]);
}

/// What must be read on the flow of ECGs: its counts, and what was counted.
fn texts_of_flow(metrics: &Value) -> Vec<String> {
    let flow = &metrics["flow"];
    let counts =
        ["exams_read", "exams_kept", "ecgs_predicted", "ecgs_scored"].map(|name| flow[name].to_string());
    assert!(!counts.contains(&"null".to_owned()), "{flow}");
    let words = [
        "exams read",
        "exams kept, of all splits",
        "ECGs scored",
        "SYNTHETIC, DEMO MODEL.",
    ];
    counts.into_iter().chain(words.map(str::to_owned)).collect()
}

/// One label, no intervals, and no other unit or group.
fn draw_one_label_without_intervals(dir: &Path, metrics: &Value) {
    let labels = ecg_labels(metrics);
    let name = labels[0]["label"].as_str().unwrap().to_owned();
    let alone = dir.join("alone");
    std::fs::create_dir_all(&alone).unwrap();
    let mut less = metrics.clone();
    less["units"]
        .as_array_mut()
        .unwrap()
        .retain(|unit| unit["unit"] == "ecg");
    less["units"][0]["labels"] = json!([labels[0].clone()]);
    less["subgroups"] = json!([]);
    less["subgroup_pairs"] = json!([]);
    let auroc = &mut less["units"][0]["labels"][0]["estimates"]["auroc"];
    (auroc["lo"], auroc["hi"]) = (Value::Null, Value::Null);
    let value = estimate_text(auroc);
    std::fs::write(alone.join("metrics.json"), less.to_string()).unwrap();
    let said = draw(&[&alone], &dir.join("few"), &["--dpi=100"]);
    let auroc = said["figures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["name"] == "auroc");
    check_files(auroc.unwrap(), 100.0, &[name, value]);
    let svg = std::fs::read_to_string(dir.join("few/auroc.svg")).unwrap();
    assert!(!svg.contains("95 % interval)<") && !svg.contains("mean over labels"));
    assert_eq!(said["left_out"][0]["kind"], "subgroups");
}

fn draw_two_runs_in_the_same_panels(dir: &Path, run: &Path, label: &str) {
    let alone = dir.join("alone");
    let both = dir.join("both");
    let said = draw(&[run, &alone], &both, &["--format=svg", "--label", label]);
    for (at, kind) in ["flow", "subgroups"].into_iter().enumerate() {
        let left_out = &said["left_out"][at];
        assert!(
            left_out["kind"] == kind && left_out["why"] == "drawn of one run at a time",
            "{said}"
        );
    }
    let svg = std::fs::read_to_string(both.join("roc.svg")).unwrap();
    assert!(svg.contains("code15/sample</text>") && svg.contains("stroke-dasharray=\"7 3\""));
    assert!(!svg.contains(">not in "));
    // The other run has one of the labels alone.
    draw(&[run, &alone], &both, &["--format=svg", "--width=double"]);
    let svg = |name: &str| std::fs::read_to_string(both.join(name)).unwrap();
    let others = ecg_labels(&read_json(&run.join("evaluate/metrics.json"))).len() - 1;
    for name in ["roc.svg", "pr.svg", "calibration.svg", "decision.svg"] {
        assert_eq!(svg(name).matches(">not in ").count(), others, "{name}");
    }
    assert_eq!(svg("auroc.svg").matches(">no such label</text>").count(), others);
    let captions = std::fs::read_to_string(both.join("captions.txt")).unwrap();
    let of_roc = captions.lines().find(|line| line.starts_with("roc: ")).unwrap();
    let missing = of_roc.split_once("/alone does not have ").unwrap().1;
    let missing = missing.split('.').next().unwrap();
    assert!(
        missing.split(", ").count() == others && !missing.contains(label),
        "{of_roc}"
    );
    // A notice of one run alone says of which.
    let mut real = read_json(&alone.join("metrics.json"));
    real["notice"] = Value::Null;
    std::fs::write(alone.join("metrics.json"), real.to_string()).unwrap();
    draw(&[run, &alone], &both, &["--format=svg", "--width=double"]);
    let svg = std::fs::read_to_string(both.join("roc.svg")).unwrap();
    assert!(svg.contains(": SYNTHETIC, DEMO MODEL.</text>"), "{svg}");
}

#[test]
fn what_cannot_be_drawn_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &[]);
    let run = dir.path().join("code15/sample");
    let to = dir.path().join("figures");
    let figures = |arguments: &[&std::ffi::OsStr]| {
        let mut command = ecgfm();
        command.arg("figures").args(arguments).arg("-o").arg(&to);
        refused(&mut command)
    };
    let (code, message) = figures(&[dir.path().as_os_str()]);
    assert!(
        code == Some(3)
            && message.contains("has no evaluation")
            && message.contains("stage `evaluate` is done"),
        "{message}"
    );
    let (code, message) = figures(&[run.as_os_str(), "--label=AFF".as_ref()]);
    assert!(
        code == Some(2) && message.contains("no label `AFF`; labels are "),
        "{message}"
    );
    let (code, message) = figures(&[run.as_os_str(); 5]);
    assert!(
        code == Some(2) && message.contains("at most 4 runs; 5 are given"),
        "{message}"
    );
    assert!(!to.exists(), "nothing is written where something is wrong");
}
