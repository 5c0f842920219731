//! The script for Slurm, run by a real one: tasks cancelled and requeued in the middle, the rest submitted again.

use crate::common::ok;
use crate::ground::RUN;
use crate::plain::{assert_as_plain, command};
use crate::slurm_daemons::{Slurm, wait_for};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// `ecgfm submit slurm` on the small run, which finds this Slurm.
fn submit(slurm: &Slurm, dir: &Path, further: &[&str]) -> Command {
    let mut submit = command(dir, &["submit", "slurm"], further);
    submit
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SLURM_CONF", slurm.configuration());
    submit
}

/// Number of a step's job among those submitted.
fn job(jobs: &[(String, String)], step: &str) -> String {
    let found = jobs.iter().find(|(name, _)| name.ends_with(step));
    found
        .unwrap_or_else(|| panic!("no {step} among {jobs:?}"))
        .1
        .clone()
}

/// A task of an array that runs at this moment.
fn running_task(slurm: &Slurm, array: &str) -> String {
    let mut running = String::new();
    wait_for("a task that runs", || {
        let said = slurm.say(
            "squeue",
            &["--noheader", "--states=R", "--format=%i", "--jobs", array],
        );
        running = said.lines().next().unwrap_or_default().trim().to_owned();
        !running.is_empty()
    });
    running
}

/// What is submitted, step and job number of each.
fn submitted(lines: &str) -> Vec<(String, String)> {
    let pairs = lines.lines().filter_map(|line| line.split_once(' '));
    pairs
        .map(|(step, job)| (step.to_owned(), job.to_owned()))
        .collect()
}

#[test]
fn tasks_cancelled_and_requeued_leave_what_one_process_leaves_once_the_script_ran_again() {
    let Some(slurm) = Slurm::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("submit.sh");
    fs::write(&script, ok(&mut submit(&slurm, dir.path(), &["--shards=8"]))).unwrap();

    let said = ok(&mut submit(
        &slurm,
        dir.path(),
        &["--shards=8", "--submit", "--json"],
    ));
    let said: Value = serde_json::from_str(&said).unwrap();
    let jobs = said["jobs"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let jobs: Vec<_> = jobs.map(|job| (text(&job["step"]), text(&job["job"]))).collect();
    assert_eq!(jobs.len(), 5, "{jobs:?}");

    let (signals, infer) = (job(&jobs, "-signals"), job(&jobs, "4-infer"));
    let requeued = running_task(&slurm, &signals);
    slurm.say("scontrol", &["requeue", &requeued]);
    let cancelled = running_task(&slurm, &infer);
    slurm.say("scancel", &[&cancelled]);

    // While anything is in the queue the script submits nothing twice.
    let run_script = || {
        let mut bash = Command::new("bash");
        bash.arg(&script)
            .current_dir(dir.path())
            .env("SLURM_CONF", slurm.configuration());
        bash.env(crate::plain::CHUNK.0, crate::plain::CHUNK.1);
        bash
    };
    let refused = run_script().output().unwrap();
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{why}");
    assert!(why.contains("jobs of this run are in the queue"), "{why}");
    slurm.wait_until_idle();
    let told = slurm.say("scontrol", &["show", "job", &requeued]);
    assert!(told.contains("Restarts=1"), "{told}");
    assert!(
        !dir.path().join("runs").join(RUN).join("evaluate").exists(),
        "the rest waits for every task"
    );

    let again = submitted(&ok(&mut run_script()));
    let steps: Vec<&str> = again.iter().map(|(step, _)| step.as_str()).collect();
    assert_eq!(
        steps,
        ["4-infer", "5-rest"],
        "what is on disk is not submitted again"
    );
    slurm.wait_until_idle();
    assert_as_plain(dir.path());
}

#[test]
fn more_tasks_than_the_cluster_allows_are_refused() {
    let Some(slurm) = Slurm::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let output = submit(&slurm, dir.path(), &["--shards=65", "--submit"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("arrays of this cluster end at 64, and 65 tasks are asked for"),
        "{said}"
    );
    assert!(said.contains("use --shards 64 or fewer"), "{said}");
}
