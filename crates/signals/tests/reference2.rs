//! Archives of WFDB records, against what the Python scripts wrote for them: names, samples and statistics, to 1e-13.

#![allow(clippy::print_stderr, clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{cells, reference, run};
use ecgfm_artifacts::recordings::MissingLeads;
use ecgfm_signals::{Params, RejectOrKeep, Store};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The reference's other sources, unless they are not there.
fn reference2() -> Option<PathBuf> {
    Some(reference()?.with_file_name("reference2").join("main")).filter(|path| path.is_dir())
}

/// What the judge prints of two directories of `.mat` files; none without Python.
fn judge(archive: &Path, source: &str, ours: &Path, naming: &[&str]) -> Option<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .env("PYTHONPATH", manifest.join("../../.tools/pytest"))
        .arg(manifest.join("tests/reference2.py"))
        .args([archive.as_os_str(), source.as_ref(), ours.as_os_str()])
        .args(naming)
        .output()
        .ok()?;
    if !output.status.success() {
        eprintln!(
            "SKIPPED: no python3 with scipy: {}; run tools/setup test",
            String::from_utf8_lossy(&output.stderr)
        );
        return None;
    }
    Some(String::from_utf8(output.stdout).unwrap())
}

fn params(dataset: &str, raw: PathBuf) -> Params {
    Params {
        dataset: dataset.to_owned(),
        store: Store::Mat,
        missing_leads: MissingLeads::Nan,
        all_zero: RejectOrKeep::Keep,
        not_finite: RejectOrKeep::Keep,
        ..Params::new(raw)
    }
}

/// Compares the run in `out` with the reference's files of `source`; `same` are columns whose texts are equal, `too_short` is the
/// number of recordings that are shorter than a segment.
fn compare(main: &Path, source: &str, out: &Path, (same, too_short): (&[&str], usize)) {
    let processed = main.join("processed").join(source);
    let theirs = cells(&processed.join("meta.csv"));
    let ours = cells(&out.join("meta.csv"));
    // The scripts keep a recording that gives no segment, with nothing to infer from; here it is set aside.
    let rejected = std::fs::read_to_string(out.join("rejected.csv")).unwrap();
    let missing: Vec<&String> = theirs.keys().filter(|name| !ours.contains_key(*name)).collect();
    assert_eq!(missing.len(), too_short);
    assert_eq!(rejected.matches(",too_short,").count(), too_short);
    assert!(ours.keys().all(|name| theirs.contains_key(name)));
    for (name, ours) in &ours {
        let theirs = &theirs[name];
        for column in same {
            assert_eq!(ours[*column], theirs[*column], "{name}: {column}");
        }
        for column in ["mean", "std"]
            .iter()
            .flat_map(|what| (0..12).map(move |lead| format!("{what}_{lead}")))
        {
            let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            let (a, b) = (number(&ours[&column]), number(&theirs[&column]));
            let close = (a - b).abs() <= 1e-13 || (a.is_nan() && b.is_nan());
            assert!(close, "{name}: {column}: {a:e}, the reference has {b:e}");
        }
    }
    let Some(verdict) = judge(&main.join("mats.tar.xz"), source, out, &[]) else {
        return;
    };
    let expected = |line: &&str| {
        line.starts_with("missing ") && missing.iter().any(|name| line.ends_with(name.as_str()))
    };
    let lines: Vec<&str> = verdict.lines().filter(|line| !expected(line)).collect();
    assert_eq!(lines.len(), 1, "{verdict}");
    assert!(
        lines[0].starts_with("compared ") && lines[0] != "compared 0",
        "{verdict}"
    );
}

#[test]
fn the_challenge_of_2021_is_that_of_the_scripts() {
    let Some(main) = reference2() else { return };
    let out = tempfile::tempdir().unwrap();
    run(
        &params("physionet2021", main.join("raw/physionet2021")),
        out.path(),
    )
    .unwrap();
    let same = [
        "dataset",
        "lead_order",
        "sample_rate",
        "sample_size",
        "nan_any",
        "nan_leads",
        "diagnosis",
    ];
    compare(&main, "physionet2021", out.path(), (&same, 0));
}

#[test]
fn mimic_is_that_of_the_scripts() {
    let Some(main) = reference2() else { return };
    let raw = std::fs::read_dir(main.join("raw/mimic-iv-ecg"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let out = tempfile::tempdir().unwrap();
    run(&params("mimic_iv_ecg", raw), out.path()).unwrap();
    let same = [
        "subject_id",
        "study_id",
        "sample_rate",
        "sample_size",
        "machine_report",
    ];
    compare(&main, "mimic_iv_ecg", out.path(), (&same, 1));
}

/// The scripts' names lack the source, and their values are counts of 4.88 µV.
#[test]
fn muse_is_that_of_the_scripts_in_millivolts() {
    const SCALE: f64 = 4.88e-3;
    let Some(main) = reference2() else { return };
    let out = tempfile::tempdir().unwrap();
    let derived = Params {
        missing_leads: MissingLeads::Derive,
        ..params("folder", main.join("raw/muse"))
    };
    run(&derived, out.path()).unwrap();
    let (ours, theirs) = (
        cells(&out.path().join("meta.csv")),
        cells(&main.join("processed/muse/meta.csv")),
    );
    assert_eq!((ours.len(), theirs.len()), (3, 3));
    let number = |cell: &str| cell.parse::<f64>().unwrap_or(f64::NAN);
    for (name, theirs) in &theirs {
        let ours = &ours[&format!("folder_{name}")];
        for column in [
            "idx",
            "lead_order",
            "sample_rate",
            "sample_size",
            "nan_leads",
            "constant_leads",
        ] {
            assert_eq!(ours[column], theirs[column], "{name}: {column}");
        }
        let patient = theirs["patient_id"].trim_end_matches(".0");
        assert_eq!(ours["patient_id"], patient, "{name}: patient");
        // The scripts' year has 365 days.
        let year = if theirs["PatientDemographics_AgeUnits"] == "DAYS" {
            365.25 / 365.0
        } else {
            1.0
        };
        let ages = (number(&ours["age"]) * year, number(&theirs["age"]));
        assert!((ages.0 - ages.1).abs() <= 1e-13, "{name}: {ages:?}");
        let is_male = theirs["sex"]
            .parse::<f64>()
            .map(|sex| if sex == 0.0 { "True" } else { "False" });
        assert_eq!(ours["is_male"], is_male.unwrap_or_default(), "{name}");
        for column in (0..12).flat_map(|lead| ["mean", "std"].map(|what| format!("{what}_{lead}"))) {
            let (a, b) = (number(&ours[&column]), number(&theirs[&column]) * SCALE);
            assert!(
                (a - b).abs() <= 1e-13,
                "{name}: {column}: {a:e}, the reference has {b:e}"
            );
        }
    }
    let naming = ["folder_", &SCALE.to_string()];
    if let Some(verdict) = judge(&main.join("mats.tar.xz"), "muse", out.path(), &naming) {
        assert_eq!(verdict.trim(), "compared 10");
    }
}
