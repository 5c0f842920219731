//! Labels made of codes and of text, held against what the Python scripts made of the same tables.

#![allow(clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)] // A test that cannot go on should stop there.

use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_artifacts::table;
use ecgfm_labels::{Negation, Params, TruthOrigin};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The reference data of the further sources, or none with a word about it.
fn reference() -> Option<PathBuf> {
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

fn params(records: PathBuf, label_set: &str, from: TruthOrigin) -> Params {
    Params {
        records,
        label_set: label_set.to_owned(),
        from,
        splits: None,
        missing_label: MissingLabel::Exclude,
    }
}

fn codes() -> TruthOrigin {
    TruthOrigin {
        codes: Some("diagnosis".into()),
        ..TruthOrigin::default()
    }
}

fn run(params: &Params) -> (tempfile::TempDir, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &Cancel::default(),
    };
    let outcome = ecgfm_labels::run(params, &ctx).unwrap();
    (dir, outcome)
}

/// Rows of a CSV table without quotes, by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
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
fn truths(path: &Path) -> BTreeMap<String, String> {
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

fn number(cell: &str) -> f64 {
    if cell.is_empty() {
        f64::NAN
    } else {
        cell.parse().unwrap()
    }
}

#[test]
fn the_codes_of_physionet_2021_give_the_references_labels_counts_weights_and_array() {
    let Some(reference) = reference() else { return };
    let source = reference.join("main/processed/physionet2021");
    let mut params = params(source.join("meta.csv"), "physionet2021", codes());
    params.splits = Some(source.join("meta_split.csv"));
    let (dir, outcome) = run(&params);
    let (ours, theirs) = (dir.path(), source.join("labels"));
    assert_eq!(
        table::read_header(&ours.join("labels.csv")).unwrap(),
        table::read_header(&theirs.join("labels.csv")).unwrap()
    );
    assert_eq!(
        truths(&ours.join("labels.csv")),
        truths(&theirs.join("labels.csv"))
    );
    let array = |dir: &Path| {
        let array = NpyReader::open(&dir.join("y.npy")).unwrap();
        (array.header().shape.clone(), array.read_all::<f64>().unwrap())
    };
    assert_eq!(array(ours), array(&theirs));
    let text = |dir: &Path| std::fs::read_to_string(dir.join("pos_weight.txt")).unwrap();
    let weights = |text: String| -> Vec<f64> {
        text.trim_matches(['[', ']', '\n'])
            .split(',')
            .map(number)
            .collect()
    };
    assert_eq!(weights(text(ours)), weights(text(&theirs)));
    let (definition, expected) = (
        rows(&ours.join("label_def.csv")),
        rows(&theirs.join("label_def.csv")),
    );
    assert_eq!(definition.len(), 26);
    for (ours, theirs) in definition.iter().zip(&expected) {
        assert_eq!((ours.len(), &ours["name"]), (theirs.len(), &theirs["name"]));
        for (name, cell) in ours.iter().filter(|(name, _)| *name != "name") {
            let (a, b) = (number(cell), number(&theirs[name]));
            assert!(
                a == b || (a - b).abs() < 1e-13 || a.is_nan() && b.is_nan(),
                "{name}: {a}, {b}"
            );
        }
    }
    // Codes without a label are counted, where the reference drops them without a word.
    assert_eq!(outcome.counts["codes_unknown"], 6);
    assert_eq!(outcome.counts["exams_with_unknown_codes"], 5);
    assert_eq!(outcome.facts["unknown_codes"]["54329005"], 1);
}

/// What is done with the diagnosis of a case, and why where it is not what the reference does.
enum Verdict {
    Same,
    /// The labels that are right, and the reference's mistake.
    Right(&'static str, &'static str),
}

/// Headers of the reference's edge cases: name, text of `Dx` in the header (none where there is no such line), verdict.
const CASES: [(&str, Option<&str>, Verdict); 14] = {
    use Verdict::{Right, Same};
    [
        (
            "dx_absent",
            None,
            Right("?", "no diagnosis is a row of zeros, as of a normal ECG"),
        ),
        (
            "dx_apostrophe_before",
            Some("426783006,164934002"),
            Right("NSR TAb", "an apostrophe in another comment loses Dx"),
        ),
        ("dx_apostrophe_in_dx", Some("426783006'"), Same),
        ("dx_colon_in_hx", Some("426783006,164934002"), Same),
        ("dx_comma_comment", Some("426783006,164934002"), Same),
        ("dx_duplicate_code", Some("426783006,426783006"), Same),
        (
            "dx_empty",
            Some(""),
            Right("?", "no diagnosis is a row of zeros, as of a normal ECG"),
        ),
        (
            "dx_equivalent_pair",
            Some("713427006,59118001,733534002,427172004,17338001"),
            Same,
        ),
        (
            "dx_last_comment",
            Some("426783006,164934002"),
            Right("NSR TAb", "the last comment is lost"),
        ),
        (
            "dx_lower_case_key",
            Some("426783006,164934002"),
            Right("NSR TAb", "`dx` is not taken as `Dx`"),
        ),
        ("dx_only_unscored_everywhere", Some("55930002,1"), Same),
        (
            "dx_spaces",
            Some("426783006, 164934002 ,427084000"),
            Right("NSR STach TAb", "a code after a blank is lost"),
        ),
        ("dx_twice", Some("426783006,164934002"), Same),
        ("dx_unscored_code", Some("55930002,999999"), Same),
    ]
};

#[test]
fn a_diagnosis_gives_the_references_labels_or_right_ones_where_the_reference_is_wrong() {
    let Some(reference) = reference() else { return };
    for (name, diagnosis, verdict) in CASES {
        let dir = tempfile::tempdir().unwrap();
        let records = dir.path().join("meta.csv");
        let cell = diagnosis.unwrap_or_default();
        std::fs::write(&records, format!("idx,save_file,diagnosis\n2,x.mat,\"{cell}\"\n")).unwrap();
        let (out, outcome) = run(&params(records, "physionet2021", codes()));
        let ours = truths(&out.path().join("labels.csv"))["2"].clone();
        let theirs = truths(&reference.join("edge/cases").join(name).join("labels/labels.csv"))["2"].clone();
        match verdict {
            Verdict::Same => {
                println!("{name:30} same                          [{ours}]");
                assert_eq!(ours, theirs, "{name}");
            }
            Verdict::Right(labels, why) => {
                println!("{name:30} right where reference is wrong [{ours}], not [{theirs}]: {why}");
                assert_eq!(ours, labels, "{name}");
                assert_ne!(ours, theirs, "{name}: the reference is right now");
            }
        }
        let unknown = cell.contains("55930002") || cell.contains('\'');
        assert_eq!(outcome.counts["codes_unknown"] > 0, unknown, "{name}");
    }
}

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
