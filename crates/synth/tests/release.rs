//! What a written release promises.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ecgfm_formats::code15::PartReader;
use ecgfm_synth::{
    Error, FaultCounts, Generator, Labels, Mix, ReleaseSummary, SynthOptions, generate_release,
};

const HEADER: &str = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,\
                      normal_ecg,trace_file";

fn written(options: &SynthOptions, out: &Path, threads: usize) -> ReleaseSummary {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| generate_release(options, out, &|_| {}, &|| false))
        .unwrap()
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// The rows of a table as maps of column to value. No value of ours holds a comma.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let values: Vec<&str> = line.split(',').collect();
            assert_eq!(values.len(), header.len(), "{line}");
            header
                .iter()
                .zip(values)
                .map(|(name, value)| (name.to_string(), value.to_owned()))
                .collect()
        })
        .collect()
}

/// Each stored id of a part with its tracing, in order.
fn tracings(path: &Path) -> Vec<(i64, Vec<f32>)> {
    let part = PartReader::open(path).unwrap();
    let mut row = vec![0.0; part.row_len()];
    part.exam_ids()
        .iter()
        .enumerate()
        .map(|(i, id)| {
            part.read_row(i, &mut row).unwrap();
            (*id, row.clone())
        })
        .collect()
}

#[test]
fn one_and_two_threads_write_the_same_bytes() {
    let faults = FaultCounts {
        flat_lead: 3,
        nan: 2,
        duplicate_tracing: 2,
        missing_exam: 1,
        ..FaultCounts::default()
    };
    let options = SynthOptions {
        exams: 300,
        exams_per_part: 170,
        faults,
        ..SynthOptions::default()
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = written(&options, one.path(), 1);
    // No file may know when it was written either.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = written(&options, two.path(), 2);
    assert_eq!(first, second);
    let (one, two) = (files(one.path()), files(two.path()));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(*bytes == two[name], "{name} differs");
    }
}

#[test]
fn a_release_has_as_many_parts_as_are_asked_for() {
    let options = SynthOptions {
        exams: 20,
        parts: Some(18),
        ..SynthOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    let summary = written(&options, out.path(), 1);
    assert_eq!((summary.parts, summary.tracings), (18, 38));
    let exams = (0..18).map(|part| {
        let path = out.path().join(format!("exams_part{part}.hdf5"));
        PartReader::open(&path).unwrap().rows() - 1
    });
    assert_eq!(exams.collect::<Vec<_>>(), [vec![2; 2], vec![1; 16]].concat());
}

#[test]
fn a_release_has_the_shape_of_code15() {
    let options = SynthOptions {
        exams: 250,
        exams_per_part: 100,
        ..SynthOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    let summary = written(&options, out.path(), 2);
    assert_eq!(
        (summary.exams, summary.parts, summary.tracings, summary.rows),
        (250, 3, 253, 250)
    );
    let text = fs::read_to_string(out.path().join("exams.csv")).unwrap();
    assert_eq!(text.lines().next(), Some(HEADER));

    let generator = Generator::new(&options).unwrap();
    let parts: Vec<_> = (0..3)
        .map(|p| tracings(&out.path().join(format!("exams_part{p}.hdf5"))))
        .collect();
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [101, 101, 51]);
    for part in &parts {
        let (id, row) = part.last().unwrap();
        assert!(*id == 0 && row.len() == 4096 * 12 && row.iter().all(|value| *value == 0.0));
    }
    for (index, row) in rows(&out.path().join("exams.csv")).iter().enumerate() {
        let part: usize = row["trace_file"].trim_matches(|c: char| !c.is_ascii_digit())[..1]
            .parse()
            .unwrap();
        let id: i64 = row["exam_id"].parse().unwrap();
        let (_, stored) = parts[part].iter().find(|(stored, _)| *stored == id).unwrap();
        let exam = generator.exam(index as u64).unwrap();
        assert_eq!(exam.exam_id, id);
        let before = (4096 - exam.samples.nrows()) / 2 * 12;
        let (padding, rest) = stored.split_at(before);
        let (samples, after) = rest.split_at(exam.samples.len());
        assert!(padding.iter().chain(after).all(|value| *value == 0.0));
        assert!(
            samples.iter().zip(&exam.samples).all(|(a, b)| a == b),
            "exam {index}"
        );
        for (name, holds) in Labels::NAMES.iter().zip(exam.truth.labels.values()) {
            assert_eq!(row[*name], if holds { "True" } else { "False" });
        }
        assert_eq!(row["death"].is_empty(), row["timey"].is_empty());
        assert!(row["nn_predicted_age"].parse::<f64>().unwrap() > 0.0);
    }
}

#[test]
fn a_release_says_where_classes_overlap_and_who_is_noisier() {
    let card = |overlap| {
        let options = SynthOptions {
            exams: 4,
            overlap,
            ..SynthOptions::default()
        };
        let out = tempfile::tempdir().unwrap();
        written(&options, out.path(), 1);
        let read = |name| fs::read_to_string(out.path().join(name)).unwrap();
        (read("SYNTHETIC.md"), read("synth.json"))
    };
    let (text, record) = card(1.0);
    assert!(text.contains("Classes overlap") && text.contains("From 75 years on, tremor makes it 4.0 times"));
    assert!(record.contains("\"overlap\": 1.0"), "{record}");
    let (text, record) = card(0.0);
    assert!(!text.contains("overlap") && !record.contains("overlap"));
}

#[test]
fn the_truth_stands_beside_the_tracings() {
    let options = SynthOptions {
        exams: 60,
        ..SynthOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    written(&options, out.path(), 2);
    let truth: HashMap<String, _> = rows(&out.path().join("synth_truth.csv"))
        .into_iter()
        .map(|row| (row["exam_id"].clone(), row))
        .collect();
    let generator = Generator::new(&options).unwrap();
    for index in 0..60 {
        let exam = generator.exam(index).unwrap();
        let row = &truth[&exam.exam_id.to_string()];
        assert_eq!(row["rhythm"], exam.truth.rhythm.name());
        assert_eq!(row["pr_ms"].is_empty(), exam.truth.labels.af);
        assert!((row["heart_rate_bpm"].parse::<f64>().unwrap() - exam.truth.heart_rate).abs() < 0.01);
        let peaks: Vec<f64> = row["r_peaks_s"]
            .split(' ')
            .map(|peak| peak.parse().unwrap())
            .collect();
        assert_eq!(peaks.len(), exam.truth.r_peaks.len());
    }
    let card = fs::read_to_string(out.path().join("SYNTHETIC.md")).unwrap();
    assert!(card.contains("SYNTHETIC DATA") && card.contains("No patient"));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("synth.json")).unwrap()).unwrap();
    assert_eq!(record["synthetic"], true);
    assert_eq!(
        serde_json::from_value::<SynthOptions>(record["options"].clone()).unwrap(),
        options
    );
    assert_eq!(record["counts"]["exams"], 60);
}

#[test]
fn every_fault_is_planted_as_often_as_asked_and_written_down() {
    let faults = FaultCounts {
        flat_lead: 3,
        nan: 4,
        swapped_leads: 5,
        short_recording: 3,
        missing_exam: 2,
        all_zero: 2,
        wrong_trace_file: 3,
        duplicate_id: 2,
        duplicate_tracing: 2,
    };
    let options = SynthOptions {
        exams: 120,
        exams_per_part: 60,
        faults,
        ..SynthOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    let summary = written(&options, out.path(), 2);
    assert_eq!(summary.faults.values().sum::<u64>(), 26);
    assert_eq!((summary.rows, summary.tracings), (122, 122));
    let listed = rows(&out.path().join("exams.csv"));
    let mut stored: HashMap<i64, Vec<(usize, Vec<f32>)>> = HashMap::new();
    for part in 0..2 {
        for (id, row) in tracings(&out.path().join(format!("exams_part{part}.hdf5"))) {
            stored.entry(id).or_default().push((part, row));
        }
    }
    let planted = rows(&out.path().join("faults.csv"));
    assert_eq!(planted.len(), 26);
    for fault in &planted {
        let id: i64 = fault["exam_id"].parse().unwrap();
        let of_exam: Vec<_> = listed
            .iter()
            .filter(|row| row["exam_id"] == fault["exam_id"])
            .collect();
        let found = stored.get(&id).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(
            of_exam.len(),
            if fault["fault"] == "duplicate_id" { 2 } else { 1 }
        );
        let lit = |row: &[f32]| row.chunks(12).filter(|row| row.iter().any(|v| *v != 0.0)).count();
        let seen = match fault["fault"].as_str() {
            "flat_lead" => (0..12).any(|lead| found[0].1.iter().skip(lead).step_by(12).all(|v| *v == 0.0)),
            "nan" => found[0].1.iter().any(|v| v.is_nan()),
            "short_recording" => lit(&found[0].1) < 2000,
            "missing_exam" => found.is_empty(),
            "all_zero" => lit(&found[0].1) == 0,
            "wrong_trace_file" => of_exam[0]["trace_file"] != format!("exams_part{}.hdf5", found[0].0),
            "duplicate_tracing" => found.len() == 2 && found[0].1[2048 * 12] == -found[1].1[2048 * 12],
            "swapped_leads" => fault["detail"].starts_with("electrodes="),
            _ => true,
        };
        assert!(seen, "{fault:?}");
    }
}

#[test]
fn a_directory_that_holds_something_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("mine.txt"), "precious").unwrap();
    let error = generate_release(&SynthOptions::default(), out.path(), &|_| {}, &|| false).unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
    assert_eq!(files(out.path()).len(), 1);
}

#[test]
fn cancelling_stops_and_leaves_no_finished_release() {
    let out = tempfile::tempdir().unwrap();
    let written = Cell::new(0);
    let options = SynthOptions {
        exams: 1000,
        ..SynthOptions::default()
    };
    let error = generate_release(&options, out.path(), &|n| written.set(written.get() + n), &|| {
        written.get() >= 256
    })
    .unwrap_err();
    assert!(matches!(error, Error::Cancelled { exams: 256, .. }), "{error}");
    assert!(!out.path().join("synth.json").exists());
}

/// Where the Python packages of the tests lie.
fn python_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools")
}

#[test]
fn an_independent_judge_measures_the_true_rates_and_intervals() {
    let options = SynthOptions {
        exams: 160,
        mix: Mix::Balanced,
        noise: 0.0,
        seed: 11,
        ..SynthOptions::default()
    };
    let out = tempfile::tempdir().unwrap();
    written(&options, out.path(), 2);
    let paths = ["judge", "pytest"].map(|folder| python_path().join(folder));
    let judged = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge.py"))
        .arg(out.path())
        .env("PYTHONPATH", std::env::join_paths(paths).unwrap())
        .output();
    let judged = match judged {
        Ok(judged) if judged.status.code() != Some(77) => judged,
        Ok(judged) => {
            eprintln!("SKIPPED: {}", String::from_utf8_lossy(&judged.stdout).trim());
            return;
        }
        Err(error) => {
            eprintln!("SKIPPED: no python3 to judge with: {error}");
            return;
        }
    };
    let said = String::from_utf8_lossy(&judged.stdout);
    eprintln!("{said}");
    assert!(
        judged.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&judged.stderr)
    );
}
