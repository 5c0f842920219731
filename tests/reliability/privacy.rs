//! Nothing a run says tells who somebody is or what a heart did, whatever is wrong with the data.

use crate::common::ecgfm;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

const FAULTS: &str = "{flat_lead: 2, nan: 2, swapped_leads: 2, short_recording: 2, missing_exam: 2, all_zero: 2, \
                      wrong_trace_file: 2, duplicate_id: 2, duplicate_tracing: 2}";

fn archive(dir: &Path) {
    let made = ecgfm()
        .args(["synth", "--quiet", "--exams", "60", "--faults", FAULTS, "-o"])
        .arg(dir)
        .output();
    assert!(made.unwrap().status.success());
}

/// The patients of an archive.
fn patients(raw: &Path) -> BTreeSet<String> {
    let table = fs::read_to_string(raw.join("exams.csv")).unwrap();
    let column = table
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "patient_id")
        .unwrap();
    let ids = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(column));
    // Short numbers are also counts of something.
    ids.filter(|id| id.len() >= 4).map(str::to_owned).collect()
}

fn run(raw: &Path, workdir: &Path, further: &[&str]) -> Output {
    let mut command = ecgfm();
    command.args([
        "run",
        "code15",
        "--profile",
        "sample",
        "--keep-going",
        "--workdir",
    ]);
    command
        .arg(workdir)
        .args(["--set", "evaluate.bootstrap=20", "--set"]);
    command
        .arg(format!("signals.raw={}", raw.display()))
        .args(["--set", "synth.exams=2"]);
    command.args(further).output().unwrap()
}

/// Neither a patient nor samples: four numbers with a fraction in a row are no message for people.
fn assert_discreet(output: &Output, patients: &BTreeSet<String>) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let digits = |c: char| !c.is_ascii_alphanumeric();
    for word in text.split(digits) {
        assert!(!patients.contains(word), "patient {word} is named in\n{text}");
    }
    for line in text.lines() {
        let mut in_a_row = 0;
        for word in line
            .split([' ', ',', '[', ']', '(', ')'])
            .filter(|w| !w.is_empty())
        {
            let sample = word.contains('.') && word.parse::<f64>().is_ok();
            in_a_row = if sample { in_a_row + 1 } else { 0 };
            assert!(in_a_row < 4, "samples are shown in\n{line}");
        }
    }
}

#[test]
fn logs_of_a_run_over_faulty_data_name_no_patient_and_show_no_samples() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    archive(&raw);
    let patients = patients(&raw);
    assert!(patients.len() > 20, "the archive has patients to look for");
    let output = run(&raw, &dir.path().join("runs"), &[]);
    assert_discreet(&output, &patients);
    let rejected = fs::read_to_string(dir.path().join("runs/code15/sample/signals/rejected.csv")).unwrap();
    assert!(
        rejected.lines().count() > 5,
        "the faults were met:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_is_said_about_a_wrong_cell_of_the_table_of_exams_names_no_patient() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    archive(&raw);
    let table = fs::read_to_string(raw.join("exams.csv")).unwrap();
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let patients = patients(&raw);
    // Every column in turn holds what it may not hold; the one of patients holds a name.
    for (column, name) in header.iter().enumerate() {
        let secret = match *name {
            "patient_id" => "Erika Mustermann",
            _ => "nonsense",
        };
        let spoil = |(at, line): (usize, &str)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if at == 7 {
                cells[column] = secret;
            }
            cells.join(",") + "\n"
        };
        let spoilt: String = table.lines().enumerate().map(spoil).collect();
        fs::write(raw.join("exams.csv"), spoilt).unwrap();
        let output = run(&raw, &dir.path().join("runs"), &["--only", "signals"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_discreet(&output, &patients);
        assert!(!text.contains("Mustermann"), "{text}");
        // A table with such a cell is refused, or the exam is set aside and counted; nobody is named for it.
        assert!(
            [Some(0), Some(3)].contains(&output.status.code()),
            "{name}: {text}"
        );
    }
}
