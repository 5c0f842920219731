//! A path that the system does not let the program look at is named as that, and never as one that does not exist.

use super::refused_calls::error_text;
use crate::common::{ecgfm, synthetic_archive};

#[test]
fn a_path_that_may_not_be_looked_at_does_not_pass_for_absent() {
    let dir = tempfile::tempdir().unwrap();
    // A link that leads to itself cannot be looked at, by no user.
    std::os::unix::fs::symlink("endless", dir.path().join("endless")).unwrap();
    let endless = dir.path().join("endless/x.mat").display().to_string();
    let endless = endless.as_str();
    let model = dir.path().join("m.ts").display().to_string();
    std::fs::write(&model, "").unwrap();
    let raw = format!("raw={}", synthetic_archive(dir.path(), 1, 1).display());
    let thresholds = format!("thresholds={endless}");
    let out = dir.path().join("out").display().to_string();
    let labels = format!("labels={endless}");
    for arguments in [
        &["run", endless][..],
        &["inspect", endless],
        &["plot", endless],
        &["predict", "--model", endless, endless],
        &[
            "predict",
            "--model",
            &model,
            "--labels",
            "physionet2021",
            endless,
            "--output",
            endless,
        ],
        &["export", &model, "--output", endless],
        &["list", "--workdir", endless],
        &["verify", endless],
        &["stage", "signals", "--with", &raw, "--out", endless],
        &[
            "stage",
            "signals",
            "--with",
            &format!("raw={endless}"),
            "--out",
            &out,
        ],
        &[
            "stage",
            "predict",
            "--with",
            &thresholds,
            "--with",
            &labels,
            "--with",
            "subset=test",
            "--with",
            &format!("logits={endless}"),
            "--out",
            &out,
        ],
        &[
            "stage",
            "infer",
            "--with",
            &format!("model={endless}"),
            "--with",
            "subset=test",
            "--with",
            &format!("manifest={endless}"),
            "--out",
            &out,
        ],
        &[
            "stage",
            "report",
            "--with",
            &format!("metrics={endless}"),
            "--out",
            &out,
        ],
    ] {
        let output = ecgfm().args(arguments).output().unwrap();
        let text = error_text(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains("endless"), "{arguments:?}: {text}");
        assert!(
            text.contains("Too many levels of symbolic links"),
            "{arguments:?}: {text}"
        );
        for wrong in [
            "not exist",
            "no such",
            "no model that was exported",
            "no stage left",
        ] {
            assert!(!text.contains(wrong), "{arguments:?}: {text}");
        }
    }
}
