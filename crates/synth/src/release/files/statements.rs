//! Statements about a synthetic ECG as archives write them: SCP-ECG codes, SNOMED CT codes, texts of an electrocardiograph.

use crate::exam::ExamTruth;
use crate::labels::{Finding, Rhythm};

/// Statement that may hold of an ECG.
struct Statement {
    holds: fn(&ExamTruth) -> bool,
    /// SCP-ECG statements with the likelihood that PTB-XL gives them: 100 for diagnoses, 0 for form and rhythm.
    scp: &'static [(&'static str, &'static str)],
    /// SNOMED CT code, where PhysioNet/CinC Challenge 2021 has one.
    snomed: Option<&'static str>,
    /// Text of an electrocardiograph.
    text: &'static str,
}

const fn statement(
    holds: fn(&ExamTruth) -> bool,
    scp: &'static [(&'static str, &'static str)],
    snomed: Option<&'static str>,
    text: &'static str,
) -> Statement {
    Statement {
        holds,
        scp,
        snomed,
        text,
    }
}

const DIAGNOSIS: &str = "100.0";
const NO_LIKELIHOOD: &str = "0.0";

/// Statements in the order in which they are written.
const STATEMENTS: [Statement; 22] = [
    statement(|t| t.labels.normal, &[("NORM", DIAGNOSIS)], None, "Normal ECG"),
    statement(
        |t| t.rhythm == Rhythm::Sinus,
        &[("SR", NO_LIKELIHOOD)],
        Some("426783006"),
        "Sinus rhythm",
    ),
    statement(
        |t| t.labels.sb,
        &[("SBRAD", NO_LIKELIHOOD)],
        Some("426177001"),
        "Sinus bradycardia",
    ),
    statement(
        |t| t.labels.st,
        &[("STACH", NO_LIKELIHOOD)],
        Some("427084000"),
        "Sinus tachycardia",
    ),
    statement(
        |t| t.labels.af,
        &[("AFIB", NO_LIKELIHOOD)],
        Some("164889003"),
        "Atrial fibrillation",
    ),
    statement(
        |t| has(t, Finding::SinusArrhythmia),
        &[("SARRH", NO_LIKELIHOOD)],
        Some("427393009"),
        "Sinus arrhythmia",
    ),
    statement(
        |t| t.labels.first_degree_block,
        &[("1AVB", DIAGNOSIS)],
        Some("270492004"),
        "1st degree A-V block",
    ),
    statement(
        |t| t.labels.rbbb,
        &[("CRBBB", DIAGNOSIS)],
        Some("713427006"),
        "Right bundle branch block",
    ),
    statement(
        |t| t.labels.lbbb,
        &[("CLBBB", DIAGNOSIS)],
        Some("733534002"),
        "Left bundle branch block",
    ),
    statement(
        |t| has(t, Finding::IncompleteRbbb),
        &[("IRBBB", DIAGNOSIS)],
        Some("713426002"),
        "Incomplete right bundle branch block",
    ),
    // PTB-XL has the axis in a column of its own.
    statement(is_left_axis, &[], Some("39732003"), "Left axis deviation"),
    statement(is_right_axis, &[], Some("47665007"), "Right axis deviation"),
    statement(
        |t| has(t, Finding::LeftVentricularHypertrophy),
        &[("LVH", DIAGNOSIS)],
        Some("164873001"),
        "Left ventricular hypertrophy",
    ),
    statement(
        |t| has(t, Finding::LowVoltage),
        &[("LVOLT", NO_LIKELIHOOD)],
        Some("251146004"),
        "Low QRS voltages in limb leads",
    ),
    statement(
        |t| has(t, Finding::InferiorQ),
        &[("IMI", DIAGNOSIS), ("QWAVE", NO_LIKELIHOOD)],
        Some("164917005"),
        "Inferior infarct - age undetermined",
    ),
    statement(
        |t| has(t, Finding::AnteriorQ),
        &[("ASMI", DIAGNOSIS), ("QWAVE", NO_LIKELIHOOD)],
        Some("164917005"),
        "Anteroseptal infarct - age undetermined",
    ),
    statement(
        |t| has(t, Finding::TInversion),
        &[("INVT", NO_LIKELIHOOD)],
        Some("59931005"),
        "T wave inversion",
    ),
    statement(
        |t| has(t, Finding::TFlat),
        &[("LOWT", NO_LIKELIHOOD)],
        Some("164934002"),
        "Low T waves",
    ),
    statement(
        |t| has(t, Finding::StDepression),
        &[("STD_", NO_LIKELIHOOD)],
        Some("429622005"),
        "ST depression",
    ),
    statement(
        |t| has(t, Finding::LongQt),
        &[("LNGQT", DIAGNOSIS)],
        Some("111975006"),
        "Prolonged QT interval",
    ),
    statement(
        |t| has(t, Finding::PrematureVentricular),
        &[("PVC", NO_LIKELIHOOD)],
        Some("427172004"),
        "Ventricular premature complex",
    ),
    statement(
        |t| has(t, Finding::PrematureAtrial),
        &[("PAC", NO_LIKELIHOOD)],
        Some("284470004"),
        "Atrial premature complex",
    ),
];

fn has(truth: &ExamTruth, finding: Finding) -> bool {
    truth.findings.contains(&finding)
}

fn is_left_axis(truth: &ExamTruth) -> bool {
    truth.axis_deg < -30.0
}

fn is_right_axis(truth: &ExamTruth) -> bool {
    truth.axis_deg > 90.0
}

fn that_hold(truth: &ExamTruth) -> impl Iterator<Item = &'static Statement> + '_ {
    STATEMENTS.iter().filter(|statement| (statement.holds)(truth))
}

/// SCP-ECG statements as PTB-XL writes them, the text of a Python dictionary: `{'NORM': 100.0, 'SR': 0.0}`.
pub(super) fn scp_codes(truth: &ExamTruth) -> String {
    let codes = that_hold(truth).flat_map(|statement| statement.scp);
    let entries: Vec<String> = codes
        .map(|(code, likelihood)| format!("'{code}': {likelihood}"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

/// Heart axis as PTB-XL names it.
pub(super) fn heart_axis(truth: &ExamTruth) -> &'static str {
    match (is_left_axis(truth), is_right_axis(truth)) {
        (true, _) => "LAD",
        (_, true) => "RAD",
        _ => "MID",
    }
}

/// SNOMED CT codes, separated by commas; none for what Challenge 2021 has no code for.
pub(super) fn snomed_codes(truth: &ExamTruth) -> String {
    let codes: Vec<&str> = that_hold(truth)
        .filter_map(|statement| statement.snomed)
        .collect();
    codes.join(",")
}

/// Texts of an electrocardiograph, at least one.
pub(super) fn machine_texts(truth: &ExamTruth) -> Vec<&'static str> {
    that_hold(truth).map(|statement| statement.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::Mix;
    use crate::options::SynthOptions;

    #[test]
    fn every_exam_has_a_rhythm_in_every_notation_and_no_code_twice() {
        let options = SynthOptions {
            exams: 60,
            mix: Mix::Balanced,
            ..SynthOptions::default()
        };
        for index in 0..options.exams {
            let truth = crate::make_exam(&options, index).unwrap().truth;
            let (scp, snomed) = (scp_codes(&truth), snomed_codes(&truth));
            assert!(
                ["'SR'", "'SBRAD'", "'STACH'", "'AFIB'"]
                    .iter()
                    .any(|code| scp.contains(code))
            );
            let mut codes: Vec<&str> = snomed.split(',').collect();
            codes.sort_unstable();
            assert!(codes.windows(2).all(|pair| pair[0] != pair[1]) && !codes[0].is_empty());
            assert_eq!(scp.contains("'NORM': 100.0"), truth.labels.normal);
            assert!(!machine_texts(&truth).is_empty());
        }
    }
}
