//! Every record of the reference data against wfdb-python: digital and physical values, leads, rates, units, comments.
#![allow(clippy::print_stderr, clippy::unwrap_used, missing_docs)]

use ecgfm_recordings::wfdb::{self, WfdbUnit};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Reads the records named by the arguments after the first, which is the directory to write to: digital values as int64,
/// physical ones as float64, signal by signal, and the rest as JSON.
const JUDGE: &str = r#"
import json, sys, numpy as np, wfdb
out, described = sys.argv[1], []
def digital_values(path):
    try:
        return wfdb.rdrecord(path, physical=False, smooth_frames=False)
    except ValueError:
        # It does not know the type of its own big-endian samples (format 61); with one sample a frame this is the same.
        record = wfdb.rdrecord(path, physical=False)
        assert set(record.samps_per_frame) == {1}
        record.e_d_signal = list(record.d_signal.T)
        return record
for number, path in enumerate(sys.argv[2:]):
    digital = digital_values(path)
    physical = wfdb.rdrecord(path, physical=True, smooth_frames=False)
    np.concatenate(digital.e_d_signal).astype("<i8").tofile(f"{out}/{number}.digital")
    np.concatenate(physical.e_p_signal).astype("<f8").tofile(f"{out}/{number}.physical")
    described.append({
        "names": digital.sig_name, "units": digital.units, "rate": digital.fs, "counter": digital.counter_freq,
        "per_frame": digital.samps_per_frame, "frames": digital.sig_len, "comments": digital.comments,
        "time": digital.base_time and str(digital.base_time), "date": digital.base_date and str(digital.base_date),
        "gains": digital.adc_gain, "baselines": digital.baseline,
    })
print(json.dumps(described))
"#;

/// Amplitudes of the record named by the second argument, signal by signal, as wfdb-python joins segments and shifts skewed
/// signals.
const JOINING_JUDGE: &str = r#"
import json, sys, numpy as np, wfdb
record = wfdb.rdrecord(sys.argv[2], physical=True)
record.p_signal.T.astype("<f8").tofile(f"{sys.argv[1]}/0.physical")
print(json.dumps([{"names": record.sig_name}]))
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Records of the reference data; none where those are not here.
fn records() -> Option<Vec<PathBuf>> {
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let Ok(folders) = shared.join("wfdb").read_dir() else {
        eprintln!(
            "SKIPPED: no records at {}/wfdb; set ECGFM_SHARED to where they are",
            shared.display()
        );
        return None;
    };
    let folders = folders
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| folder.read_dir().unwrap().map(|file| file.unwrap().path()));
    let headers = files.filter(|file| file.extension().is_some_and(|ending| ending == "hea"));
    let mut records: Vec<PathBuf> = headers.map(|header| header.with_extension("")).collect();
    records.sort();
    Some(records)
}

/// What wfdb-python says of the records by that program; none where there is no wfdb-python.
fn ask(program: &str, records: &[PathBuf], out: &Path) -> Option<Vec<Value>> {
    let tools = root().join(".tools");
    let packages =
        std::env::var("ECGFM_PYTHONPATH").unwrap_or_else(|_| format!("{0}/wfdb:{0}/pytest", tools.display()));
    let mut python = Command::new("python3");
    python
        .env("PYTHONPATH", packages)
        .args(["-c", program])
        .arg(out)
        .args(records);
    let output = python.output().ok()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("ModuleNotFoundError") {
        eprintln!("SKIPPED: no Python with wfdb; run tools/setup test");
        return None;
    }
    assert!(output.status.success(), "{complaint}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn numbers<T>(path: PathBuf, number: fn([u8; 8]) -> T) -> impl Iterator<Item = T> {
    let bytes = std::fs::read(path).unwrap();
    let words: Vec<[u8; 8]> = bytes.as_chunks().0.to_vec();
    words.into_iter().map(number)
}

fn list<'a, T>(value: &'a Value, get: impl Fn(&'a Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(get).collect()
}

#[test]
fn every_record_is_what_wfdb_python_makes_of_it() {
    let Some(records) = records() else { return };
    assert!(records.len() > 10, "{records:?}");
    let out = tempfile::tempdir().unwrap();
    let Some(judged) = ask(JUDGE, &records, out.path()) else {
        return;
    };
    for (number, (path, theirs)) in records.iter().zip(&judged).enumerate() {
        compare_records(path, theirs, &out.path().join(number.to_string()));
    }
}

#[test]
fn what_is_written_is_read_by_wfdb_python() {
    let directory = tempfile::tempdir().unwrap();
    let wave = |lead: usize| {
        (0..500).map(move |at| {
            if at == 7 {
                f64::NAN
            } else {
                ((at * lead) as f64 / 30.0).sin()
            }
        })
    };
    let samples: Vec<Vec<f64>> = (0..12).map(|lead| wave(lead).collect()).collect();
    let leads = samples.iter().zip(ecgfm_recipe::leads::NAMES);
    let record = wfdb::RecordToWrite {
        name: "written",
        sample_rate: 257.5,
        leads: leads
            .map(|(samples, name)| wfdb::LeadToWrite { name, samples })
            .collect(),
        comments: vec!["Age: 61".to_owned(), "Dx: 426783006".to_owned()],
        ..wfdb::RecordToWrite::default()
    };
    let encoded = record.encode().unwrap();
    assert!(encoded.largest_error < 2e-5, "{}", encoded.largest_error);
    encoded.write_to(directory.path()).unwrap();
    let path = directory.path().join("written");
    let out = tempfile::tempdir().unwrap();
    let Some(judged) = ask(JUDGE, std::slice::from_ref(&path), out.path()) else {
        return;
    };
    compare_records(&path, &judged[0], &out.path().join("0"));
    let read = wfdb::read(&path).unwrap();
    for (given, read) in samples.iter().zip(&read.signals) {
        let pairs = given.iter().zip(&read.samples);
        assert!(
            pairs
                .into_iter()
                .all(|(a, b)| (a - b).abs() <= encoded.largest_error || (a.is_nan() && b.is_nan()))
        );
    }
}

/// Writes a segment of a record, with a gap in its first lead.
fn write_segment(directory: &Path, name: &str, leads: &[&str], length: usize) {
    let samples = |lead: usize| {
        (0..length).map(move |at| {
            if at == 3 + lead {
                f64::NAN
            } else {
                (at * 7 % 100) as f64 / 200.0
            }
        })
    };
    let samples: Vec<Vec<f64>> = (0..leads.len()).map(|lead| samples(lead).collect()).collect();
    let leads = samples.iter().zip(leads);
    let record = wfdb::RecordToWrite {
        name,
        sample_rate: 250.0,
        leads: leads
            .map(|(samples, name)| wfdb::LeadToWrite { name, samples })
            .collect(),
        ..wfdb::RecordToWrite::default()
    };
    record.encode().unwrap().write_to(directory).unwrap();
}

#[test]
fn segments_are_joined_and_skewed_signals_shifted_as_wfdb_python_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    write_segment(directory.path(), "first", &["I", "II"], 40);
    write_segment(directory.path(), "second", &["I", "II"], 25);
    write_segment(directory.path(), "third", &["V5", "II"], 30);
    write("fixed.hea", "fixed/2 2 250 65\nfirst 40\nsecond 25\n");
    write(
        "layout.hea",
        "layout 3 250 0\n~ 0 200/mV 16 0 0 0 0 II\n~ 0 200/mV 16 0 0 0 0 V5\n~ 0 200/mV 16 0 0 0 0 I\n",
    );
    write(
        "variable.hea",
        "variable/5 3 250 105\nlayout 0\nfirst 40\n~ 10\nthird 30\nsecond 25\n",
    );
    write(
        "skewed.hea",
        "skewed 2 250 40\nfirst.dat 16:0 200/mV 16 0 0 0 0 I\nfirst.dat 16:7 200/mV 16 0 0 0 0 II\n",
    );
    for name in ["fixed", "variable", "skewed"] {
        let out = tempfile::tempdir().unwrap();
        let Some(judged) = ask(JOINING_JUDGE, &[path(name)], out.path()) else {
            return;
        };
        let record = wfdb::read(&path(name)).unwrap();
        let names: Vec<&str> = record.signals.iter().map(|signal| signal.name.as_str()).collect();
        assert_eq!(
            names,
            list(&judged[0]["names"], |name| name.as_str().unwrap()),
            "{name}"
        );
        let ours: Vec<f64> = record
            .signals
            .into_iter()
            .flat_map(|signal| signal.samples)
            .collect();
        let theirs: Vec<f64> = numbers(out.path().join("0.physical"), f64::from_le_bytes).collect();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let same = ours
            .iter()
            .zip(&theirs)
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(same, "{name}: {ours:?} {theirs:?}");
    }
}

/// Compares a record with what wfdb-python wrote of it into files that begin with `out`.
fn compare_records(path: &Path, theirs: &Value, out: &Path) {
    let name = path.display();
    let digital = wfdb::read_digital(path).unwrap();
    let ours = digital.samples.iter().flatten().map(|sample| i64::from(*sample));
    assert!(
        ours.eq(numbers(out.with_extension("digital"), i64::from_le_bytes)),
        "{name}: digital values"
    );

    let record = wfdb::read(path).unwrap();
    let ours = record.signals.iter().flat_map(|signal| &signal.samples);
    let mut judged = numbers(out.with_extension("physical"), f64::from_le_bytes);
    for (at, value) in ours.enumerate() {
        let judged = judged.next().unwrap();
        // None of these records has a unit of voltage but millivolts, so that nothing is converted: equal, not close.
        assert!(
            *value == judged || (value.is_nan() && judged.is_nan()),
            "{name}: value {at} is {value}, not {judged}"
        );
    }
    assert!(judged.next().is_none(), "{name}: there are more values");
    compare_headers(&record, theirs);
    // All of them are sound.
    let wrong = record.warnings.iter();
    let wrong = wrong.filter(|warning| !warning.contains("no unit is stated"));
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0], "{name}");
}

fn compare_headers(record: &wfdb::WfdbRecord, theirs: &Value) {
    let (name, header) = (record.path.display(), &record.header);
    let names: Vec<&str> = record.signals.iter().map(|signal| signal.name.as_str()).collect();
    assert_eq!(
        names,
        list(&theirs["names"], |name| name.as_str().unwrap()),
        "{name}"
    );
    assert_eq!(header.frame_rate, theirs["rate"].as_f64(), "{name}");
    assert_eq!(header.counter_rate, theirs["counter"].as_f64(), "{name}");
    assert_eq!(Some(record.frames), theirs["frames"].as_u64(), "{name}");
    let per_frame: Vec<u64> = record
        .signals
        .iter()
        .map(|signal| signal.samples_per_frame.into())
        .collect();
    assert_eq!(
        per_frame,
        list(&theirs["per_frame"], |count| count.as_u64().unwrap()),
        "{name}"
    );
    assert_eq!(
        header.comments,
        list(&theirs["comments"], |comment| comment.as_str().unwrap()),
        "{name}"
    );
    assert_eq!(
        header.time.map(|time| time.to_string()),
        start(&theirs["time"]),
        "{name}"
    );
    assert_eq!(
        header.date.map(|date| date.to_string()),
        start(&theirs["date"]),
        "{name}"
    );
    compare_signals(record, theirs);
}

fn compare_signals(record: &wfdb::WfdbRecord, theirs: &Value) {
    let (name, header) = (record.path.display(), &record.header);
    for (number, (stated, signal)) in header.signals.iter().zip(&record.signals).enumerate() {
        let unit = theirs["units"][number].as_str().unwrap();
        match &signal.unit {
            WfdbUnit::Millivolts => assert!(unit.eq_ignore_ascii_case("mV"), "{name}: {unit}"),
            WfdbUnit::Other(other) => assert_eq!(other, unit, "{name}"),
        }
        assert_eq!(
            Some(stated.effective_gain()),
            theirs["gains"][number].as_f64(),
            "{name}"
        );
        assert_eq!(
            Some(stated.effective_baseline()),
            theirs["baselines"][number].as_i64(),
            "{name}"
        );
    }
}

/// Time or date in the form in which ours is shown, without zeros at the end of a fraction.
fn start(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    Some(if text.contains('.') {
        text.trim_end_matches('0').to_owned()
    } else {
        text.to_owned()
    })
}
