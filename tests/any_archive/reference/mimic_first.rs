//! MIMIC first, then PhysioNet 2021 into one manifest; then PhysioNet again.

use super::bench::{AS_THE_SCRIPTS, Bench};
use super::compare::{
    compare_arrays, compare_recordings, compare_records, compare_segments, compare_tables, number,
};
use crate::common::{ecgfm, ok};
use crate::sources::sources;
use std::fs;
use std::path::Path;

/// MIMIC first, then PhysioNet 2021 into one manifest; then PhysioNet again.
pub(super) fn mimic_first(bench: &Bench) -> Vec<(String, String)> {
    let theirs = bench.shared.join("mimic_first/processed");
    let mimic = fs::read_dir(bench.raw.join("mimic_edge/raw/good"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let challenge = bench.raw.join("edge/raw/baseline");
    let both = [
        ("mimic_iv_ecg", mimic.as_path(), None),
        ("physionet2021", challenge.as_path(), None),
    ];
    let again = [both[0], both[1], both[1]];
    let as_scripts = AS_THE_SCRIPTS.map(str::to_owned);
    let with = |archives: &[_]| [&[sources(archives)], &as_scripts[..]].concat();
    let ours = bench.run("signals", &with(&both), "both").unwrap();
    let mut found = Vec::new();
    for source in ["mimic_iv_ecg", "physionet2021"] {
        let theirs = theirs.join(source);
        found.push((
            format!("{source}/meta.csv"),
            compare_records(&ours, &theirs.join("meta.csv"), source),
        ));
        let prefix = format!("{source}_");
        let segmented = compare_segments(&ours, &theirs.join("segmented.csv"), &prefix);
        found.push((format!("{source}/segmented.csv"), segmented));
    }
    found.push((
        "manifest.csv".to_owned(),
        compare_recordings(&ours, &theirs.join("manifest.csv")),
    ));
    let refused = bench
        .run("signals", &with(&again), "again")
        .map_or_else(|error| error, |_| "runs".to_owned());
    found.push(("physionet2021/meta_again.csv".to_owned(), refused));

    let path = |name: &str| ours.join(name).display().to_string();
    let one = ["strategy=random", "fractions=[1.0]", "names=[train]"].map(str::to_owned);
    let tables = [
        format!("records={}", path("meta.csv")),
        format!("segments={}", path("segmented.csv")),
    ];
    let splits = bench
        .run("splits", &[&tables[..], &one].concat(), "both_splits")
        .unwrap();
    let labels = [
        format!("records={}", path("meta.csv")),
        "label_set=physionet2021".to_owned(),
        "by_source={physionet2021: {codes: diagnosis}}".to_owned(),
        format!("splits={}", splits.join("meta_split.csv").display()),
    ];
    let labels = bench.run("labels", &labels, "both_labels").unwrap();
    let of_labels = theirs.join("physionet2021/labels");
    for (name, key) in [("labels.csv", "idx"), ("label_def.csv", "name")] {
        found.push((
            format!("physionet2021/labels/{name}"),
            compare_tables(&labels.join(name), &of_labels.join(name), key),
        ));
    }
    let weights = |dir: &Path| fs::read_to_string(dir.join("pos_weight.txt")).unwrap();
    let numbers = |text: &str| {
        text.trim()
            .trim_matches(['[', ']'])
            .split(',')
            .map(number)
            .collect::<Vec<_>>()
    };
    let same = numbers(&weights(&labels)) == numbers(&weights(&of_labels));
    found.push((
        "physionet2021/labels/pos_weight.txt".to_owned(),
        if same { "same" } else { "differs" }.to_owned(),
    ));
    for (rows, about) in [(3..6, "PhysioNet's rows"), (0..3, "MIMIC's rows")] {
        let about = format!("physionet2021/labels/y.npy, {about}");
        found.push((
            about,
            compare_arrays(&labels.join("y.npy"), &of_labels.join("y.npy"), rows),
        ));
    }
    let segmented = splits.join("segmented_split.csv").display().to_string();
    let manifests = bench
        .run("manifests", &[format!("splits={segmented}")], "both_manifests")
        .unwrap();
    let listed = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().skip(1);
        let name = |line: &str| {
            line.rsplit('/')
                .next()
                .unwrap_or_default()
                .replace(".mat\t", "\t")
        };
        lines.map(name).collect()
    };
    let same = listed(&manifests.join("train.tsv")) == listed(&theirs.join("manifests/both/train.tsv"));
    found.push((
        "manifests/both/train.tsv".to_owned(),
        if same { "same" } else { "differs" }.to_owned(),
    ));
    let cmsc = ok(ecgfm().arg("kinds")).contains("cmsc");
    let made = if cmsc { "made" } else { "not made" };
    found.push(("manifests/both/cmsc/train.tsv".to_owned(), made.to_owned()));
    found
}
