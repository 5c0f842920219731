//! Several single-threaded workers against one of several threads, on the CPU, beside the rate of the matrix products alone.
//!
//! `cargo run --release -p ecgfm-infer --example replicas -- MODEL.ts [THREADS [BATCH,BATCH,… [ROUNDS]]]`
//!
//! MODEL.ts is an export of a network of ECG-FM's size. The settings take turns, round by round, so that a busy machine is
//! busy for all of them. Prints a Markdown table of medians, and in which batches logits stay the same to the last bit.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A measurement for people; it stops where it cannot go on.

use ecgfm_infer::backend::Backend;
use ecgfm_infer::device::Placement;
use ecgfm_infer::shape::SegmentShape;
use ecgfm_infer::signal_buffer::SignalBuffer;
use ecgfm_infer::stage_params::OutputSelection;
use ecgfm_infer::torchscript::TorchScript;
use ecgfm_infer::{DeviceChoice, Precision};
use std::path::Path;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

const SHAPE: SegmentShape = SegmentShape {
    leads: 12,
    samples: 2500,
};
/// Segments that every worker computes in a turn, at least.
const TURN: usize = 16;
/// Arithmetic of a segment as the reference computes it, in 10⁹ operations, and the part of the layers' matrix products.
const SEGMENT: f64 = 29.2;
const PRODUCTS: f64 = 26.49;
/// Outputs and inputs of a layer's matrix products, and tokens of a segment.
const LAYER: [(i64, i64); 4] = [(2304, 768), (768, 768), (3072, 768), (768, 3072)];
const TOKENS: i64 = 156;

/// Runs `work` on `workers` threads with `threads` of libtorch's each and gives how often a second it was done in all.
fn together(workers: usize, threads: usize, times: usize, work: impl Fn() + Sync) -> f64 {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                tch::set_num_threads(threads as i32);
                (0..times).for_each(|_| work());
            });
        }
    });
    (workers * times) as f64 / started.elapsed().as_secs_f64()
}

/// `count` different made-up segments.
fn made_up(count: usize) -> SignalBuffer {
    let mut signals = SignalBuffer::new(count, SHAPE, Device::Cpu).unwrap();
    for (i, value) in signals.values_mut().iter_mut().enumerate() {
        *value = (i as f32 * 0.1).sin() + (i as f32 * 0.037).cos();
    }
    signals
}

/// Logits of sixteen segments in batches.
fn logits(model: &TorchScript, batch: usize) -> Vec<f32> {
    let all = made_up(TURN);
    let rows = all.values().chunks(batch * SHAPE.len());
    rows.flat_map(|values| {
        let rows = values.len() / SHAPE.len();
        let mut signals = SignalBuffer::new(rows, SHAPE, Device::Cpu).unwrap();
        signals.values_mut().copy_from_slice(values);
        model.run(&signals, rows).unwrap().logits
    })
    .collect()
}

/// Segments a second.
fn forward(model: &TorchScript, workers: usize, threads: usize, batch: usize) -> f64 {
    let work = || {
        model.run(&made_up(batch), batch).unwrap();
    };
    batch as f64 * together(workers, threads, TURN.div_ceil(batch), work)
}

/// 10⁹ operations a second of the layers' matrix products, twelve layers of different weights as in the network.
fn products(weights: &std::sync::Mutex<Vec<Tensor>>, workers: usize, threads: usize, batch: usize) -> f64 {
    let work = || {
        let weights: Vec<Tensor> = weights
            .lock()
            .unwrap()
            .iter()
            .map(Tensor::shallow_clone)
            .collect();
        let rows = batch as i64 * TOKENS;
        let x = [768, 3072].map(|width| Tensor::ones([rows, width], (Kind::Float, Device::Cpu)));
        for weight in &weights {
            let wide = weight.size().last() == Some(&3072);
            let _ = x[usize::from(wide)].linear(weight, None::<&Tensor>);
        }
    };
    PRODUCTS * batch as f64 * together(workers, threads, TURN.div_ceil(batch), work)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &str| arguments.get(at).cloned().unwrap_or(default.to_owned());
    let path = arguments
        .first()
        .expect("usage: replicas MODEL.ts [THREADS [BATCH,… [ROUNDS]]]");
    let cores = std::thread::available_parallelism().unwrap().to_string();
    let threads: usize = argument(1, &cores).parse().unwrap();
    let batches = argument(2, "1,2,4,8,16");
    let batches: Vec<usize> = batches.split(',').map(|n| n.parse().unwrap()).collect();
    let rounds: usize = argument(3, "3").parse().unwrap();
    let placement = Placement::resolve(DeviceChoice::Cpu, Precision::Float32)
        .unwrap()
        .placement;
    let mut model = TorchScript::load(Path::new(path), placement, OutputSelection::default()).unwrap();
    model.prepare(SHAPE, &[2]).unwrap();
    let layer = LAYER.map(|(out, inputs)| move || Tensor::randn([out, inputs], (Kind::Float, Device::Cpu)));
    let weights: Vec<Tensor> = (0..12).flat_map(|_| layer.map(|make| make())).collect();
    let weights = std::sync::Mutex::new(weights);
    println!(
        "| workers x threads | batch | segments/s | products alone, GFLOP/s | model, GFLOP/s | of the products' rate |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for &batch in &batches {
        let settings = [(threads, 1), (1, threads)];
        let mut measured = settings.map(|_| (Vec::new(), Vec::new()));
        for _ in 0..rounds {
            for (&(workers, each), measured) in settings.iter().zip(&mut measured) {
                measured.0.push(forward(&model, workers, each, batch));
                measured.1.push(products(&weights, workers, each, batch));
            }
        }
        for ((workers, each), (rates, products)) in settings.into_iter().zip(measured) {
            let (rate, products) = (median(rates), median(products));
            let model = rate * SEGMENT;
            println!(
                "| {workers} x {each} | {batch} | {rate:.2} | {products:.0} | {model:.0} | {:.2} |",
                model / products
            );
        }
    }
    tch::set_num_threads(1);
    let expected = logits(&model, TURN);
    let same = |&batch: &usize| logits(&model, batch) == expected;
    let (same, others): (Vec<usize>, Vec<usize>) = batches.iter().partition(|batch| same(batch));
    println!(
        "\nlogits are those of batches of {TURN} to the last bit in batches of {same:?}, and not of {others:?}"
    );
}
