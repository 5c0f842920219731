//! Pipelines with recipes: an edge to the exported model's, and several in one reading.

use crate::common::{ecgfm, ok, synthetic_archive};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn run(dir: &Path, pipeline: &str, arguments: &[&str]) -> Command {
    let path = dir.join("mine.yaml");
    std::fs::write(&path, pipeline).unwrap();
    let mut command = ecgfm();
    command
        .arg("run")
        .arg(&path)
        .arg("--workdir")
        .arg(dir.join("runs"));
    command.args(arguments);
    command
}

fn ran(command: &mut Command) -> Vec<String> {
    let said: Value = serde_json::from_str(&ok(command.arg("--json"))).unwrap();
    let names = said["ran"].as_array().unwrap();
    names
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

const AFTER: &str = "
  splits:
    uses: splits
    with: { records: '${signals.dir}/jepa/meta.csv', segments: '${signals.dir}/jepa/segmented.csv', strategy: random,
            fractions: [1], names: [test], seed: 0 }
  manifests: { uses: manifests, with: { splits: '${splits.segmented}' } }
";

fn pipeline(recipes: &str) -> String {
    format!("name: mine\nstages:\n  signals: {{ uses: signals, with: {{ raw: raw, {recipes} }} }}\n{AFTER}")
}

#[test]
fn of_several_recipes_one_is_dropped_without_reading_again() {
    let dir = tempfile::tempdir().unwrap();
    synthetic_archive(dir.path(), 12, 12);
    std::fs::write(
        dir.path().join("own.yaml"),
        "- { step: butterworth, pass: high, order: 3, hz: [0.5], form: sos }\n\
         - { step: segments, take: first, samples: 1000 }\n",
    )
    .unwrap();
    let all = pipeline("recipes: { jepa: ecg_jepa, ours: own.yaml, hubert: hubert_ecg }");
    assert_eq!(
        ran(&mut run(dir.path(), &all, &[])),
        ["signals", "splits", "manifests"]
    );
    let signals = dir.path().join("runs/mine/default/signals");
    for name in ["jepa", "ours", "hubert"] {
        for file in [
            "meta.csv",
            "segmented.csv",
            "rejected.csv",
            "quality.csv",
            "segments/index.csv",
            "segments.store.json",
        ] {
            assert!(signals.join(name).join(file).exists(), "{name}/{file}");
        }
    }
    let manifest = std::fs::read_to_string(dir.path().join("runs/mine/default/manifests/test.tsv")).unwrap();
    let root = manifest.lines().next().unwrap_or_default().trim();
    assert_eq!(root, "../signals/jepa/segments/");
    let fewer = pipeline("recipes: { jepa: ecg_jepa, ours: own.yaml }");
    assert!(ran(&mut run(dir.path(), &fewer, &[])).is_empty());
    // One that is added has the recordings read again, and what follows on the others stays.
    let more = pipeline("recipes: { jepa: ecg_jepa, ours: own.yaml, hubert: hubert_ecg, merl: merl }");
    assert_eq!(ran(&mut run(dir.path(), &more, &[])), ["signals"]);
    // The samples of every recipe can be made again, and nothing is made until they are read.
    let clean = |arguments: &[&str]| -> Value {
        let mut command = ecgfm();
        command.arg("clean").arg(dir.path().join("mine.yaml"));
        command
            .arg("--workdir")
            .arg(dir.path().join("runs"))
            .arg("--json");
        serde_json::from_str(&ok(command.args(arguments))).unwrap()
    };
    let would = clean(&["--dry-run"]);
    assert_eq!(clean(&[])["bytes"], would["bytes"]);
    assert!(would["bytes"].as_u64().unwrap() > 100_000, "{would}");
    for name in ["jepa", "ours", "hubert", "merl"] {
        assert!(!signals.join(name).join("segments").exists(), "{name}");
        assert!(signals.join(name).join("meta.csv").exists(), "{name}");
    }
    assert!(ran(&mut run(dir.path(), &more, &[])).is_empty());
    // A step that differs is another recipe.
    std::fs::write(
        dir.path().join("own.yaml"),
        "- { step: segments, take: first, samples: 1000 }\n",
    )
    .unwrap();
    assert_eq!(ran(&mut run(dir.path(), &fewer, &[])), ["signals"]);
    assert!(!signals.join("hubert").exists());
}

#[test]
fn what_cannot_be_is_told_before_a_run_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    synthetic_archive(dir.path(), 4, 4);
    for (recipes, words) in [
        (
            "recipes: { jepa: ecg_jepa, ours: nowhere.yaml }",
            "nowhere.yaml`, and there is no such file",
        ),
        ("recipe: own.yaml", "no such file; built in are"),
        (
            "recipe: merl, segment_seconds: 5",
            "`segment_seconds` of stage `signals` changes the step `segments`",
        ),
    ] {
        let output = run(dir.path(), &pipeline(recipes), &["--dry-run"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && said.contains("mine.yaml:3"), "{said}");
    }
    let named = "name: mine\nstages:\n  signals: { uses: signals, with: { raw: raw, recipes: { a: merl } } }\n  \
                 splits: { uses: splits, with: { records: '${signals.records}', fractions: [1], names: [test], seed: 0 } }\n";
    let output = run(dir.path(), named, &["--dry-run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && said.contains("records"),
        "{said}"
    );
}
