//! `ecgfm view` as a reader uses it: in a browser, by keyboard.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;

use common::axe;
use common::browser::Browser;
use common::{chromium, ecgfm, ok, signal};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// A run of the sample with saliency and some exams that are set aside, small enough for a test.
fn sample(workdir: &Path, further: &[&str]) -> PathBuf {
    let mut command = ecgfm();
    command
        .args(["run", "code15", "--quiet", "--workdir"])
        .arg(workdir);
    let settings = [
        "synth.exams=80",
        "synth.faults={all_zero: 2, flat_lead: 2}",
        "infer.outputs=[logits, saliency]",
        "evaluate.bootstrap=20",
    ];
    for setting in settings.iter().chain(further) {
        command.args(["--set", setting]);
    }
    ok(&mut command);
    workdir.join("code15/sample")
}

/// The program, showing a run.
struct Viewer {
    process: Child,
    url: String,
    exams: u64,
}

impl Viewer {
    fn start(run: &Path) -> Self {
        let mut command = ecgfm();
        command.arg("view").arg(run).arg("--json").stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
        let (first, second) = (line(), line());
        let url = first["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let exams = second["exams"].as_u64().unwrap();
        Self { process, url, exams }
    }

    /// Ends it as Ctrl-C does.
    fn stop(mut self) {
        signal(&self.process, "-INT");
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_reader_finds_an_ecg_goes_on_by_keyboard_and_keeps_a_verdict() {
    let Some(program) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let run = sample(dir.path(), &[]);
    let viewer = Viewer::start(&run);
    let mut page = Browser::start(program, &dir.path().join("profile"));
    page.open(&viewer.url);
    page.wait_for("document.querySelectorAll('a.ecg').length == 50");
    let found = page.value("document.getElementById('found').textContent");
    assert_eq!(found, format!("{0} of {0} ECGs", viewer.exams));
    assert!(viewer.exams >= 80, "those set aside are listed too");
    // By form: those that the model and the truth are told of.
    page.value("document.getElementById('f-label').value = 'RBBB'; document.getElementById('f-split').value = 'test'; document.querySelector('form.filter').requestSubmit()");
    page.wait_for("document.querySelector('th:nth-child(5)')?.textContent == 'Truth of RBBB'");
    let first = page.value("document.querySelector('a.ecg').textContent");
    // By keyboard: to the first, then to the next.
    page.press("j");
    page.wait_for("document.activeElement.className == 'ecg'");
    page.press("Enter");
    page.wait_for("document.querySelector('h1')?.textContent.startsWith('Exam ')");
    assert_eq!(
        page.value("document.querySelector('h1').textContent"),
        format!("Exam {}", first.as_str().unwrap())
    );
    page.wait_for("document.querySelector('img.paper').complete && document.querySelector('img.paper').naturalWidth > 900");
    page.wait_for("document.querySelector('nav.pages').textContent.includes(' 1 of ')");
    page.press("ArrowRight");
    page.wait_for("document.querySelector('nav.pages').textContent.includes(' 2 of ')");
    let exam = page.value("document.querySelector('h1').textContent");
    // A note, then a verdict, which takes the note with it and stays on the ECG.
    page.press("n");
    page.wait_for("document.activeElement.id == 'v-note'");
    page.send("Input.insertText", serde_json::json!({"text": "wide QRS"}));
    page.press("Escape");
    page.press("d");
    page.wait_for("document.querySelector('tbody.chosen')?.textContent.includes('Your verdict: disagree')");
    assert_eq!(page.value("document.querySelector('h1').textContent"), exam);
    let reviews = fs::read_to_string(run.join("review.csv")).unwrap();
    let row = reviews.lines().nth(1).unwrap();
    assert!(
        row.contains(",RBBB,truth,") && row.contains(",disagree,wide QRS,"),
        "{reviews}"
    );
    assert!(
        row.contains(exam.as_str().unwrap().strip_prefix("Exam ").unwrap()),
        "{reviews}"
    );
    page.press("k");
    page.wait_for("document.querySelector('nav.pages').textContent.includes(' 1 of ')");
    page.press("l");
    page.wait_for("document.querySelector('table.list') != null");
    nothing_left_the_machine_and_nothing_was_refused(&page, &viewer.url);
    viewer.stop();
    // What a reader says is no stage's: the run is as it was.
    ok(ecgfm().arg("verify").arg(&run));
    // Evaluated with the verdict, the report shows it.
    let review = format!("evaluate.review={}", run.join("review.csv").display());
    sample(dir.path(), &[&review]);
    let report = fs::read_to_string(run.join("report/report.html")).unwrap();
    let (_, section) = report.split_once("<section id=\"reader\">").unwrap();
    assert!(
        section.contains("Verdicts: 1; on labels of ECGs that were scored 1,"),
        "{report}"
    );
    assert!(section.contains("<th scope=\"row\">RBBB</th><td data-name=\"judged\">1</td>"));
}

/// Holds every request and every message of the page against what there may be.
fn nothing_left_the_machine_and_nothing_was_refused(page: &Browser, url: &str) {
    let of = |method: &'static str| page.events.iter().filter(move |event| event["method"] == method);
    let asked: Vec<&str> = of("Network.requestWillBeSent")
        .map(|event| event["params"]["request"]["url"].as_str().unwrap())
        .collect();
    assert!(asked.len() > 10, "{asked:?}");
    assert!(asked.iter().all(|asked| asked.starts_with(url)), "{asked:?}");
    let answered: Vec<u64> = of("Network.responseReceived")
        .map(|event| event["params"]["response"]["status"].as_u64().unwrap())
        .collect();
    assert!(answered.iter().all(|status| *status == 200), "{answered:?}");
    for method in [
        "Log.entryAdded",
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
    ] {
        let said: Vec<&Value> = of(method).collect();
        assert!(said.is_empty(), "{said:?}");
    }
}

#[test]
fn the_pages_are_accessible() {
    let (Some(program), Some(axe)) = (chromium(), axe::source()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let viewer = Viewer::start(&sample(dir.path(), &[]));
    let mut page = Browser::start(program, &dir.path().join("profile"));
    let list = viewer.url.clone();
    axe::find_no_violation(
        &mut page,
        &axe,
        &list,
        "document.querySelectorAll('a.ecg').length == 50",
    );
    let ecg = page.value("document.querySelector('a.ecg').href");
    axe::find_no_violation(
        &mut page,
        &axe,
        ecg.as_str().unwrap(),
        "document.querySelector('img.paper').complete",
    );
    viewer.stop();
}

#[test]
fn what_is_no_run_is_told_before_anything_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let output = ecgfm().arg("view").arg(dir.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("it is no run") && output.stdout.is_empty(),
        "{said}"
    );
}
