//! Labels made of codes, held against what the Python scripts made of the same tables.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{params, reference, rows, run, truths};
use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_artifacts::table;
use ecgfm_labels::TruthOrigin;
use std::path::Path;

fn codes() -> TruthOrigin {
    TruthOrigin {
        codes: Some("diagnosis".into()),
        ..TruthOrigin::default()
    }
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
