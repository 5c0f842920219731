//! Odd archives of WFDB records, case by case, beside what the Python scripts made of them: `reference2_edge/` has what comes
//! out here and why.

#![allow(clippy::print_stderr, clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{cells, reference, run};
use ecgfm_artifacts::recordings::MissingLeads;
use ecgfm_signals::{Params, RejectOrKeep};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Unpacks an archive that the system's `tar` may not know how to.
const UNPACK: &str = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter='data')";

/// The reference's odd archives, unless they are not there.
fn reference2() -> Option<PathBuf> {
    Some(reference()?.with_file_name("reference2")).filter(|path| path.is_dir())
}

fn unpack(archive: &Path, place: &Path) -> bool {
    let ran = Command::new("python3")
        .args(["-c", UNPACK])
        .args([archive, place])
        .status();
    let unpacked = ran.is_ok_and(|status| status.success());
    if !unpacked {
        eprintln!("SKIPPED: no python3 that unpacks {}", archive.display());
    }
    unpacked
}

/// What becomes of a case: of the run, and of every exam that is not as the scripts have it.
fn verdict(dataset: &str, raw: &Path, case: &Path) -> String {
    let out = tempfile::tempdir().unwrap();
    let params = Params {
        dataset: dataset.to_owned(),
        missing_leads: MissingLeads::Nan,
        all_zero: RejectOrKeep::Keep,
        not_finite: RejectOrKeep::Keep,
        ..Params::new(raw)
    };
    let theirs = case.join("meta.csv");
    let theirs = if theirs.exists() {
        cells(&theirs)
    } else {
        BTreeMap::new()
    };
    if let Err(error) = run(&params, out.path()) {
        let message = error.to_string().replace(&raw.display().to_string(), "RAW");
        return format!("error: {message}");
    }
    let ours = cells(&out.path().join("meta.csv"));
    let rejected = std::fs::read_to_string(out.path().join("rejected.csv")).unwrap();
    let mut text = String::new();
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let about = match (ours.get(name), theirs.get(name)) {
            (Some(ours), Some(theirs)) => differences(ours, theirs),
            (Some(_), None) => "kept".to_owned(),
            (None, _) => "not kept".to_owned(),
        };
        if !about.is_empty() {
            write!(text, "{}: {about}; ", name.trim_end_matches(".mat")).unwrap();
        }
    }
    for line in rejected.lines().skip(1) {
        let cells = common::split(line);
        write!(text, "{} set aside ({}); ", cells[0], cells[2]).unwrap();
    }
    match text.is_empty() {
        true => "same".to_owned(),
        false => text.trim_end_matches("; ").to_owned(),
    }
}

/// Columns in which a row is not the scripts' row.
fn differences(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) -> String {
    let number = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs().max(1.0) || (a.is_nan() && b.is_nan());
    let mut columns = Vec::new();
    for column in [
        "sample_rate",
        "sample_size",
        "nan_leads",
        "constant_leads",
        "diagnosis",
    ] {
        let text = |row: &BTreeMap<String, String>| row.get(column).cloned().unwrap_or_default();
        let (ours, theirs) = (text(ours), text(theirs));
        let equal = |a: f64, b: f64| !a.is_nan() && close(a, b);
        if ours != theirs && !equal(number(&ours), number(&theirs)) {
            columns.push(format!("{column} {ours:?} not {theirs:?}"));
        }
    }
    for what in ["mean", "std"] {
        let differs = |lead: &usize| {
            let column = format!("{what}_{lead}");
            let get = |row: &BTreeMap<String, String>| row.get(&column).map_or(f64::NAN, number);
            !close(get(ours), get(theirs))
        };
        let leads = (0..12).filter(differs).count();
        if leads > 0 {
            columns.push(format!("{what} of {leads} leads"));
        }
    }
    columns.join(", ")
}

/// Compares every case with the table beside this file: case, what comes out, and why where that is not what the scripts have.
fn check(dataset: &str, reference: &Path, place: impl Fn(&Path) -> PathBuf) {
    let raw = tempfile::tempdir().unwrap();
    if !unpack(&reference.join("inputs.tar.xz"), raw.path()) {
        return;
    }
    let table = format!("reference2_edge/{dataset}.tsv");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(&table);
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let rows: BTreeMap<&str, (&str, &str)> = expected
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?, (cells.next()?, cells.next().unwrap_or_default())))
        })
        .collect();
    let (mut made, mut wrong) = (String::new(), Vec::new());
    let mut cases: Vec<PathBuf> = std::fs::read_dir(reference.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    for case in &cases {
        let name = case.file_name().unwrap().to_str().unwrap();
        let verdict = verdict(dataset, &place(&raw.path().join("raw").join(name)), case);
        let verdict = verdict.replace(&raw.path().display().to_string(), "");
        let (wanted, why) = rows.get(name).copied().unwrap_or_default();
        if wanted != verdict {
            wrong.push(format!("{name}\n  expected {wanted}\n  found    {verdict}"));
        }
        writeln!(made, "{name}\t{verdict}\t{why}").unwrap();
    }
    if std::env::var_os("ECGFM_EDGE").is_some_and(|value| value == "update") {
        std::fs::write(path, made).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn odd_archives_of_the_challenge_come_out_as_the_table_says() {
    let Some(reference) = reference2() else { return };
    check("physionet2021", &reference.join("edge"), Path::to_path_buf);
}

#[test]
fn odd_archives_of_mimic_come_out_as_the_table_says() {
    let Some(reference) = reference2() else { return };
    check("mimic_iv_ecg", &reference.join("mimic_edge"), |case| {
        let mut inside = std::fs::read_dir(case).unwrap();
        inside.next().unwrap().unwrap().path()
    });
}
