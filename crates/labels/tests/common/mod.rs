//! What the tests against the Python scripts share.
#![allow(dead_code, clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_labels::{Params, TruthOrigin};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The reference data of the further sources, or none with a word about it.
pub(crate) fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(beside, PathBuf::from);
    let reference = shared.join("reference2");
    if reference.is_dir() {
        return Some(reference);
    }
    eprintln!(
        "SKIPPED: no reference data at {}; set ECGFM_SHARED to where they are",
        reference.display()
    );
    None
}

pub(crate) fn params(records: PathBuf, label_set: &str, from: TruthOrigin) -> Params {
    Params {
        records,
        label_set: label_set.to_owned(),
        from,
        by_source: BTreeMap::new(),
        splits: None,
        missing_label: MissingLabel::Exclude,
    }
}

pub(crate) fn run(params: &Params) -> (tempfile::TempDir, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &Cancel::default(),
        chunks: None,
    };
    let outcome = ecgfm_labels::run(params, &ctx).unwrap();
    (dir, outcome)
}

/// Rows of a CSV table without quotes, by column.
pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = header.iter().zip(line.split(','));
        cells
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

/// Names of the labels that hold for each idx; `?` where a truth is not known.
pub(crate) fn truths(path: &Path) -> BTreeMap<String, String> {
    let truth = |row: BTreeMap<String, String>| {
        let holds = row
            .iter()
            .filter(|(name, cell)| *name != "idx" && ["1", "True"].contains(&cell.as_str()));
        let holds: Vec<&str> = holds.map(|(name, _)| name.as_str()).collect();
        let known = row.values().all(|cell| !cell.is_empty());
        (
            row["idx"].clone(),
            if known { holds.join(" ") } else { "?".to_owned() },
        )
    };
    rows(path).into_iter().map(truth).collect()
}
