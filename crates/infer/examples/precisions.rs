//! What every precision and batch size of a device gives: rate, and change against float32 on the CPU.
//!
//! `cargo run --release -p ecgfm-infer --example precisions -- MODEL.ts SEGMENTS.npy [DEVICE [BATCH,BATCH,…]]`
//!
//! SEGMENTS.npy is float32 (segments, leads, samples), such as a part of a packed store. Prints a Markdown table.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A measurement for people; it stops where it cannot go on.

use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_infer::backend::{Backend, Shape};
use ecgfm_infer::choice::Wanted;
use ecgfm_infer::device::Placement;
use ecgfm_infer::torchscript::TorchScript;
use ecgfm_infer::{DeviceChoice, Precision};
use std::path::Path;
use std::time::Instant;

/// Segments that are compared with the CPU.
const COMPARED: usize = 16;
/// Seconds that every rate is measured for, at least.
const SECONDS: f64 = 2.0;

const PRECISIONS: [Precision; 4] = [
    Precision::Float32,
    Precision::Tf32,
    Precision::Bfloat16,
    Precision::Float16,
];

struct Segments {
    values: Vec<f32>,
    count: usize,
    shape: Shape,
}

impl Segments {
    fn read(path: &Path) -> Self {
        let reader = NpyReader::open(path).unwrap();
        let &[count, leads, samples] = reader.header().shape.as_slice() else {
            panic!("{}: not (segments, leads, samples)", path.display());
        };
        Self {
            values: reader.read_all().unwrap(),
            count,
            shape: Shape { leads, samples },
        }
    }

    /// `n` segments, the file's over and over.
    fn batch(&self, n: usize) -> Vec<f32> {
        let size = self.shape.len();
        let one = |i: usize| &self.values[i % self.count * size..][..size];
        (0..n).flat_map(one).copied().collect()
    }
}

fn load(model: &Path, device: DeviceChoice, precision: Precision) -> Result<TorchScript, ecgfm_infer::Error> {
    TorchScript::load(model, Placement::find(device, precision)?, Wanted::default())
}

fn logits(model: &mut TorchScript, segments: &Segments, n: usize) -> Vec<f32> {
    model.prepare(segments.shape, &[n]).unwrap();
    model.run(&segments.batch(n), n, segments.shape).unwrap().logits
}

/// Segments a second, from memory to memory.
fn rate(model: &mut TorchScript, segments: &Segments, batch: usize) -> Result<f64, ecgfm_infer::Error> {
    model.prepare(segments.shape, &[batch])?;
    let values = segments.batch(batch);
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed().as_secs_f64() < SECONDS {
        model.run(&values, batch, segments.shape).unwrap();
        done += batch;
    }
    Ok(done as f64 / started.elapsed().as_secs_f64())
}

fn largest(a: &[f32], b: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| (of(*a) - of(*b)).abs());
    differences.fold(0.0, f64::max)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, segments, rest @ ..] = arguments.as_slice() else {
        panic!("usage: precisions MODEL.ts SEGMENTS.npy [DEVICE [BATCH,BATCH,…]]");
    };
    let (model, segments) = (Path::new(model), Segments::read(Path::new(segments)));
    let device: DeviceChoice = rest.first().map_or("auto", String::as_str).parse().unwrap();
    let batches = rest.get(1).map_or("1,8,32,128", String::as_str);
    let batches: Vec<usize> = batches.split(',').map(|n| n.parse().unwrap()).collect();
    let compared = segments.count.min(COMPARED);
    let mut exact = load(model, DeviceChoice::Cpu, Precision::Float32).unwrap();
    let expected = logits(&mut exact, &segments, compared);
    drop(exact);
    println!("| device | precision | batch | segments/s | largest change of a logit | of a probability |");
    println!("|---|---|---:|---:|---:|---:|");
    for precision in PRECISIONS {
        let mut loaded = match load(model, device, precision) {
            Ok(loaded) => loaded,
            Err(reason) => {
                println!("| {device} | {} | | | {reason} | |", precision.name());
                continue;
            }
        };
        let actual = logits(&mut loaded, &segments, compared);
        let changes = (
            largest(&expected, &actual, f64::from),
            largest(&expected, &actual, |v| 1.0 / (1.0 + (-f64::from(v)).exp())),
        );
        let place = loaded.describe().device;
        for &batch in &batches {
            let (name, shown) = (precision.name(), rate(&mut loaded, &segments, batch));
            let shown = shown.map_or_else(|reason| reason.to_string(), |rate| format!("{rate:.1}"));
            println!(
                "| {place} | {name} | {batch} | {shown} | {:.1e} | {:.1e} |",
                changes.0, changes.1
            );
        }
    }
}
