//! Several models side by side, and what a model that is no longer compared makes stale.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::browser::Browser;
use common::{axe, chromium, ecgfm, ok, root};
use ecgfm_artifacts::evaluation::Panel;
use std::path::Path;

/// `ecgfm VERB` on a pipeline of 60 exams in `dir`.
fn run(verb: &str, dir: &Path, pipeline: &str) -> String {
    let file = dir.join("panel.yaml");
    std::fs::write(&file, pipeline).unwrap();
    let mut command = ecgfm();
    command
        .arg(verb)
        .arg(&file)
        .args(["--set", "synth.exams=60", "--workdir"]);
    ok(command.arg(dir.join("runs")))
}

#[test]
fn a_model_that_is_no_longer_compared_makes_nothing_stale_but_the_panel() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("pipelines/panel.yaml")).unwrap();
    run("run", dir.path(), &text);
    let panel = Panel::read(&dir.path().join("runs/panel/sample/panel")).unwrap();
    assert_eq!((panel.models.len(), panel.labels.len()), (2, 6));
    assert!(panel.notices[0].contains("DEMO MODEL"), "{:?}", panel.notices);
    let file = dir.path().join("runs/panel/sample/report/report.html");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("<h2>Models side by side</h2>") && page.contains("panel_auroc.svg"));
    the_page_is_accessible(dir.path(), &file);
    let line = "        demo_net1d: ${evaluate_net1d.dir}\n";
    assert!(text.contains(line));
    let status = run("status", dir.path(), &text.replace(line, ""));
    let not_fresh: Vec<&str> = status
        .lines()
        .skip(1)
        .filter(|line| !line.trim_start().starts_with("fresh"))
        .collect();
    assert_eq!(not_fresh.len(), 2, "{status}");
    assert!(
        not_fresh[0].contains("stale") && not_fresh[0].contains("parameter `models.demo_net1d` is gone"),
        "{status}"
    );
    assert!(not_fresh[1].contains("undecided  report"), "{status}");
}

fn the_page_is_accessible(dir: &Path, page: &Path) {
    let (Some(program), Some(axe)) = (chromium(), axe::source()) else {
        return;
    };
    let mut browser = Browser::start(program, &dir.join("profile"));
    let ready = "document.querySelector('#panel svg') != null";
    axe::find_no_violation(&mut browser, &axe, &format!("file://{}", page.display()), ready);
}
