//! The Jobs for Kubernetes: valid by its schema, and their pods' commands run as processes.

use crate::common::{ecgfm, ok};
use crate::plain::{CHUNK, assert_as_plain, command};
use crate::snakefile::cluster_python;
use serde::Deserialize as _;
use serde_yaml::Value;
use std::path::Path;
use std::process::Child;

fn documents(dir: &Path) -> String {
    let further = [
        "--shards=4",
        "--image=ecgfm",
        "--gpus-per-task=1",
        "--mem=16Gi",
        "--cpus-per-task=2",
    ];
    ok(&mut command(dir, &["submit", "kubernetes"], &further))
}

#[test]
fn kubernetes_validate_finds_no_fault() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut python) = cluster_python("kubernetes_validate") else {
        return;
    };
    let file = dir.path().join("jobs.yaml");
    std::fs::write(&file, documents(dir.path())).unwrap();
    let validate = "import sys; from kubernetes_validate.__main__ import main; sys.exit(main())";
    let output = python
        .args(["-c", validate, "--strict"])
        .arg(&file)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let wrong = documents(dir.path()).replace("backoffLimitPerIndex", "backoffLimitPerIdx");
    std::fs::write(&file, wrong).unwrap();
    let mut python = cluster_python("kubernetes_validate").unwrap();
    let output = python
        .args(["-c", validate, "--strict"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(!output.status.success(), "a misspelt field is seen");
}

/// Starts the command of a Job's pod, of this index, in the directory where its volume would be mounted.
fn start_pod(dir: &Path, job: &Value, index: Option<u64>) -> Child {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let words = container["command"].as_sequence().unwrap().iter();
    let words: Vec<&str> = words.map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[0], "ecgfm");
    let mut command = ecgfm();
    command.args(&words[1..]).current_dir(dir).env(CHUNK.0, CHUNK.1);
    command.envs(index.map(|index| ("JOB_COMPLETION_INDEX", index.to_string())));
    command.spawn().unwrap()
}

#[test]
fn the_pods_of_the_jobs_leave_what_one_process_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let text = documents(dir.path());
    let mut arrays = 0;
    for job in serde_yaml::Deserializer::from_str(&text) {
        let job = Value::deserialize(job).unwrap();
        let completions = job["spec"]["completions"].as_u64();
        arrays += usize::from(completions.is_some());
        let indexes: Vec<Option<u64>> = match completions {
            Some(count) => (0..count).map(Some).collect(),
            None => vec![None],
        };
        let pods: Vec<Child> = indexes
            .into_iter()
            .map(|index| start_pod(dir.path(), &job, index))
            .collect();
        for mut pod in pods {
            assert!(pod.wait().unwrap().success(), "{job:?}");
        }
        if completions.is_some() {
            let missing = ok(&mut command(dir.path(), &["missing"], &["--of=4"]));
            assert_eq!(missing, "", "every chunk of the stage is there");
        }
    }
    assert_eq!(arrays, 2);
    assert_as_plain(dir.path());
}
