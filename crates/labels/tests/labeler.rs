//! Labels made of reports, held against ECG-FM's labeler.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{params, reference, rows, run, truths};
use ecgfm_artifacts::stage::Outcome;
use ecgfm_labels::{Negation, TruthOrigin};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reports that ECG-FM's labeler reads otherwise, by their place in the file, with the labels that only one side has (`+` ours, `-`
/// the labeler's), and why.
const OTHERWISE: &[(usize, &str, &str)] = &[
    (37, "+Bradycardia", "3rd degree A-V block is complete heart block"),
    (
        41,
        "+Accessory pathway conduction",
        "Wolff-Parkinson-White syndrome is not known to the labeler, WPW is",
    ),
    (
        50,
        "-Atrioventricular block +Bifascicular block",
        "a bifascicular block is none of the AV node",
    ),
    (
        51,
        "+Bifascicular block",
        "a trifascicular block is bifascicular and more",
    ),
    (69, "+Infarction", "STEMI is not known to the labeler"),
    (
        84,
        "+Poor data quality",
        "the statement is not known to the labeler",
    ),
    (
        85,
        "+Poor data quality",
        "the statement is not known to the labeler",
    ),
    (
        86,
        "+Poor data quality",
        "only artifacts in named leads are known to the labeler",
    ),
    (
        87,
        "+Poor data quality",
        "baseline wander is not known to the labeler",
    ),
    (
        99,
        "+Premature ventricular contraction",
        "every second beat is one",
    ),
    (102, "+Premature ventricular contraction", "two in a row"),
    (
        118,
        "+Tachycardia +Ventricular tachycardia",
        "torsades de pointes is not known to the labeler",
    ),
];

/// The same for reports that deny something.
const DENIALS: &[(usize, &str)] = &[
    (70, "-Infarction"),
    (72, "-Premature ventricular contraction"),
    (
        73,
        "-Accessory pathway conduction -Atrial fibrillation -Tachycardia",
    ),
    (74, "-Sinus rhythm"),
    (
        75,
        "-Accessory pathway conduction -Atrial fibrillation -Tachycardia",
    ),
];

/// Labels of reports, `[report][label]`, by name of label.
fn report_labels(reports: &[&str], negation: Negation) -> (Vec<BTreeSet<String>>, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    let records = dir.path().join("meta.csv");
    let mut table = "idx,save_file,machine_report\n".to_owned();
    for (idx, report) in reports.iter().enumerate() {
        table += &format!("{idx},x_{idx}.mat,\"{}\"\n", report.replace('"', "\"\""));
    }
    std::fs::write(&records, table).unwrap();
    let rules = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/text_rules/mimic_iv_ecg.yaml"
    );
    let from = TruthOrigin {
        text: Some("machine_report".into()),
        rules: Some(rules.to_owned()),
        negation: Some(negation),
        ..TruthOrigin::default()
    };
    let (out, outcome) = run(&params(records, "mimic_iv_ecg", from));
    (label_names(&out.path().join("labels.csv")), outcome)
}

fn label_names(path: &Path) -> Vec<BTreeSet<String>> {
    let names = |row: BTreeMap<String, String>| {
        row.into_iter()
            .filter(|(_, cell)| cell == "True")
            .map(|(name, _)| name)
    };
    rows(path).into_iter().map(|row| names(row).collect()).collect()
}

/// Labels that one side has and the other has not: `-` the reference's, `+` ours.
fn difference(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> String {
    let lost = theirs.difference(ours).map(|name| format!("-{name}"));
    let won = ours.difference(theirs).map(|name| format!("+{name}"));
    lost.chain(won).collect::<Vec<_>>().join(" ")
}

#[test]
fn reports_give_the_labelers_labels_but_for_denials_and_what_it_does_not_know() {
    let Some(reference) = reference() else { return };
    let text = std::fs::read_to_string(reference.join("labeler/reports.txt")).unwrap();
    let reports: Vec<&str> = text.lines().collect();
    let theirs = label_names(&reference.join("labeler/labels.csv"));
    assert_eq!((reports.len(), theirs.len()), (122, 122));
    let order = std::fs::read_to_string(reference.join("labeler/label_order.json")).unwrap();
    let order: Vec<String> = serde_json::from_str(&order).unwrap();
    for negation in [Negation::Honour, Negation::Ignore] {
        let (ours, outcome) = report_labels(&reports, negation);
        println!(
            "\nnegation: {negation:?}\n{:46} both  ours  labeler  neither",
            "label"
        );
        for label in &order {
            let count = |a: bool, b: bool| {
                let pairs = ours.iter().zip(&theirs);
                pairs
                    .filter(|(us, them)| us.contains(label) == a && them.contains(label) == b)
                    .count()
            };
            println!(
                "{label:46} {:4}  {:4}  {:7}  {:7}",
                count(true, true),
                count(true, false),
                count(false, true),
                count(false, false)
            );
        }
        println!("unmatched: {}", outcome.facts["unmatched_text"]);
        let mut expected: BTreeMap<usize, &str> =
            OTHERWISE.iter().map(|(at, labels, _)| (*at, *labels)).collect();
        if negation == Negation::Honour {
            expected.extend(DENIALS.iter().copied());
        }
        let found = ours
            .iter()
            .zip(&theirs)
            .enumerate()
            .filter(|(_, (us, them))| us != them);
        let found: BTreeMap<usize, String> =
            found.map(|(at, (us, them))| (at, difference(us, them))).collect();
        for (at, labels) in &found {
            let why = OTHERWISE
                .iter()
                .find(|of| of.0 == *at)
                .map_or("denied", |of| of.2);
            println!("{at:4} {}: {labels} ({why})", reports[*at]);
        }
        let found: BTreeMap<usize, &str> = found.iter().map(|(at, labels)| (*at, labels.as_str())).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_reports_of_the_references_archive_give_its_labels_and_an_absent_report_none() {
    let Some(reference) = reference() else { return };
    let source = reference.join("main/processed/mimic_iv_ecg");
    let from = TruthOrigin {
        text: Some("machine_report".into()),
        rules: Some("mimic_iv_ecg".into()),
        ..TruthOrigin::default()
    };
    let (dir, outcome) = run(&params(source.join("meta.csv"), "mimic_iv_ecg", from));
    let (ours, theirs) = (
        truths(&dir.path().join("labels.csv")),
        truths(&source.join("labels/labels.csv")),
    );
    let other = ours.iter().filter(|(idx, labels)| theirs[*idx] != **labels);
    let other: Vec<(&str, &str)> = other
        .map(|(idx, labels)| (idx.as_str(), labels.as_str()))
        .collect();
    assert_eq!(other, [("19", "?"), ("22", "Poor data quality Sinus rhythm")]);
    assert_eq!(outcome.counts["exams_without_truth"], 1);
}
