//! The samples against another reader's, ecgdatakit.

use crate::document::document;
use crate::shared_data::shared;
use ecgfm_recordings::muse::MuseEcg;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prints the leads of every file that it is given: name, rate, unit, samples.
const JUDGE: &str = r#"
import json, sys
from ecgdatakit import FileParser
read = [FileParser().parse(path).leads for path in sys.argv[1:]]
print(json.dumps([[[l.label, float(l.sampling_rate), l.units, [float(v) for v in l.samples]] for l in leads] for leads in read]))
"#;

/// Lead as the judge reads it: name, rate, unit, samples.
type JudgedLead = (String, f64, String, Vec<f64>);

/// Leads of `files`, as the judge reads them. `None`, with a message, where it is not installed.
fn judged(files: &[PathBuf]) -> Option<Vec<Vec<JudgedLead>>> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    let installed = || std::env::join_paths([tools.join("ecgdatakit"), tools.join("pytest")]).unwrap();
    let packages = std::env::var_os("ECGFM_PYTHONPATH").unwrap_or_else(installed);
    let python = std::env::var("ECGFM_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python)
        .args(["-c", JUDGE])
        .args(files)
        .env("PYTHONPATH", packages)
        .output();
    let output = output.ok()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("ModuleNotFoundError") {
        eprintln!(
            "SKIPPED: no python3 with ecgdatakit, so that nothing judges MUSE files; run tools/setup test"
        );
        return None;
    }
    assert!(output.status.success(), "{complaint}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Leads that the file stores are the judge's to 1e-9 mV; it derives none.
fn assert_equal(ecg: &MuseEcg, leads: &[JudgedLead], file: &Path) {
    let stored = ecg.leads.iter().filter(|lead| !lead.derived).count();
    assert_eq!(stored, leads.len(), "{}", file.display());
    let values = ecg.samples();
    for (name, rate, unit, samples) in leads {
        let position = ecg
            .leads
            .iter()
            .position(|lead| lead.name.eq_ignore_ascii_case(name))
            .unwrap();
        assert_eq!(
            (*rate, unit.as_str()),
            (ecg.sample_rate, "mV"),
            "{} {name}",
            file.display()
        );
        let ours = values.iter().skip(position).step_by(ecg.leads.len());
        assert_eq!(samples.len(), ecg.len());
        let difference = ours.zip(samples).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(difference < 1e-9, "{} {name}: {difference}", file.display());
    }
}

#[test]
fn files_of_others_are_read_as_ecgdatakit_reads_them() {
    let Some(folder) = shared("formats/muse") else {
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let Some(judged) = judged(&files) else {
        return;
    };
    for (file, leads) in files.iter().zip(judged) {
        let ecg = MuseEcg::read(file).unwrap();
        assert_eq!(ecg.doubts, [""; 0], "{}", file.display());
        assert_eq!(ecg.leads.len(), 12);
        assert_equal(&ecg, &leads, file);
    }
}

#[test]
fn files_that_are_written_here_are_read_by_ecgdatakit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ecg.xml");
    std::fs::write(&file, document(500).to_xml()).unwrap();
    if let Some(judged) = judged(std::slice::from_ref(&file)) {
        assert_equal(&MuseEcg::read(&file).unwrap(), &judged[0], &file);
    }
}
