//! docs/data.md, tried.

use crate::common::{ecgfm, ok, root};
use std::fs;
use std::path::Path;

/// Blocks of the page that are fenced with this word.
fn blocks<'a>(page: &'a str, word: &str) -> Vec<&'a str> {
    let fence = format!("```{word}\n");
    let after = page.split(fence.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Makes the archives that the page speaks of, each where it says.
fn make_archives(dir: &Path) {
    for layout in [
        "code15",
        "ptbxl",
        "physionet2021",
        "mimic_iv_ecg",
        "folder",
        "muse",
    ] {
        let mut command = ecgfm();
        command.args(["synth", "--quiet", "--exams", "6", "--layout", layout, "--out"]);
        ok(command.arg(dir.join("data").join(layout)));
    }
}

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let page = fs::read_to_string(root().join("docs/data.md")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    make_archives(dir.path());
    let descriptions = blocks(&page, "yaml");
    for (name, text) in ["ours.yaml", "rhythms.yaml", "both.yaml"]
        .into_iter()
        .zip(&descriptions)
    {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let commands = blocks(&page, "sh").concat();
    assert!(commands.lines().count() >= 8, "{commands}");
    for line in commands.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], "ecgfm", "{line}");
        ok(ecgfm().current_dir(dir.path()).args(&words[1..]).arg("--quiet"));
        let out = dir.path().join(words.last().unwrap());
        let records = fs::read_to_string(out.join("meta.csv")).unwrap();
        assert_eq!(records.lines().count(), 1 + 6, "{line}");
        let rejected = fs::read_to_string(out.join("rejected.csv")).unwrap();
        assert_eq!(rejected.lines().count(), 1, "{line}: {rejected}");
    }
    assert!(page.contains("`ecgfm run both.yaml` leaves `runs/both/default/`"));
    ok(ecgfm()
        .current_dir(dir.path())
        .args(["run", "both.yaml", "--quiet"]));
    let run = dir.path().join("runs/both/default");
    let lines = |name: &str| fs::read_to_string(run.join(name)).unwrap().lines().count();
    assert_eq!(lines("signals/meta.csv"), 1 + 18);
    assert_eq!(lines("labels/labels.csv"), 1 + 12);
    assert_eq!(
        lines("manifests/train.tsv") + lines("manifests/test.tsv"),
        lines("signals/segmented.csv") + 1
    );
}
