//! What an archive states is held against its signal: a wrong sample rate, a wrong unit, many rates in one directory.

use crate::common::{ecgfm, ok};
use ecgfm_formats::code15::{PartWriter, WriteLayout, WriteOptions};
use std::fs;
use std::path::{Path, PathBuf};

/// Exams of the synthetic archive.
const EXAMS: usize = 40;
/// Samples of a lead: 10 s at 500 Hz.
const SAMPLES: usize = 5000;
/// Leads.
const LEADS: usize = 12;

fn synthesize(layout: &str, out: &Path) {
    let exams = EXAMS.to_string();
    ok(ecgfm()
        .args(["synth", "--quiet", "--mix", "balanced", "--exams", &exams])
        .args(["--layout", layout, "--out"])
        .arg(out));
}

/// Samples of a WFDB record of format 16, in millivolts, sample-major in the standard leads, which is the order of PTB-XL.
fn millivolts(record: &Path) -> Vec<f32> {
    let bytes = fs::read(record.with_extension("dat")).unwrap();
    let counts = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| i16::from_le_bytes(*pair));
    counts.map(|count| f32::from(count) / 1000.0).collect()
}

/// An archive in CODE-15's shape whose recordings are of 10 s at 500 Hz, `scale` times what they are in millivolts.
fn code15_of_500_hz(dir: &Path, scale: f32) -> PathBuf {
    let (of_500_hz, raw) = (dir.join("ptbxl"), dir.join("raw"));
    synthesize("ptbxl", &of_500_hz);
    synthesize("code15", &raw);
    let table = fs::read_to_string(of_500_hz.join("ptbxl_database.csv")).unwrap();
    let mut lines = table.lines().map(|line| line.split(','));
    let column = lines
        .next()
        .unwrap()
        .position(|name| name == "filename_hr")
        .unwrap();
    let records = table.lines().skip(1).map(|line| {
        let cell = line.split(',').find(|cell| cell.starts_with("records500/"));
        of_500_hz.join(cell.unwrap_or_else(|| panic!("column {column} of {line}")))
    });
    let exams = fs::read_to_string(raw.join("exams.csv")).unwrap();
    let ids: Vec<i64> = exams
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect();
    let options = WriteOptions {
        layout: WriteLayout::Contiguous,
        rows: ids.len(),
        samples: SAMPLES,
        leads: LEADS,
    };
    let mut writer = PartWriter::create(&raw.join("exams_part0.hdf5"), options).unwrap();
    for (row, (id, record)) in ids.iter().zip(records).enumerate() {
        let samples: Vec<f32> = millivolts(&record).iter().map(|v| v * scale).collect();
        writer.write_row(row, *id, &samples).unwrap();
    }
    writer.finish().unwrap();
    raw
}

/// Stage signals: exit code, standard error, and `quality.csv`.
fn signals(raw: &Path, out: &Path, with: &[&str]) -> (Option<i32>, String, String) {
    let mut command = ecgfm();
    command
        .args(["stage", "signals", "--with"])
        .arg(format!("raw={}", raw.display()));
    for setting in with {
        command.args(["--with", setting]);
    }
    let output = command.arg("--out").arg(out).output().unwrap();
    let quality = fs::read_to_string(out.join("quality.csv")).unwrap_or_default();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
        quality,
    )
}

fn rows<'a>(quality: &'a str, check: &str) -> Vec<&'a str> {
    quality
        .lines()
        .filter(|line| line.split(',').nth(2) == Some(check))
        .collect()
}

#[test]
fn an_archive_of_500_hz_in_code15s_shape_is_named_on_the_terminal_in_the_table_and_on_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let raw = code15_of_500_hz(dir.path(), 1.0);
    let output = ecgfm()
        .args(["run", "code15", "--json", "--workdir"])
        .arg(dir.path())
        .arg("--set")
        .arg(format!("signals.raw={}", raw.display()))
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let named = "code_15: recordings stated to have 400 Hz look as if they had 500 Hz";
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let warned = summary["warnings"][0].as_str().unwrap();
    assert!(warned.contains(named), "{summary}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("warning: {named}")), "{said}");
    let run = dir.path().join("code15/sample");
    let quality = fs::read_to_string(run.join("signals/quality.csv")).unwrap();
    assert_eq!(rows(&quality, "sample_rate").len(), EXAMS, "{quality}");
    let lines = rows(&quality, "mains_frequency");
    let explained = |line: &&&str| line.contains("read at 500 Hz instead of 400 it would be the mains'");
    assert!(lines.len() >= EXAMS / 3, "{quality}");
    assert_eq!(lines.iter().filter(explained).count(), lines.len(), "{quality}");
    let page = fs::read_to_string(run.join("report/report.html")).unwrap();
    let checks = &page[page.find("<ul class=\"checks\">").unwrap()..];
    let checks = &checks[..checks.find("</ul>").unwrap()];
    assert!(checks.contains(named), "{checks}");

    let out = dir.path().join("seen");
    let (code, said, _) = signals(&raw, &out, &["store=view"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("warning: {named}")) && said.contains("help: state the true rate"),
        "{said}"
    );
    let refused = dir.path().join("refused");
    for (on_bad, words) in [
        (
            "on_bad={sample_rate: fail}",
            "sample_rate: 400 Hz, recordings of code_15 fit 500 Hz better",
        ),
        (
            "on_bad={sample_rate: reject}",
            "none of 40 exams can be used: 40 sample_rate",
        ),
    ] {
        let (code, said, _) = signals(&raw, &refused, &[on_bad]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn an_archive_of_most_other_units_than_millivolts_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let raw = code15_of_500_hz(dir.path(), 1000.0);
    let (code, said, quality) = signals(&raw, &dir.path().join("out"), &["store=view"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(rows(&quality, "amplitude").len(), EXAMS);
    let named = format!(
        "warning: code_15: {EXAMS} of {EXAMS} recordings vary by more than an ECG in millivolts does"
    );
    assert!(
        said.contains(&named) && said.contains("help: state the true unit"),
        "{said}"
    );
}

#[test]
fn rates_mixed_in_one_directory_are_each_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    synthesize("ptbxl", &raw);
    let out = dir.path().join("out");
    let (code, said, quality) = signals(&raw, &out, &["dataset=folder"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("warning"), "{said}");
    for check in ["heart_rate", "mains_frequency", "sample_rate"] {
        assert_eq!(rows(&quality, check), Vec::<&str>::new());
    }
    let meta = fs::read_to_string(out.join("meta.csv")).unwrap();
    for (folder, rate, samples) in [("records100", 100, 1000), ("records500", 500, 5000)] {
        let of_rate = format!(",{rate},{samples},");
        let found = meta
            .lines()
            .filter(|line| line.contains(folder) && line.contains(&of_rate));
        assert_eq!(found.count(), EXAMS, "{folder}");
    }
}

#[test]
fn hdf5_without_a_rate_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    synthesize("code15", &raw);
    let described = dir.path().join("ours.yaml");
    let text = "name: ours\ntitle: ECGs without a rate\ntable: exams.csv\nexam_id: exam_id\nfile: trace_file\nunit: mV\n";
    fs::write(&described, text).unwrap();
    let dataset = format!("dataset={}", described.display());
    let (code, said, _) = signals(&raw, &dir.path().join("out"), &[&dataset]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("rate"), "{said}");
}
