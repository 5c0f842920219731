//! What people get wrong in a pipeline, told before anything runs: every slip of the table ends `run` and `--dry-run` with
//! exit code 2 or 3, at its line of the file, and leaves no stage.

#![allow(clippy::unwrap_used, unreachable_pub)] // A test that cannot go on should stop there.

#[path = "../common/mod.rs"]
mod common;

mod places;
mod project;
mod table;

use common::{ecgfm, said};
use project::Project;
use std::process::Output;
use table::{Slip, slips};

/// First position of a text in the pipeline, as messages have it.
fn place(text: &str, at: &str) -> String {
    let byte = text
        .find(at)
        .unwrap_or_else(|| panic!("no `{at}` in the pipeline"));
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("mine.yaml:{line}:{column}: ")
}

/// What is wrong with how a slip is told.
fn complaint(slip: &Slip, project: &Project, text: &str, output: &Output) -> Option<String> {
    let told = said(output, &[(project.dir(), "DIR")]);
    let stages = project.stages();
    let wanted = match slip.at {
        Some(at) => place(text, at),
        None => format!("--set {}: ", slip.set.unwrap_or_default()),
    };
    let wrong = if output.status.code() != Some(slip.exit) {
        format!("exit {} is wanted", slip.exit)
    } else if !told.contains(&wanted) {
        format!("`{wanted}` is wanted")
    } else if !told.contains(slip.says) {
        format!("`{}` is wanted", slip.says)
    } else if !stages.is_empty() {
        format!("these stages are there: {stages:?}")
    } else if told.contains("panicked") || told.contains("bug") {
        "it is no bug".to_owned()
    } else {
        return None;
    };
    Some(format!("--- {}: {wrong}\n{told}", slip.name))
}

#[test]
fn every_slip_is_told_before_anything_runs_and_at_its_line() {
    assert!(slips().count() >= 25, "{}", slips().count());
    let project = Project::new();
    let mut complaints = Vec::new();
    for slip in slips().filter(|slip| slip.applies_here()) {
        let text = slip.pipeline();
        for further in [&[][..], &["--dry-run"]] {
            let output = project.run(&text, slip.set, further);
            complaints.extend(complaint(slip, &project, &text, &output));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_pipeline_of_the_table_itself_is_right() {
    let project = Project::new();
    let output = project.run(project::PIPELINE, None, &["--dry-run=quick"]);
    assert!(output.status.success(), "{}", said(&output, &[]));
}

#[test]
fn slips_are_told_together() {
    let project = Project::new();
    let text = project::PIPELINE
        .replace("demo.pt", "none.pt")
        .replace("[sex]", "[colour]");
    let output = project.run(&text, None, &["--dry-run"]);
    let told = said(&output, &[(project.dir(), "DIR")]);
    assert_eq!(told.matches("error: ").count(), 2, "{told}");
    assert!(
        told.contains(&place(&text, "none.pt")) && told.contains(&place(&text, "colour")),
        "{told}"
    );
    // The configuration's mistake decides the exit code.
    assert_eq!(output.status.code(), Some(2), "{told}");
}

#[test]
fn stages_that_a_run_does_not_reach_are_not_checked() {
    let project = Project::new();
    let text = project::PIPELINE.replace("demo.pt", "none.pt");
    let reached = project.run(&text, None, &["--until", "splits"]);
    assert!(reached.status.success(), "{}", said(&reached, &[]));
    let beyond = project.run(&text, None, &["--until", "export"]);
    assert_eq!(beyond.status.code(), Some(3), "{}", said(&beyond, &[]));
}

#[test]
fn what_an_earlier_run_left_is_what_counts_where_a_stage_does_not_run() {
    let project = Project::new();
    let made = project.run(project::PIPELINE, None, &["--until", "splits", "--quiet"]);
    assert!(made.status.success(), "{}", said(&made, &[]));
    std::fs::rename(project.dir().join("raw"), project.dir().join("moved")).unwrap();
    let only = ["--only", "splits", "--force", "--quiet"];
    let fine = project.run(project::PIPELINE, None, &only);
    assert!(fine.status.success(), "{}", said(&fine, &[]));
    let grouped = project::PIPELINE.replace("strategy: random", "strategy: grouped\n      group: person");
    let output = project.run(&grouped, None, &only);
    let told = said(&output, &[]);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("no column") || told.contains("do not have"),
        "{told}"
    );
}

#[test]
fn a_stage_that_runs_alone_is_checked_before_it_begins() {
    let project = Project::new();
    let out = project.dir().join("out");
    let output = ecgfm()
        .args(["stage", "signals", "--with", "raw=nowhere", "--out"])
        .arg(&out)
        .current_dir(project.dir())
        .output()
        .unwrap();
    let told = said(&output, &[(project.dir(), "DIR")]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("DIR/nowhere") && !out.exists(), "{told}");
}
