//! What the tests of the stages share: small releases made on the spot, and the reference's where it is there.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::print_stderr,
    clippy::unwrap_used
)]

pub mod records;

use ecgfm_artifacts::formats::code15::{PartWriter, WriteLayout, WriteOptions};
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_artifacts::store::SegmentReader;
use ecgfm_signals::{self as signals, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Samples of one lead in the parts made here.
pub const SAMPLES: usize = 2400;

/// The columns of the release's table.
pub const HEADER: &str = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,\
                          normal_ecg,trace_file";

/// A row of the table.
pub fn row(exam_id: &str, trace_file: &str) -> String {
    format!("{exam_id},50,True,51.5,False,True,False,False,False,False,7,,,False,{trace_file}")
}

/// The reference data, unless they are not there; then the test says so and should return.
pub fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(beside, PathBuf::from);
    let reference = shared.join("reference");
    if reference.is_dir() {
        return Some(reference);
    }
    eprintln!(
        "SKIPPED: no reference data at {}; set ECGFM_SHARED to where they are",
        shared.display()
    );
    None
}

/// A recording of `samples` samples, padded with zeros on both sides to [`SAMPLES`].
pub fn tracing(samples: usize, seed: usize) -> Vec<f32> {
    let mut out = vec![0f32; SAMPLES * 12];
    let start = (SAMPLES - samples) / 2;
    for t in 0..samples {
        for lead in 0..12 {
            let phase = (t * (lead + 3) + seed * 31) as f32 * 0.07;
            out[(start + t) * 12 + lead] = phase.sin() + 0.5 * (phase * 3.1).cos() + 0.25 * lead as f32 + 0.1;
        }
    }
    out
}

/// Writes a part of these exams, in rows of their own.
pub fn part(raw: &Path, name: &str, rows: &[(i64, Vec<f32>)], layout: WriteLayout) {
    let options = WriteOptions {
        layout,
        rows: rows.len(),
        samples: SAMPLES,
        leads: 12,
    };
    let mut writer = PartWriter::create(&raw.join(name), options).unwrap();
    for (i, (exam_id, tracing)) in rows.iter().enumerate() {
        writer.write_row(i, *exam_id, tracing).unwrap();
    }
    writer.finish().unwrap();
}

/// Writes the table.
pub fn exams(raw: &Path, rows: &[String]) {
    std::fs::write(raw.join("exams.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
}

/// Runs the stage into `out`, which stands for `/runs/x/signals`.
pub fn run(params: &signals::Params, out: &Path) -> Result<Outcome> {
    std::fs::create_dir_all(out).unwrap();
    let cancel = Cancel::default();
    let home = Path::new("/runs/x/signals");
    signals::run(
        params,
        &Context {
            out,
            home,
            progress: &NoProgress,
            cancel: &cancel,
            chunks: None,
        },
    )
}

/// Every file below `dir` with its content.
pub fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(
                    path.strip_prefix(dir).unwrap().to_owned(),
                    std::fs::read(&path).unwrap(),
                );
            }
        }
    }
    files
}

/// Bits of every segment of the store in `folder`, of twelve leads and so many samples, in the order of `segmented.csv`.
pub fn segments_in(out: &Path, folder: &str, samples: usize) -> Vec<Vec<u32>> {
    let reader = SegmentReader::open(&out.join(folder)).unwrap();
    let table = lines(&out.join("segmented.csv"));
    let read = |line: &String| {
        let path = line.split(',').next().unwrap();
        let path = path.rsplit('/').next().unwrap();
        assert_eq!(reader.shape(path).unwrap(), (12, samples));
        let mut values = vec![0f32; 12 * samples];
        reader.read(path, &mut values).unwrap();
        values.iter().map(|v| v.to_bits()).collect()
    };
    table[1..].iter().map(read).collect()
}

/// The lines of a table, its header first.
pub fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Cells of a table by `save_file` and column.
pub fn cells(path: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let rows: Vec<Vec<String>> = lines(path).iter().map(|line| split(line)).collect();
    let key = rows[0].iter().position(|name| name == "save_file").unwrap();
    let row = |row: &Vec<String>| {
        let cells = rows[0].iter().cloned().zip(row.iter().cloned());
        (row[key].clone(), cells.collect())
    };
    rows[1..].iter().map(row).collect()
}

/// Cells of a line of CSV, of which some are quoted.
pub fn split(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}
