//! `ecgfm init`: what is written for archives of several kinds checks and runs.

use crate::common::{ecgfm, ok, root};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A synthetic archive.
fn archive(dir: &Path, layout: &str) -> PathBuf {
    let place = dir.join(format!("{layout} ECGs"));
    ok(ecgfm()
        .args(["synth", "--quiet", "--exams", "40", "--layout", layout, "-o"])
        .arg(&place));
    // The files alone, without the table beside them.
    if layout == "muse" {
        place.join("muse")
    } else {
        place
    }
}

/// What `init` says of a path, writing `pipeline.yaml` into the directory.
fn init(dir: &Path, data: &Path) -> Value {
    let checkpoint = root().join("models/demo/demo.pt");
    let mut command = ecgfm();
    command
        .args(["init", "--json"])
        .arg(data)
        .arg("--checkpoint")
        .arg(checkpoint)
        .current_dir(dir);
    serde_json::from_str(&ok(&mut command)).unwrap()
}

#[test]
fn every_kind_is_found_out_and_its_pipeline_checks() {
    let dir = tempfile::tempdir().unwrap();
    for (layout, dataset, evaluates) in [
        ("code15", "code15", true),
        ("ptbxl", "ptbxl", true),
        ("physionet2021", "physionet2021", true),
        ("mimic_iv_ecg", "mimic_iv_ecg", true),
        ("muse", "folder", false),
        ("folder", "files", true),
    ] {
        let data = archive(dir.path(), layout);
        let place = tempfile::tempdir().unwrap();
        let said = init(place.path(), &data);
        assert_eq!(
            (said["dataset"].as_str(), said["evaluates"].as_bool()),
            (Some(dataset), Some(evaluates)),
            "{said}"
        );
        assert_eq!(said["next"], "ecgfm run pipeline.yaml --dry-run");
        let mut check = ecgfm();
        check
            .args(["run", "pipeline.yaml", "--dry-run=quick"])
            .current_dir(place.path());
        if dataset == "mimic_iv_ecg" {
            // Its checkpoint has other labels than the demo model.
            check.args([
                "--set",
                "vars.label_set=physionet2021",
                "--set",
                "vars.mapping=physionet2021_to_mimic_iv_ecg",
            ]);
        }
        let output = check.output().unwrap();
        let plan = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{layout}: {plan}");
        assert!(
            plan.contains("would run signals") && !plan.contains("synth"),
            "{layout}: {plan}"
        );
        assert_eq!(plan.contains("would run evaluate"), evaluates, "{layout}: {plan}");
        let text = std::fs::read_to_string(place.path().join("pipeline.yaml")).unwrap();
        for fact in said["found"].as_array().unwrap() {
            assert!(
                text.contains(&format!("#   {}\n", fact.as_str().unwrap())),
                "{text}"
            );
        }
    }
}

#[test]
fn files_without_labels_run_to_what_the_model_says() {
    let dir = tempfile::tempdir().unwrap();
    let data = archive(dir.path(), "muse");
    let said = init(dir.path(), &data);
    let seen = said["found"][2].as_str().unwrap();
    assert!(seen.contains("MUSE") && seen.contains("12 leads"), "{seen}");
    ok(ecgfm()
        .args(["run", "pipeline.yaml", "--quiet"])
        .current_dir(dir.path()));
    let predicted = std::fs::read_to_string(dir.path().join("runs/pipeline/default/predict/ecg.csv"));
    assert_eq!(predicted.unwrap().lines().count(), 41);
}

#[test]
fn what_is_not_certain_or_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |data: &Path, more: &[&str], said: &str| {
        let output = ecgfm()
            .arg("init")
            .arg(data)
            .args(more)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(said), "{text}");
    };
    refuse(&dir.path().join("nothing"), &[], "no such file or directory");
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    refuse(&empty, &[], "no ECG in a format that is read");
    refuse(
        &empty,
        &["--from", "tape"],
        "--from tape: no pipeline is written for it",
    );
    for table in ["a.csv", "b.csv"] {
        std::fs::write(empty.join(table), "exam_id,trace_file\n1,x.xml\n").unwrap();
    }
    refuse(&empty, &[], "several tables list files: a.csv, b.csv");
    // A directory of another training set than the Challenge's, and a name that would end a comment.
    let other = dir.path().join("other\nname: injected");
    std::fs::create_dir_all(other.join("training")).unwrap();
    let from = archive(dir.path(), "muse");
    let file = std::fs::read_dir(&from).unwrap().next().unwrap().unwrap();
    std::fs::copy(file.path(), other.join("training/one.xml")).unwrap();
    assert_eq!(init(dir.path(), &other)["dataset"], "folder");
    let text = std::fs::read_to_string(dir.path().join("pipeline.yaml")).unwrap();
    assert!(
        text.contains("#   ") && !text.contains("\nname: injected"),
        "{text}"
    );
    // A table without labels is one for which there is nothing to compare with.
    let mut one = ecgfm();
    one.args(["init", "--out", "one.yaml"])
        .arg(empty.join("a.csv"))
        .current_dir(dir.path());
    assert!(ok(&mut one).contains("has no column RBBB"));
    refuse(
        &empty.join("a.csv"),
        &["--out", "one.yaml"],
        "one.yaml is there already",
    );
}
