//! What a person reads when something is wrong, and the exit code a script sees.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Bench, ecgfm, root, said};
use std::path::Path;
use std::process::Output;

const PIPELINE: &str = "\
name: mine
stages:
  signals:
    uses: signals
    with:
      raw: data
      store: packed
  splits:
    uses: splits
    with:
      records: ${signals.records}
      fractions: [0.5, 0.5]
      names: [a, b]
";

/// Runs a changed pipeline; returns what it said.
fn with(change: impl Fn(&str) -> String) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.yaml");
    let text = change(PIPELINE);
    assert_ne!(text, PIPELINE, "the change did nothing");
    std::fs::write(&path, text).unwrap();
    let output = ecgfm()
        .arg("run")
        .arg(&path)
        .arg("--workdir")
        .arg(dir.path())
        .output()
        .unwrap();
    said(&output, &[(dir.path(), "DIR")])
}

#[test]
fn a_misspelt_key() {
    insta::assert_snapshot!(with(|p| p.replace("store:", "storee:")));
}

#[test]
fn a_dangling_reference() {
    insta::assert_snapshot!(with(|p| p.replace("${signals.records}", "${signals.record}")));
}

#[test]
fn a_cycle() {
    insta::assert_snapshot!(with(|p| p.replace("raw: data", "raw: ${splits.dir}")));
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(with(|p| p.replace("[0.5, 0.5]", "half")));
}

#[test]
fn an_unknown_stage_kind() {
    insta::assert_snapshot!(with(|p| p.replace("uses: splits", "uses: split")));
}

#[test]
fn an_unknown_pipeline() {
    let output = ecgfm().args(["run", "code16"]).output().unwrap();
    insta::assert_snapshot!(said(&output, &[]));
}

/// Runs the full profile with the given raw directory and checkpoint; returns what it said.
fn full(raw: &Path, checkpoint: &Path, workdir: &Path) -> Output {
    let raw = format!("vars.raw={}", raw.display());
    let checkpoint = format!("vars.checkpoint={}", checkpoint.display());
    let mut command = ecgfm();
    command.args([
        "run",
        "code15",
        "--profile",
        "full",
        "--quiet",
        "--set",
        &raw,
        "--set",
        &checkpoint,
    ]);
    command.arg("--workdir").arg(workdir).output().unwrap()
}

#[test]
fn a_missing_raw_folder() {
    let dir = tempfile::tempdir().unwrap();
    let output = full(
        &dir.path().join("nowhere"),
        &dir.path().join("none.pt"),
        dir.path(),
    );
    insta::assert_snapshot!(said(&output, &[(dir.path(), "DIR")]));
}

/// A raw directory of two parts, the second cut in half.
fn half_a_download(bench: &Bench) -> std::path::PathBuf {
    let raw = bench.workdir.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    for name in ["exams.csv", "exams_part11.hdf5", "exams_part12.hdf5"] {
        std::fs::copy(bench.reference.join("code15_mini").join(name), raw.join(name)).unwrap();
    }
    let part = std::fs::read(raw.join("exams_part12.hdf5")).unwrap();
    std::fs::write(raw.join("exams_part12.hdf5"), &part[..part.len() / 2]).unwrap();
    raw
}

#[test]
fn a_truncated_hdf5_file() {
    let Some(bench) = Bench::new() else { return };
    let raw = half_a_download(&bench);
    let output = full(&raw, &bench.reference.join("model/tiny.pt"), bench.workdir.path());
    insta::assert_snapshot!(said(&output, &[(&raw, "RAW"), (bench.workdir.path(), "DIR")]));
}

#[test]
fn a_truncated_hdf5_file_is_set_aside_on_request_and_the_rest_is_kept() {
    let Some(bench) = Bench::new() else { return };
    let raw = half_a_download(&bench);
    let mut command = bench.command_on(
        "run",
        &raw,
        &["--quiet", "--set", "signals.unreadable_parts=reject"],
    );
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output, &[]));
    let rejected = std::fs::read_to_string(bench.dir().join("signals/rejected.csv")).unwrap();
    insta::assert_snapshot!(rejected.replace(&raw.display().to_string(), "RAW"));
}

#[test]
fn a_checkpoint_that_is_none() {
    let Some(bench) = Bench::new() else { return };
    let fake = bench.workdir.path().join("fake.pt");
    std::fs::write(&fake, "this is not a checkpoint").unwrap();
    let output = full(&bench.reference.join("code15_mini"), &fake, bench.workdir.path());
    insta::assert_snapshot!(said(&output, &[(bench.workdir.path(), "DIR")]));
}

#[test]
fn a_missing_checkpoint() {
    let Some(bench) = Bench::new() else { return };
    let output = full(
        &bench.reference.join("code15_mini"),
        &bench.workdir.path().join("none.pt"),
        bench.workdir.path(),
    );
    insta::assert_snapshot!(said(&output, &[(bench.workdir.path(), "DIR")]));
}

#[test]
fn a_mapping_from_another_label_set() {
    let Some(bench) = Bench::new() else { return };
    let mut command = bench.command("run", &["--quiet", "--set", "predict.labels=mimic_iv_ecg"]);
    let output = command.output().unwrap();
    insta::assert_snapshot!(said(&output, &[(bench.workdir.path(), "DIR")]));
}

#[test]
fn a_label_set_that_is_not_the_models() {
    let Some(bench) = Bench::new() else { return };
    let mut command = bench.command("run", &["--quiet", "--set", "vars.label_set=mimic_iv_ecg"]);
    let output = command.output().unwrap();
    insta::assert_snapshot!(said(&output, &[(&bench.reference, "REFERENCE")]));
}

#[test]
fn a_label_set_of_another_length_than_the_logits() {
    let Some(bench) = Bench::new() else { return };
    let further = [
        "--quiet",
        "--set",
        "predict.labels=mimic_iv_ecg",
        "--set",
        "predict.mapping=null",
    ];
    let mut command = bench.command("run", &further);
    let output = command.output().unwrap();
    insta::assert_snapshot!(said(&output, &[(bench.workdir.path(), "DIR")]));
}

#[test]
fn wrong_arguments_are_exit_code_2_and_help_is_0() {
    assert_eq!(ecgfm().arg("fly").output().unwrap().status.code(), Some(2));
    assert_eq!(ecgfm().arg("--help").output().unwrap().status.code(), Some(0));
    assert_eq!(
        ecgfm()
            .args(["run", "code15", "--profile", "x"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_second_run_on_one_workdir_stops_with_code_4() {
    let dir = tempfile::tempdir().unwrap();
    let run_dir = dir.path().join("code15/sample");
    std::fs::create_dir_all(&run_dir).unwrap();
    let lock = std::fs::File::create(run_dir.join(".lock")).unwrap();
    lock.try_lock().unwrap();
    let output = ecgfm()
        .args(["run", "code15", "--workdir"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output, &[]));
    let text = said(&output, &[(dir.path(), "DIR")]);
    assert!(text.contains("DIR/code15/sample"), "{text}");
    assert!(root().join("pipelines/code15.yaml").exists());
}
