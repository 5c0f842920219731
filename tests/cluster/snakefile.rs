//! The Snakefile, run by Snakemake on this machine.

use crate::common::{ok, root};
use crate::plain::{CHUNK, assert_as_plain, command};
use std::path::Path;
use std::process::Command;

/// Python with a package of `.tools/cluster`, unless it is not there; then the test says so and should return.
pub fn cluster_python(package: &str) -> Option<Command> {
    let path = std::env::var_os("ECGFM_CLUSTER_PYTHONPATH")
        .map_or_else(|| root().join(".tools/cluster"), std::path::PathBuf::from);
    let python = || {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", &path);
        python
    };
    let found = python().args(["-c", &format!("import {package}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python());
    }
    eprintln!(
        "SKIPPED: no Python with {package} at {}; run tools/setup test",
        path.display()
    );
    None
}

/// Processors of this machine, as Snakemake's tasks are to use them: the record of inference says how many there were.
fn processors() -> String {
    std::thread::available_parallelism().unwrap().to_string()
}

/// Snakemake on the Snakefile in `dir`.
fn snakemake(dir: &Path, further: &[&str]) -> Option<Command> {
    let mut python = cluster_python("snakemake")?;
    python
        .args(["-m", "snakemake", "--cores", &processors(), "--nocolor"])
        .args(further);
    python.current_dir(dir).env("HOME", dir).env(CHUNK.0, CHUNK.1);
    Some(python)
}

#[test]
fn snakemake_leaves_what_one_process_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut run) = snakemake(dir.path(), &[]) else {
        return;
    };
    let text = ok(&mut command(
        dir.path(),
        &["submit", "snakemake"],
        &["--shards=4", "--cpus-per-task", &processors()],
    ));
    std::fs::write(dir.path().join("Snakefile"), text).unwrap();
    ok(&mut run);
    assert_as_plain(dir.path());
    let again = snakemake(dir.path(), &[]).unwrap().output().unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("Nothing to be done"), "{said}");
}

#[test]
fn a_mistake_is_tried_once_and_what_may_pass_again() {
    let dir = tempfile::tempdir().unwrap();
    let printed = command(dir.path(), &["submit", "snakemake"], &["--shards=1"]);
    let program = printed.get_program().to_str().unwrap().to_owned();
    let text = ok(&mut { printed });
    assert!(text.contains(&program));
    let log = dir.path().join("tries");
    for (code, tries) in [(2, 1), (3, 1), (75, 4)] {
        let stub = format!("sh -c 'echo >> \"$0\"; exit {code}' {}", log.display());
        let stub = text.replace(&program, &stub.replace('"', "\\\""));
        std::fs::write(dir.path().join("Snakefile"), stub).unwrap();
        let _ = std::fs::remove_file(&log);
        let Some(mut run) = snakemake(dir.path(), &[]) else {
            return;
        };
        let output = run.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        let tried = std::fs::read_to_string(&log).unwrap().lines().count();
        assert_eq!(tried, tries, "exit code {code}: {said}");
    }
}
