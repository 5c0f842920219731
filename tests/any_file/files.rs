//! Small files of several formats, written by the library.

use crate::common::{ecgfm, root};
use ecgfm_recordings::muse::{CountedLead, MuseDocument, MuseFacts};
use ecgfm_recordings::wfdb::{LeadToWrite, RecordToWrite};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The twelve leads in their order.
pub const LEADS: [&str; 12] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// Values of a lead: a wave of its own frequency and height, in whole microvolts.
pub fn wave(name: &str, samples: usize) -> Vec<f64> {
    let number = LEADS.iter().position(|lead| *lead == name).unwrap_or(20) as f64;
    let value =
        |at: usize| ((at as f64 * (0.02 + 0.003 * number)).sin() * (300.0 + 40.0 * number)).round() / 1000.0;
    (0..samples).map(value).collect()
}

/// Writes a WFDB record with these leads, each of them [`wave`], under these names in the file.
pub fn write_wfdb(directory: &Path, name: &str, leads: &[&str], rename: fn(&str) -> String, rate: f64) {
    std::fs::create_dir_all(directory).unwrap();
    let samples = (rate * 10.0) as usize;
    let waves: Vec<(String, Vec<f64>)> = leads
        .iter()
        .map(|lead| (rename(lead), wave(lead, samples)))
        .collect();
    let record = RecordToWrite {
        name,
        sample_rate: rate,
        leads: waves
            .iter()
            .map(|(name, samples)| LeadToWrite { name, samples })
            .collect(),
        comments: vec!["Age: 61".to_owned(), "subject_id: 4711".to_owned()],
        ..RecordToWrite::default()
    };
    record.encode().unwrap().write_to(directory).unwrap();
}

/// Writes a MUSE file of I, II and V1 to V6 at 500 Hz.
pub fn write_muse(path: &Path) {
    let lead = |name: &&str| CountedLead {
        id: (*name).to_owned(),
        counts: wave(name, 5000).iter().map(|mv| (mv * 200.0) as i16).collect(),
    };
    let document = MuseDocument {
        leads: ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]
            .iter()
            .map(lead)
            .collect(),
        sample_rate: 500,
        microvolts_per_count: 5.0,
        facts: MuseFacts::default(),
    };
    std::fs::write(path, document.to_xml()).unwrap();
}

/// Writes a CSV file of the twelve leads in mV, which states no rate.
pub fn write_csv(path: &Path) {
    let waves: Vec<Vec<f64>> = LEADS.iter().map(|lead| wave(lead, 4000)).collect();
    let mut text = LEADS.join(",") + "\n";
    for at in 0..4000 {
        let cells: Vec<String> = waves.iter().map(|lead| lead[at].to_string()).collect();
        text += &(cells.join(",") + "\n");
    }
    std::fs::write(path, text).unwrap();
}

/// `ecgfm` with these arguments.
pub fn program<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = ecgfm();
    command.args(arguments);
    command
}

/// Exit code and standard error of a command that fails.
pub fn failed(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

/// Examples of formats outside the repository, unless they are not there; then the test says so and should return.
pub fn shared(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = shared.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: no {}; set ECGFM_SHARED", path.display());
    None
}
