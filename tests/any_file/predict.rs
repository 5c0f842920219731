//! `ecgfm predict` of recordings in any format.

use crate::common::ok;
use crate::files::{LEADS, failed, program, shared, write_csv, write_wfdb};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A synthetic archive and the demo model.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn get() -> &'static Self {
        static BENCH: OnceLock<Bench> = OnceLock::new();
        BENCH.get_or_init(|| {
            let bench = Self {
                dir: tempfile::tempdir().unwrap(),
            };
            ok(
                program(["synth", "--quiet", "--exams", "6", "--long-share", "1", "--out"])
                    .arg(bench.path("raw")),
            );
            ok(
                program(["export", "models/demo/demo.pt", "--labels", "physionet2021", "-o"])
                    .arg(bench.path("model.ts")),
            );
            bench
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `ecgfm predict` of a file by the demo model.
    fn predict(&self, file: &Path) -> Command {
        let mut command = program(["predict", "--model"]);
        command.arg(self.path("model.ts")).arg(file);
        command
    }

    fn predictions(&self, file: &Path) -> Value {
        serde_json::from_str(&ok(self.predict(file).arg("--json"))).unwrap()
    }
}

/// Probabilities of the labels by the name of the ECG.
fn probabilities(said: &Value) -> BTreeMap<String, Vec<f64>> {
    let of_ecg = |ecg: &Value| {
        let labels = ecg["probabilities"].as_object().unwrap().values();
        (
            ecg["ecg"].as_str().unwrap().to_owned(),
            labels.map(|p| p.as_f64().unwrap()).collect(),
        )
    };
    said["ecgs"].as_array().unwrap().iter().map(of_ecg).collect()
}

#[test]
fn a_directory_of_records_gets_the_probabilities_of_the_archive_and_drawings() {
    let bench = Bench::get();
    let part = bench.path("raw/exams_part0.hdf5");
    let records = bench.path("records");
    ok(
        program(["convert", "--to", "wfdb", "--rate", "400", "--unit", "mV"])
            .arg(&part)
            .arg("-o")
            .arg(&records),
    );
    let of_archive = probabilities(&bench.predictions(&part));
    let drawings = bench.path("drawings");
    let said = ok(bench.predict(&records).arg("--plot").arg(&drawings).arg("--json"));
    let of_records = probabilities(&serde_json::from_str(&said).unwrap());
    assert_eq!(of_archive.len(), 6);
    assert_eq!(
        of_archive.keys().collect::<Vec<_>>(),
        of_records.keys().collect::<Vec<_>>()
    );
    for (exam, wanted) in &of_archive {
        for (found, wanted) in of_records[exam].iter().zip(wanted) {
            assert!((found - wanted).abs() < 0.01, "{exam}: {found} {wanted}");
        }
        let svg = std::fs::read_to_string(drawings.join(format!("{exam}.svg"))).unwrap();
        assert!(svg.contains("model.ts: ") && svg.contains("in mV") && svg.contains("· 400 Hz ·"));
    }
    // Piped, the table is CSV, a line an ECG by the name of its file.
    let csv = ok(&mut bench.predict(&records));
    assert!(
        csv.starts_with("file,ecg,segments,") && csv.lines().count() == 7,
        "{csv}"
    );
}

#[test]
fn leads_that_are_missing_are_refused_or_supplied_as_asked() {
    let bench = Bench::get();
    let dir = bench.path("few");
    write_wfdb(
        &dir,
        "limb",
        &["II", "I", "V1", "V2", "V3", "V4", "V5", "V6"],
        str::to_owned,
        500.0,
    );
    write_wfdb(&dir, "chest", &LEADS[..9], str::to_owned, 500.0);
    let (code, message) = failed(&mut bench.predict(&dir));
    assert!(
        code == Some(3) && message.contains("is missing") && message.contains("`missing_leads: derive`"),
        "{code:?} {message}"
    );
    let derived = ok(bench.predict(&dir).args(["--missing-leads", "derive", "--json"]));
    let derived: Value = serde_json::from_str(&derived).unwrap();
    assert_eq!(
        (
            &derived["ecgs"][0]["ecg"],
            derived["ecgs"].as_array().unwrap().len()
        ),
        (&"limb".into(), 1)
    );
    assert_eq!(
        derived["ecgs"][0]["computed_leads"],
        serde_json::json!(["III", "aVR", "aVL", "aVF"])
    );
    assert_eq!(derived["rejected"][0]["ecg"], "chest");
    let zero = ok(bench.predict(&dir).args(["--missing-leads", "zero", "--json"]));
    let zero: Value = serde_json::from_str(&zero).unwrap();
    assert_eq!(
        zero["ecgs"][0]["absent_leads"],
        serde_json::json!(["V4", "V5", "V6"])
    );
}

#[test]
fn a_rate_that_is_not_stated_is_an_error_and_files_of_no_ecg_are_set_aside() {
    let bench = Bench::get();
    let csv = bench.path("x.csv");
    write_csv(&csv);
    let (code, message) = failed(bench.predict(&csv).args(["--unit", "mV"]));
    assert!(code == Some(3) && message.contains("rate"), "{message}");
    let text = bench.path("x.txt");
    std::fs::write(&text, "nothing").unwrap();
    let output = bench
        .predict(&csv)
        .arg(&text)
        .args(["--rate", "400", "--unit", "mV"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success()
            && said.contains("set aside")
            && said.contains("no ECG in a format that is read"),
        "{said}"
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
}

#[test]
fn published_records_are_predicted_and_drawn() {
    let bench = Bench::get();
    let Some(georgia) = shared("wfdb/cinc2021-georgia") else {
        return;
    };
    let Some(muse) = shared("formats/muse") else {
        return;
    };
    let drawings = bench.path("published");
    let output = bench
        .predict(&georgia)
        .arg(&muse)
        .arg("--plot")
        .arg(&drawings)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().lines().count() >= 3);
    assert!(drawings.join("E07500.svg").is_file());
}
