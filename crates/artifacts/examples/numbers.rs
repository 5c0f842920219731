//! Cost of a number: float32 probabilities as text, by one thread, beside Rust's own formatting of the same numbers.
//!
//! `cargo run --release --package ecgfm-artifacts --example numbers -- [COUNT]`

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A measurement for people; it stops where it cannot go on.

use ecgfm_artifacts::pandas::{Cell, RowWriter};
use std::io::Write;
use std::time::Instant;

fn main() {
    let count: u32 = std::env::args().nth(1).map_or(5_000_000, |a| a.parse().unwrap());
    // Logits from −10 to 4, spread evenly over their bit patterns' neighbours.
    let logit = |i: u32| -10.0 + 14.0 * (i.wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32);
    let numbers: Vec<f32> = (0..count).map(|i| 1.0 / (1.0 + (-logit(i)).exp())).collect();
    let timed = |what: &str, write: &dyn Fn(&mut Vec<u8>)| {
        let mut text = Vec::with_capacity(numbers.len() * 16);
        let started = Instant::now();
        write(&mut text);
        let each = started.elapsed().as_secs_f64() * 1e9 / numbers.len() as f64;
        println!("{what}: {each:.1} ns a number, {} bytes", text.len());
    };
    timed("tables", &|text| {
        let mut rows = RowWriter::without_header(text);
        for row in numbers.chunks(26) {
            rows.row(row.iter().map(|v| Cell::Float32(*v))).unwrap();
        }
    });
    timed("core::fmt", &|text| {
        for v in &numbers {
            write!(text, "{v},").unwrap();
        }
    });
}
