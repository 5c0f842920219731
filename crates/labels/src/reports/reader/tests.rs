//! Sentences, and the labels that they give.

use super::*;

fn reader(negation: Negation, uncertain: Uncertain) -> ReportReader {
    let rules = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/text_rules/mimic_iv_ecg.yaml"
    );
    let rules = TextRules::load(rules).unwrap();
    ReportReader::new(
        &rules,
        &LabelSet::load("mimic_iv_ecg").unwrap(),
        negation,
        uncertain,
    )
    .unwrap()
}

/// Names of the labels with `truth`, joined by commas.
fn labels(reader: &ReportReader, text: &str, truth: Option<bool>) -> String {
    let set = LabelSet::load("mimic_iv_ecg").unwrap();
    let read = reader.read_cell(text).unwrap();
    let names = set.names().into_iter().zip(read.labels);
    let names: Vec<&str> = names
        .filter(|(_, of)| *of == truth)
        .map(|(name, _)| name)
        .collect();
    names.join(", ")
}

#[test]
fn what_a_text_denies_does_not_hold() {
    let reader = reader(Negation::Honour, Uncertain::Positive);
    for (text, holds) in [
        ("No evidence of acute infarction", ""),
        ("No PVCs", ""),
        ("no PVCs, infarct or pacing", ""),
        ("Sinus rhythm without PVCs", "Sinus rhythm"),
        ("Normal sinus rhythm, no longer bradycardia", "Sinus rhythm"),
        ("No longer bradycardia, sinus rhythm", "Sinus rhythm"),
        ("PVCs no longer present", ""),
        ("Sinus rhythm, PVCs are no longer seen", "Sinus rhythm"),
        ("PVCs have been replaced by sinus rhythm", "Sinus rhythm"),
        ("Sinus rhythm has replaced bradycardia", "Sinus rhythm"),
        ("No PVCs; PVCs", "Premature ventricular contraction"),
        ("No infarct. Sinus rhythm", "Sinus rhythm"),
        ("No infarct but sinus rhythm", "Sinus rhythm"),
        ("Infarct ruled out", ""),
        ("No previous ECG available; sinus rhythm", "Sinus rhythm"),
        ("Pacemaker rhythm - no further analysis", "Electronic pacemaker"),
    ] {
        assert_eq!(labels(&reader, text, Some(true)), holds, "{text}");
    }
}

#[test]
fn a_denied_finding_implies_nothing() {
    let text = "No atrial fibrillation; left bundle branch block";
    let honoured = reader(Negation::Honour, Uncertain::Positive);
    assert_eq!(labels(&honoured, text, Some(true)), "Left bundle branch block");
    let ignored = reader(Negation::Ignore, Uncertain::Positive);
    assert_eq!(
        labels(&ignored, text, Some(true)),
        "Tachycardia, Supraventricular tachycardia with aberrancy, Atrial fibrillation, Accessory pathway conduction, \
         Left bundle branch block"
    );
}

#[test]
fn what_a_text_is_unsure_of_is_as_asked_with_all_that_follows_from_it() {
    for (text, unsure) in [
        ("Possible infarct", "Infarction"),
        (
            "Cannot rule out anterior infarct - age undetermined",
            "Infarction",
        ),
        ("Infarct cannot be ruled out", "Infarction"),
        ("Infarct could not be excluded", "Infarction"),
        ("Rule out MI", "Infarction"),
        ("Consider infarct; infarct", ""),
        ("Anterior infarct - possibly acute", ""),
        (
            "PVCs or pacing",
            "Premature ventricular contraction, Electronic pacemaker",
        ),
        ("Probable sinus tachycardia", "Sinus rhythm, Tachycardia"),
        (
            "Left bundle branch block; possible tachycardia",
            "Tachycardia, Supraventricular tachycardia with aberrancy",
        ),
    ] {
        let missing = reader(Negation::Honour, Uncertain::Missing);
        assert_eq!(labels(&missing, text, None), unsure, "{text}");
        let negative = reader(Negation::Honour, Uncertain::Negative);
        assert_eq!(
            labels(&negative, text, Some(true)),
            labels(&missing, text, Some(true)),
            "{text}"
        );
        let positive = reader(Negation::Honour, Uncertain::Positive);
        let all = labels(&positive, text, Some(true));
        assert!(unsure.split(", ").all(|name| all.contains(name)), "{text}: {all}");
    }
}

#[test]
fn words_that_nothing_matches_are_kept_phrase_by_phrase() {
    let reader = reader(Negation::Honour, Uncertain::Positive);
    let read = reader
        .read_cell("Sinus rhythm, rate 72; Zyzzyva syndrome; brugada like; QT 400")
        .unwrap();
    assert_eq!(Vec::from_iter(read.leftovers), ["brugada like", "qt", "zyzzyva"]);
    assert_eq!(reader.read_cell(" ; *** ").unwrap(), CellTruth::default());
}
