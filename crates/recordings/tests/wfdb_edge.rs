//! Every edge case of WFDB records on which the reference was measured, beside what its scripts make of it.
#![allow(clippy::print_stderr, clippy::unwrap_used, missing_docs)]

mod shared_data;

use ecgfm_formats::mat5::MatFile;
use ecgfm_recordings::wfdb::{self, WfdbRecord};
use shared_data::{shared, unpacked};
use std::path::{Path, PathBuf};

/// What becomes of the record of a case.
enum Outcome {
    /// The samples that the reference reads, and a doubt that contains this.
    SameWithDoubt(&'static str),
    /// The samples of the sound record, where the reference is wrong in this, and a doubt that contains this, if anything.
    Right(&'static str, &'static str),
    /// Other samples than those of the sound record, of which the function says whether they are right, and a doubt.
    Other(&'static str, fn(&Leads, &Leads) -> bool),
    /// An error that contains this.
    SetAside(&'static str),
}
use Outcome::{Other, Right, SameWithDoubt, SetAside};

/// Samples of the twelve leads; empty where there is no such lead.
type Leads = Vec<Vec<f64>>;

/// Cases in which something is to be said; in all others the samples are those of the reference, and nothing is doubtful.
const CASES: &[(&str, Outcome)] = &[
    (
        "constant_7_and_zero",
        Other("", |ours, _| {
            ours[2].iter().all(|v| *v == 0.0) && ours[11].iter().all(|v| *v == 0.007)
        }),
    ),
    (
        "exact_2500",
        Other("", |ours, _| ours.iter().all(|lead| lead.len() == 2500)),
    ),
    ("fs_zero", SetAside("line 1: sample rate \"0\" is not valid")),
    (
        "gain_absent",
        SetAside("line 2: an ADC resolution of 28260 bits: a field before it is missing"),
    ),
    (
        "gain_baseline_100",
        Other("", |ours, good| close(ours, good, 1.0, -0.1)),
    ),
    (
        "gain_negative",
        Other("the gain is negative", |ours, good| close(ours, good, -1.0, 0.0)),
    ),
    (
        "gain_no_baseline_adczero_100",
        Other("", |ours, good| close(ours, good, 1.0, -0.1)),
    ),
    (
        "gain_zero",
        Other("no gain is stated", |ours, good| close(ours, good, 5.0, 0.0)),
    ),
    ("hea_empty", SetAside("there is no record line")),
    (
        "hea_mat_name_wrong",
        SetAside("HR06004.mat: signal file: the header names this file, but it does not exist"),
    ),
    (
        "hea_n_sig_11",
        SetAside("11 signals are announced, but 12 lines follow"),
    ),
    (
        "hea_n_sig_13",
        SetAside("13 signals are announced, but 12 lines follow"),
    ),
    (
        "hea_offset_missing",
        Right(
            "it takes the head of the .mat for samples",
            "the samples begin at byte 24",
        ),
    ),
    (
        "lead_duplicate_II",
        Other("2 signals are called II", |ours, good| {
            ours[2].is_empty() && ours[1] == good[2]
        }),
    ),
    (
        "lead_duplicate_extra_II",
        // The reference ends with IndexError.
        Other("2 signals are called II", |ours, good| ours[2..] == good[2..]),
    ),
    ("lead_names_lower", Right("it finds no lead", "")),
    ("lead_names_space", Right("it finds no lead", "")),
    ("lead_names_upper", Right("it does not find AVR, AVL, AVF", "")),
    (
        "len_smaller_than_file",
        Other("1200 bytes more than the header states", |ours, good| {
            ours.iter().zip(good).all(|(ours, good)| ours[..] == good[..2550])
        }),
    ),
    (
        "many_segments",
        Other("", |ours, _| ours.iter().all(|lead| lead.len() == 27_600)),
    ),
    (
        "mat_bit_flipped_checksum",
        Other("signal I: its checksum is 28276, not 28260", |ours, good| {
            ours[1..] == good[1..]
        }),
    ),
    (
        "mat_empty",
        SetAside("0 samples of each signal, but the header states 2600"),
    ),
    (
        "mat_longer",
        SameWithDoubt("62400 bytes more than the header states"),
    ),
    (
        "mat_missing",
        SetAside("X0001.mat: signal file: the header names this file, but it does not exist"),
    ),
    (
        "mat_truncated",
        SetAside("2550 samples of each signal, but the header states 2600"),
    ),
    (
        "mat_truncated_odd",
        SetAside("2550 samples of each signal, but the header states 2600"),
    ),
    (
        "nan_all",
        Other("", |ours, _| ours.iter().flatten().all(|value| value.is_nan())),
    ),
    ("saturated_32767", Other("", |ours, _| ours[7].contains(&32.767))),
    (
        "short_2499",
        Other("", |ours, _| ours.iter().all(|lead| lead.len() == 2499)),
    ),
    ("units_absent", SameWithDoubt("no unit is stated")),
    ("units_uV", Right("it converts no units", "")),
];

/// Cases without a record where the others have theirs.
const WITHOUT_RECORD: [&str; 4] = ["hea_missing", "no_record", "one_level", "three_levels_deep"];

const NAMES: [&str; 12] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

fn close(ours: &Leads, good: &Leads, factor: f64, offset: f64) -> bool {
    let values = ours.iter().flatten().zip(good.iter().flatten());
    ours.len() == good.len()
        && values
            .into_iter()
            .all(|(ours, good)| (ours - (good * factor + offset)).abs() < 1e-9)
}

/// Record of the case itself; the others are the same everywhere.
fn record_of_case(folder: &Path) -> Option<PathBuf> {
    let group = folder.join("training/ptb-xl/g1");
    let files = std::fs::read_dir(group).ok()?.map(|file| file.unwrap().path());
    let mut headers: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "hea"))
        .collect();
    headers.sort();
    headers.into_iter().next()
}

/// What the reference read of a case, where that was kept because it differs from the sound record.
fn of_reference(mats: &Path, case: &str) -> Option<Leads> {
    let files = std::fs::read_dir(mats.join("processed").join(case).join("org")).ok()?;
    let mut paths = files.map(|file| file.unwrap().path());
    let path = paths.find(|path| path.to_string_lossy().contains("ptb-xl"))?;
    let ((leads, samples), values) = MatFile::read(&path).unwrap().f64_matrix("feats").unwrap();
    Some(
        (0..leads)
            .map(|lead| (0..samples).map(|at| values[at * leads + lead]).collect())
            .collect(),
    )
}

/// Samples by standard name; of two leads of one name, the later, as the reference has it.
fn standard_leads(record: &WfdbRecord) -> Leads {
    let named = |name: &&str| record.signals.iter().rfind(|signal| signal.lead == Some(*name));
    NAMES
        .iter()
        .map(|name| named(name).map_or(Vec::new(), |signal| signal.samples.clone()))
        .collect()
}

/// Returns true if the leads that we have are the same.
fn same(ours: &Leads, theirs: &Leads) -> bool {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    let both = ours.iter().zip(theirs).filter(|(ours, _)| !ours.is_empty());
    both.into_iter()
        .all(|(ours, theirs)| ours.len() == theirs.len() && ours.iter().zip(theirs).all(equal))
}

#[test]
fn every_case_is_the_same_right_or_set_aside() {
    let Some(edge) = shared("reference2/edge") else {
        return;
    };
    let Some(inputs) = unpacked(&edge.join("inputs.tar.xz")) else {
        return;
    };
    let Some(mats) = unpacked(&edge.join("mats.tar.xz")) else {
        return;
    };
    let good = of_reference(mats.path(), "baseline").unwrap();
    let folders = std::fs::read_dir(inputs.path().join("raw")).unwrap();
    let (mut count, mut known) = (0, 0);
    for folder in folders.map(|folder| folder.unwrap().path()) {
        let case = folder.file_name().unwrap().to_str().unwrap();
        let Some(path) = record_of_case(&folder) else {
            assert!(WITHOUT_RECORD.contains(&case), "{case}");
            continue;
        };
        let outcome = CASES
            .iter()
            .find(|(name, _)| *name == case)
            .map(|(_, outcome)| outcome);
        check(
            case,
            outcome,
            wfdb::read(&path),
            &good,
            of_reference(mats.path(), case),
        );
        count += 1;
        known += usize::from(outcome.is_some());
    }
    assert_eq!((count > 90, known), (true, CASES.len()));
}

fn check(
    case: &str,
    outcome: Option<&Outcome>,
    read: ecgfm_recordings::Result<WfdbRecord>,
    good: &Leads,
    theirs: Option<Leads>,
) {
    if let Some(SetAside(why)) = outcome {
        let error = read.unwrap_err().to_string();
        return assert!(error.contains(why), "{case}: {error}");
    }
    let read = read.unwrap_or_else(|error| panic!("{case}: {error}"));
    let (ours, doubts) = (standard_leads(&read), read.warnings.join("; "));
    let theirs = theirs.as_ref().unwrap_or(good);
    let doubt = match outcome {
        None => {
            assert!(same(&ours, theirs), "{case}");
            ""
        }
        Some(SameWithDoubt(doubt)) => {
            assert!(same(&ours, theirs), "{case}");
            doubt
        }
        Some(Right(reason, doubt)) => {
            assert!(
                same(&ours, good) || close(&ours, good, 1.0, 0.0),
                "{case}: {reason}"
            );
            doubt
        }
        Some(Other(doubt, is_right)) => {
            assert!(is_right(&ours, good), "{case}");
            doubt
        }
        Some(SetAside(_)) => unreachable!("above"),
    };
    assert!(
        doubts.contains(doubt) && doubts.is_empty() == doubt.is_empty(),
        "{case}: {doubts}"
    );
}
