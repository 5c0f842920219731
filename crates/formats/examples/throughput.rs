//! How fast the formats are on this machine: `cargo run --release -p ecgfm-formats --example throughput [ROWS]`.
#![allow(clippy::print_stdout, reason = "figures are what this program is for")]

use ecgfm_formats::code15::{PartReader, PartWriter, WriteLayout, WriteOptions};
use ecgfm_formats::mat5::{MatData, MatFile, MatWriter};
use rayon::prelude::*;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

const SAMPLES: usize = 4096;
const LEADS: usize = 12;

/// Something like an ECG: smooth, a little noise, in steps of 5 µV.
fn tracing(row: usize) -> Vec<f32> {
    let value = |i: usize| {
        let (t, lead) = (i / LEADS, i % LEADS);
        let phase = ((t * 7 + row * 131 + lead * 17) % 400) as f32 / 400.0;
        let noise = (((t * 1_103_515_245 + row * 12_345 + lead * 7_919) >> 8) % 7) as f32 * 0.01;
        let beat = (-((phase - 0.3) * 40.0).powi(2)).exp() + 0.1 * (phase * std::f32::consts::TAU).sin();
        ((beat + noise) * 200.0).round() / 200.0
    };
    (0..SAMPLES * LEADS).map(value).collect()
}

fn report(what: &str, bytes: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what:<50} {seconds:7.3} s {:7.2} GB/s",
        bytes as f64 / seconds / 1e9
    );
}

fn read(part: &PartReader, threads: usize) -> Result<(), Box<dyn Error>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        (0..part.rows())
            .into_par_iter()
            .try_for_each_init(|| vec![0.0; part.row_len()], |out, row| part.read_row(row, out))
    })?;
    Ok(())
}

fn code15(dir: &Path, rows: usize) -> Result<(), Box<dyn Error>> {
    let tracings: Vec<_> = (0..rows).into_par_iter().map(tracing).collect();
    let bytes = rows * SAMPLES * LEADS * size_of::<f32>();
    let chunked = |rows, gzip_level, shuffle| WriteLayout::Chunked {
        rows,
        gzip_level,
        shuffle,
    };
    for (name, layout) in [
        ("contiguous", WriteLayout::Contiguous),
        ("chunks of 1, gzip 4", chunked(1, 4, false)),
        ("chunks of 1, shuffle + gzip 4", chunked(1, 4, true)),
        ("chunks of 16, shuffle + gzip 4", chunked(16, 4, true)),
    ] {
        let path = dir.join("part.hdf5");
        let start = Instant::now();
        let options = WriteOptions {
            layout,
            rows,
            samples: SAMPLES,
            leads: LEADS,
        };
        let mut writer = PartWriter::create(&path, options)?;
        for (row, tracing) in tracings.iter().enumerate() {
            writer.write_row(row, row as i64, tracing)?;
        }
        writer.finish()?;
        report(&format!("write {name}"), bytes, start);
        for threads in [1, 2] {
            // Opened anew, so that no decoded block is left from the last time.
            let start = Instant::now();
            read(&PartReader::open(&path)?, threads)?;
            report(&format!("read {name}, {threads} threads"), bytes, start);
        }
    }
    Ok(())
}

fn mat5(dir: &Path) -> Result<(), Box<dyn Error>> {
    const FILES: usize = 500;
    let feats: Vec<f64> = (0..LEADS * 2500).map(|i| i as f64 * 0.5).collect();
    let bytes = FILES * size_of_val(&feats[..]);
    let path = |i| dir.join(format!("segment_{i}.mat"));
    let start = Instant::now();
    for i in 0..FILES {
        let mut writer = MatWriter::new(File::create(path(i))?)?;
        writer.put("curr_sample_rate", [1, 1], MatData::I64(&[500]))?;
        writer.put("feats", [LEADS, 2500], MatData::F64(&feats))?;
        writer.put("idx", [1, 1], MatData::I64(&[i as i64]))?;
        writer.finish()?;
    }
    report(&format!("write {FILES} .mat segments"), bytes, start);
    let start = Instant::now();
    for i in 0..FILES {
        MatFile::read(&path(i))?.f64_matrix("feats")?;
    }
    report(&format!("read {FILES} .mat segments"), bytes, start);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(512), |n| n.parse())?;
    let dir = tempfile::tempdir()?;
    code15(dir.path(), rows)?;
    mat5(dir.path())
}
