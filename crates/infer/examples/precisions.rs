//! What every precision and batch size of a device gives: rate, and change against float32 on the CPU.
//!
//! `cargo run --release -p ecgfm-infer --example precisions -- MODEL.ts[,MODEL.ts…] SEGMENTS.npy [DEVICE [BATCH,BATCH,…]]`
//!
//! Several models are several exports of one checkpoint, as with another `positions_on_cuda` each; all are held against the
//! first on the CPU.
//!
//! SEGMENTS.npy is float32 (segments, leads, samples), such as a part of a packed store. Prints a Markdown table.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A measurement for people; it stops where it cannot go on.

use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_infer::backend::Backend;
use ecgfm_infer::device::Placement;
use ecgfm_infer::shape::SegmentShape;
use ecgfm_infer::signal_buffer::SignalBuffer;
use ecgfm_infer::stage_params::OutputSelection;
use ecgfm_infer::torchscript::TorchScript;
use ecgfm_infer::{DeviceChoice, Precision};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    shape: SegmentShape,
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
            shape: SegmentShape { leads, samples },
        }
    }

    /// `n` segments, the file's over and over, where the device fetches them from.
    fn batch(&self, model: &TorchScript, n: usize) -> Result<SignalBuffer, ecgfm_infer::Error> {
        let size = self.shape.len();
        let mut signals = model.allocate(n, self.shape)?;
        for (i, row) in signals.values_mut().chunks_exact_mut(size).enumerate() {
            row.copy_from_slice(&self.values[i % self.count * size..][..size]);
        }
        Ok(signals)
    }
}

fn load(model: &Path, device: DeviceChoice, precision: Precision) -> Result<TorchScript, ecgfm_infer::Error> {
    TorchScript::load(
        model,
        Placement::resolve(device, precision)?.placement,
        OutputSelection::default(),
    )
}

fn logits(model: &mut TorchScript, segments: &Segments, n: usize) -> Vec<f32> {
    model.prepare(segments.shape, &[n]).unwrap();
    let signals = segments.batch(model, n).unwrap();
    model.run(&signals, n).unwrap().logits
}

/// Segments a second, from memory to memory, by two threads that take turns as in a run.
fn rate(model: &mut TorchScript, segments: &Segments, batch: usize) -> Result<f64, ecgfm_infer::Error> {
    model.prepare(segments.shape, &[batch])?;
    let workers = if model.describe().device == "cpu" { 1 } else { 2 };
    let signals = (0..workers).map(|_| segments.batch(model, batch));
    let signals = signals.collect::<Result<Vec<_>, _>>()?;
    let (started, done) = (Instant::now(), AtomicUsize::new(0));
    let model = &*model;
    std::thread::scope(|scope| {
        for signals in signals {
            let (done, threads) = (&done, tch::get_num_threads());
            scope.spawn(move || {
                tch::set_num_threads(threads);
                while started.elapsed().as_secs_f64() < SECONDS {
                    model.run(&signals, batch).unwrap();
                    done.fetch_add(batch, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(done.into_inner() as f64 / started.elapsed().as_secs_f64())
}

fn largest(a: &[f32], b: &[f32], of: impl Fn(f32) -> f64) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| (of(*a) - of(*b)).abs());
    differences.fold(0.0, f64::max)
}

/// A model's rows of the table.
fn measure(model: &Path, segments: &Segments, device: DeviceChoice, batches: &[usize], expected: &[f32]) {
    let name = model.display();
    for precision in PRECISIONS {
        let shown = precision.name();
        let mut loaded = match load(model, device, precision) {
            Ok(loaded) => loaded,
            Err(reason) => {
                println!("| {name} | {device} | {shown} | | | {reason} | |");
                continue;
            }
        };
        let actual = logits(&mut loaded, segments, segments.count.min(COMPARED));
        let changes = (
            largest(expected, &actual, f64::from),
            largest(expected, &actual, |v| 1.0 / (1.0 + (-f64::from(v)).exp())),
        );
        let place = loaded.describe().device;
        for &batch in batches {
            let rate = rate(&mut loaded, segments, batch);
            let rate = rate.map_or_else(|reason| reason.to_string(), |rate| format!("{rate:.1}"));
            println!(
                "| {name} | {place} | {shown} | {batch} | {rate} | {:.1e} | {:.1e} |",
                changes.0, changes.1
            );
        }
    }
}

fn main() {
    // Before anything is computed, on the CPU too.
    ecgfm_infer::cuda::load_cuda();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, segments, rest @ ..] = arguments.as_slice() else {
        panic!("usage: precisions MODEL.ts[,MODEL.ts…] SEGMENTS.npy [DEVICE [BATCH,BATCH,…]]");
    };
    let models: Vec<&Path> = models.split(',').map(Path::new).collect();
    let segments = Segments::read(Path::new(segments));
    let device: DeviceChoice = rest.first().map_or("auto", String::as_str).parse().unwrap();
    let batches = rest.get(1).map_or("1,8,32,128", String::as_str);
    let batches: Vec<usize> = batches.split(',').map(|n| n.parse().unwrap()).collect();
    let mut exact = load(models[0], DeviceChoice::Cpu, Precision::Float32).unwrap();
    let expected = logits(&mut exact, &segments, segments.count.min(COMPARED));
    drop(exact);
    println!(
        "| model | device | precision | batch | segments/s | largest change of a logit | of a probability |"
    );
    println!("|---|---|---|---:|---:|---:|---:|");
    for model in models {
        measure(model, &segments, device, &batches, &expected);
    }
}
