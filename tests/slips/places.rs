//! Where paths begin: those of a pipeline in its directory, those of the command line in the current one.

use crate::common::{ecgfm, said};
use crate::project::{PIPELINE, Project};
use std::process::Output;

const UNTIL: [&str; 3] = ["--until", "splits", "--quiet"];

/// What was printed on standard output, and after it what went wrong.
fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), said(output, &[]))
}

fn status(project: &Project, from: &std::path::Path) -> String {
    let output = ecgfm()
        .arg("status")
        .arg(project.dir().join("mine.yaml"))
        .arg("--workdir")
        .arg(project.dir().join("work"))
        .current_dir(from)
        .output()
        .unwrap();
    printed(&output)
}

fn is_fresh(told: &str, stage: &str) -> bool {
    told.lines()
        .any(|line| line.split_whitespace().eq(["fresh", stage]))
}

fn fine(output: &Output) {
    assert!(output.status.success(), "{}", said(output, &[]));
}

#[test]
fn a_run_is_the_same_from_every_directory() {
    let project = Project::new();
    fine(&project.run(PIPELINE, None, &UNTIL));
    for from in [project.dir(), std::path::Path::new("/")] {
        let told = status(&project, from);
        assert!(is_fresh(&told, "signals") && is_fresh(&told, "splits"), "{told}");
    }
    // Named as one does who stands beside it.
    let output = ecgfm()
        .args(["status", "mine.yaml", "--workdir", "work"])
        .current_dir(project.dir())
        .output()
        .unwrap();
    assert!(is_fresh(&printed(&output), "signals"), "{}", said(&output, &[]));
    let verified = ecgfm()
        .arg("verify")
        .arg(project.dir().join("work/mine/default"))
        .current_dir("/")
        .output()
        .unwrap();
    fine(&verified);
}

#[test]
fn definitions_beside_the_pipeline_are_found_and_names_stay_names() {
    let project = Project::new();
    let config = crate::common::root().join("configs/labels/code15.yaml");
    std::fs::copy(config, project.dir().join("mine_labels.yaml")).unwrap();
    let text = PIPELINE.replace("label_set: code15", "label_set: mine_labels.yaml");
    fine(&project.run(&text, None, &["--until", "labels", "--quiet"]));
}

#[test]
fn home_is_expanded() {
    let project = Project::new();
    let text = PIPELINE.replace("raw: raw", "raw: ~/raw");
    std::fs::write(project.dir().join("mine.yaml"), text).unwrap();
    let output = ecgfm()
        .arg("run")
        .arg(project.dir().join("mine.yaml"))
        .arg("--workdir")
        .arg(project.dir().join("work"))
        .args(UNTIL)
        .env("HOME", project.dir())
        .output()
        .unwrap();
    fine(&output);
}

#[test]
fn arguments_begin_in_the_current_directory() {
    let project = Project::new();
    std::fs::rename(project.dir().join("raw"), project.dir().join("data")).unwrap();
    std::fs::write(project.dir().join("mine.yaml"), PIPELINE).unwrap();
    let run = |from: &std::path::Path, raw: &str| {
        ecgfm()
            .arg("run")
            .arg(project.dir().join("mine.yaml"))
            .arg("--workdir")
            .arg(project.dir().join("work"))
            .args(["--set", raw])
            .args(UNTIL)
            .current_dir(from)
            .output()
            .unwrap()
    };
    assert_eq!(
        run(std::path::Path::new("/"), "signals.raw=data").status.code(),
        Some(3)
    );
    fine(&run(project.dir(), "signals.raw=data"));
}
