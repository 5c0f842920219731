//! Every edge case on which the reference was measured, beside what its scripts make of it.
//!
//! The reference keeps counts, so that its leads are compared after they are scaled. Its files are read from outside the
//! source tree.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

mod shared_data;

use ecgfm_formats::mat5::MatFile;
use ecgfm_recordings::muse::{AgeUnit, MuseEcg, Sex};
use serde_json::Value;
use shared_data::{shared, unpacked};
use std::path::Path;

/// Millivolts of a count in the files of the cases, unless one says otherwise.
const SCALE: f64 = 4.88e-3;
/// Position of lead V1 in the reference's arrays.
const V1: usize = 6;

const NAMES: [&str; 12] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// What becomes of a case.
enum Outcome {
    /// The reference and this reader agree: all leads that the file has, rate, and facts.
    Same,
    /// The same leads and rate, but a doubt that contains this.
    SameWithDoubt(&'static str),
    /// The reference fails or is wrong, as is said here. What is right is checked by the function.
    Right(&'static str, fn(&Case)),
    /// Set aside, with an error that contains this.
    SetAside(&'static str),
}
use Outcome::{Right, Same, SameWithDoubt, SetAside};

/// Case that was read.
struct Case {
    ecg: MuseEcg,
    /// Leads of the case without a fault, in counts, lead by lead.
    good: Vec<Vec<f64>>,
    doubts: String,
    samples: Vec<f64>,
}

const CASES: [(&str, Outcome); 41] = [
    ("good", Same),
    ("no_Diagnosis", Right("it ends with KeyError", Case::is_good)),
    (
        "no_OriginalDiagnosis",
        Right("it ends with KeyError", Case::is_good),
    ),
    ("no_QRSTimesTypes", Right("it ends with KeyError", Case::is_good)),
    ("no_PatientDemographics", Same),
    ("no_TestDemographics", Same),
    ("no_DateofBirth", Same),
    ("no_PatientAge", Same),
    ("one_QRS", Same),
    ("no_QRS", Same),
    (
        "rhythm_only",
        Right(
            "it ends with KeyError: of one Waveform it makes no list",
            Case::is_good,
        ),
    ),
    ("rhythm_before_median", Same),
    (
        "median_only",
        SetAside("there is no rhythm waveform, only: Median"),
    ),
    (
        "lead_missing_V6",
        SameWithDoubt("NumberofLeads is 8, and there are 7"),
    ),
    (
        "lead_missing_II",
        SameWithDoubt("NumberofLeads is 8, and there are 7"),
    ),
    ("leads_shuffled", Same),
    (
        "leads_all_12",
        SameWithDoubt("NumberofLeads is 8, and there are 12"),
    ),
    (
        "leads_all_12_upper",
        Right("it does not know AVR and computes another", |case| {
            assert!(case.ecg.leads.iter().all(|lead| !lead.derived));
            // What is stored was rounded to whole counts.
            case.assert_leads(0.5 * SCALE + 1e-9, |_, count| count * SCALE);
        }),
    ),
    (
        "lead_repeated_V1",
        SetAside("lead V1: it is there twice, with different samples"),
    ),
    (
        "int16_overflow",
        Right("its sums wrap around at 16 bits", |case| {
            let sample = case
                .samples
                .chunks(12)
                .find(|sample| sample[0] == -20_000.0 * SCALE)
                .unwrap();
            assert!((sample[2] - (sample[1] - sample[0])).abs() < 1e-9);
            assert!((sample[3] + (sample[0] + sample[1]) / 2.0).abs() < 1e-9);
        }),
    ),
    (
        "units_per_bit_differ",
        Right("it does not apply LeadAmplitudeUnitsPerBit", |case| {
            case.assert_leads(1e-9, |lead, count| {
                if lead == V1 {
                    count * SCALE / 2.0
                } else {
                    count * SCALE
                }
            });
        }),
    ),
    (
        "lead_V3_shorter",
        SetAside("lead V3: LeadByteCountTotal is 5200, and there are 5000"),
    ),
    ("lead_V3_constant", Same),
    ("lead_V3_zero", Same),
    (
        "lead_V3_minus_32768",
        Right("it takes -32768 for a value", |case| {
            let missing = case.samples.iter().filter(|value| value.is_nan()).count();
            assert!(
                missing > 0 && case.doubts.contains("lead V3"),
                "{missing} {}",
                case.doubts
            );
        }),
    ),
    ("sample_base_250", Same),
    (
        "sample_exponent_1",
        Right("it ignores SampleExponent and reads 50 Hz", Case::is_good),
    ),
    (
        "sample_base_float",
        Right("it ends with ValueError at 500.0", Case::is_good),
    ),
    (
        "patient_id_letters",
        Right("it ends with ValueError", |case| {
            assert_eq!(case.ecg.facts.patient_id.as_deref(), Some("AB12"));
            case.is_good();
        }),
    ),
    (
        "patient_id_leading_zero",
        Right("it takes the identifier for a float: 200004.0", |case| {
            assert_eq!(case.ecg.facts.patient_id.as_deref(), Some("000200004"));
            case.is_good();
        }),
    ),
    (
        "date_impossible",
        Right("it ends with ValueError", |case| {
            assert!(
                case.doubts
                    .contains("DateofBirth is 13-45-1971, which is no date"),
                "{}",
                case.doubts
            );
            case.is_good();
        }),
    ),
    (
        "age_unit_HOURS",
        Right("it has no age then", |case| {
            let age = case.ecg.facts.age.unwrap();
            assert_eq!((age.value, age.unit), (50.0, AgeUnit::Hours));
            case.is_good();
        }),
    ),
    (
        "latin1_name",
        Right(
            "it reads ISO-8859-1 as UTF-8 and ends with UnicodeDecodeError",
            Case::is_good,
        ),
    ),
    ("utf8_declared", Same),
    (
        "entities_in_text",
        Right("it leaves &lt; in the text", |case| {
            assert_eq!(case.ecg.facts.diagnosis, ["ST < 1 & T > 2 é \"q\""]);
            case.is_good();
        }),
    ),
    (
        "raw_less_than",
        Right("it loses the <", |case| {
            assert_eq!(case.ecg.facts.diagnosis, ["QRS < 120 & PR > 200"]);
            case.is_good();
        }),
    ),
    ("empty_StmtText", Same),
    (
        "base64_broken",
        SameWithDoubt("2 characters that are not base64 are passed over; the number of bytes"),
    ),
    ("base64_odd_bytes", SetAside("lead V2")),
    ("truncated_xml", SetAside("the file ends inside <WaveFormData>")),
    ("empty_file", SetAside("it is empty")),
];

impl Case {
    /// The leads and the rate are those of the case without a fault.
    fn is_good(&self) {
        assert_eq!(self.ecg.sample_rate, 500.0);
        self.assert_leads(1e-9, |_, count| count * SCALE);
    }

    /// Every lead is what `wanted` makes of the lead's position and the good count.
    fn assert_leads(&self, tolerance: f64, wanted: impl Fn(usize, f64) -> f64) {
        assert_eq!(self.ecg.leads.len(), 12);
        assert_eq!(self.ecg.len(), self.good[0].len());
        for (at, sample) in self.samples.chunks(12).enumerate() {
            for (lead, value) in sample.iter().enumerate() {
                let wanted = wanted(lead, self.good[lead][at]);
                assert!(
                    (value - wanted).abs() <= tolerance,
                    "lead {lead}, sample {at}: {value}, not {wanted}"
                );
            }
        }
    }
}

#[test]
fn every_edge_case_comes_out_as_the_table_says() {
    let Some(data) = shared("reference2/muse_edge") else {
        return;
    };
    let (Some(inputs), Some(mats)) = (
        unpacked(&data.join("inputs.tar.xz")),
        unpacked(&data.join("mats.tar.xz")),
    ) else {
        return;
    };
    let results: Value = serde_json::from_slice(&std::fs::read(data.join("results.json")).unwrap()).unwrap();
    let mut measured: Vec<&str> = results.as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed = CASES.map(|(name, _)| name);
    measured.sort_unstable();
    listed.sort_unstable();
    assert_eq!(
        listed.as_slice(),
        measured,
        "every case that was measured is in the table"
    );

    let good = reference_leads(mats.path(), "good").unwrap();
    for (name, outcome) in &CASES {
        let path = inputs.path().join("raw").join(name).join("b/ecg_case.xml");
        let read = MuseEcg::read(&path);
        let result = &results[*name];
        let line = match (outcome, read) {
            (SetAside(reason), Err(error)) => {
                assert!(error.to_string().contains(reason), "{name}: {error}");
                format!("set aside: {reason}")
            }
            (_, Err(error)) => panic!("{name}: {error}"),
            (SetAside(_), Ok(_)) => panic!("{name} is read"),
            (outcome, Ok(ecg)) => {
                let (doubts, samples) = (ecg.doubts.join("; "), ecg.samples());
                let case = Case {
                    ecg,
                    good: good.clone(),
                    doubts,
                    samples,
                };
                match outcome {
                    Right(reason, check) => {
                        check(&case);
                        format!("right, where of the reference holds: {reason}")
                    }
                    SameWithDoubt(doubt) => {
                        assert!(case.doubts.contains(doubt), "{name}: {}", case.doubts);
                        assert_same(name, &case, result, reference_leads(mats.path(), name));
                        format!("same, with a doubt: {doubt}")
                    }
                    _ => {
                        assert_eq!(case.doubts, "", "{name}");
                        assert_same(name, &case, result, reference_leads(mats.path(), name));
                        "same".to_owned()
                    }
                }
            }
        };
        eprintln!("{name}: {line}");
    }
}

/// Leads of a case as the reference writes them, in counts; none where they are kept only as a hash, being the good ones.
fn reference_leads(mats: &Path, case: &str) -> Option<Vec<Vec<f64>>> {
    let path = mats.join("processed").join(case).join("org/b_ecg_case.mat");
    let ((leads, samples), values) = MatFile::read(&path).ok()?.f64_matrix("feats").unwrap();
    assert_eq!((leads, samples), (12, values.len() / 12));
    Some(
        (0..leads)
            .map(|lead| values.iter().skip(lead).step_by(leads).copied().collect())
            .collect(),
    )
}

/// Every lead is the reference's, which is kept (`leads`) or of which the largest difference from the good one is known.
fn assert_same(name: &str, case: &Case, result: &Value, leads: Option<Vec<Vec<f64>>>) {
    let signals = &result["signals"]["org/b_ecg_case.mat"];
    assert_eq!(result["rc"], 0, "{name}: the reference fails");
    assert_eq!(
        signals["rate"][0][0].as_f64(),
        Some(case.ecg.sample_rate),
        "{name}"
    );
    let missing = signals["nan_leads"].as_array().unwrap();
    for (lead, standard) in NAMES.iter().enumerate() {
        let position = case.ecg.leads.iter().position(|lead| lead.name == *standard);
        assert_eq!(
            position.is_none(),
            missing.iter().any(|missing| *missing == lead),
            "{name}: lead {standard}"
        );
        let Some(position) = position else {
            continue;
        };
        let values = case.samples.iter().skip(position).step_by(case.ecg.leads.len());
        let difference = |counts: &[f64]| {
            assert_eq!(case.ecg.len(), counts.len());
            values
                .zip(counts)
                .map(|(value, count)| (value / SCALE - count).abs())
                .fold(0.0, f64::max)
        };
        let (found, wanted) = match &leads {
            Some(leads) => (difference(&leads[lead]), 0.0),
            None => {
                let measured = signals["max_abs_diff_to_good_per_lead"][lead].as_f64();
                (difference(&case.good[lead]), measured.unwrap())
            }
        };
        assert!(
            (found - wanted).abs() < 1e-9,
            "{name}: lead {standard}: {found} counts, not {wanted}"
        );
    }
    assert_same_facts(name, case, &result["meta_case"][0]);
}

fn assert_same_facts(name: &str, case: &Case, meta: &Value) {
    let said = |column: &str| {
        meta[column]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let facts = &case.ecg.facts;
    assert_eq!(facts.patient_id, said("PatientDemographics_PatientID"), "{name}");
    assert_eq!(
        facts.age.map(|age| format!("{:.1}", age.years())),
        said("age"),
        "{name}"
    );
    assert_eq!(facts.birth_date, said("dob"), "{name}");
    let acquired = facts
        .acquisition_date
        .as_ref()
        .zip(facts.acquisition_time.as_ref());
    assert_eq!(
        acquired.map(|(date, time)| format!("{date} {time}")),
        said("acq_dt"),
        "{name}"
    );
    let sex = facts.sex.map(|sex| if sex == Sex::Female { 1.0 } else { 0.0 });
    assert_eq!(sex, said("sex").map(|sex| sex.parse().unwrap()), "{name}");
    assert_eq!(facts.device, said("TestDemographics_AcquisitionDevice"), "{name}");
    assert_eq!(
        facts.diagnosis.join(" "),
        said("Diagnosis_DiagnosisStatement").unwrap_or_default(),
        "{name}"
    );
    assert_eq!(facts.filters.high_pass_hz, Some(0.05));
    assert_eq!(
        (facts.filters.low_pass_hz, facts.filters.mains_hz),
        (Some(150.0), None)
    );
}
