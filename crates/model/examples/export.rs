//! Time and peak memory of one export: `cargo run -p ecgfm-model --example export -- CHECKPOINT OUT_DIR [CONFIG]`.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // A measurement stops where it cannot go on, and prints its figures.

use ecgfm_model::positions::PositionalForm;
use ecgfm_model::{Params, export};
use std::path::PathBuf;
use std::time::Instant;

/// Most memory that the process ever had, in bytes, as the kernel counts it.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn main() {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let params = Params {
        checkpoint: paths[0].clone(),
        config: paths.get(2).cloned(),
        head: None,
        sha256: None,
        labels: None,
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: None,
        notice: None,
    };
    // libtorch sets up its kernels at the first operation, whatever the model.
    let _ = ecgfm_model::init::normal_noise(&[8], 1).unwrap().sum(None);
    let before = peak_memory();
    let start = Instant::now();
    let card = export(&params, &paths[1]).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let (peak, size) = (peak_memory(), card.source.size);
    let ratio = |bytes: u64| bytes as f64 / size as f64;
    println!(
        "{}: {seconds:.1} s; peak {peak} bytes, {:.2} of the file's {size}; {before} before it began, {:.2} without these",
        card.architecture,
        ratio(peak),
        ratio(peak - before)
    );
}
