//! A safetensors file of random weights in the shapes of a real model: `cargo run -p ecgfm-model --example random_weights -- LIST OUT`.
//!
//! LIST has a line `NAME TAB TYPE TAB SHAPE` for each weight, its sizes joined by `x`; lines that begin with `#` are skipped. Every weight
//! is written as float32.

#![allow(clippy::unwrap_used, clippy::expect_used)] // A tool of those who measure, which stops where it cannot go on.

use ecgfm_model::init::normal_noise;
use serde_json::{Map, json};
use std::io::{BufWriter, Write};

/// Names and shapes of a list; `scalar` is the shape of no dimensions.
fn parse_list(text: &str) -> Vec<(String, Vec<i64>)> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let parse = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[name, _, shape] = fields.as_slice() else {
            panic!("not NAME TAB TYPE TAB SHAPE: {line}")
        };
        let sizes = shape.split('x').filter(|size| *size != "scalar");
        let sizes = sizes.map(|size| size.parse().expect("a size")).collect();
        (name.to_owned(), sizes)
    };
    lines.map(parse).collect()
}

/// Numbers of a weight: scales of norms and variances near 1, biases near 0, others so that a layer keeps its input's spread.
fn random_values(name: &str, shape: &[i64], seed: u64) -> Vec<f32> {
    let count = shape.iter().product::<i64>() as usize;
    let mut values = vec![0.0f32; count];
    let noise = normal_noise(&[count as i64], seed).unwrap();
    noise.copy_data(&mut values, count);
    let inputs: i64 = shape.iter().skip(1).product();
    let (middle, spread) = match (name.ends_with("bias"), shape.len()) {
        (true, _) => (0.0, 0.02),
        (false, 0 | 1) => (1.0, 0.02),
        (false, _) => (0.0, 1.0 / (inputs as f32).sqrt()),
    };
    values.iter().map(|value| middle + spread * value).collect()
}

fn main() {
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let listed = parse_list(&std::fs::read_to_string(&paths[0]).unwrap());
    let (mut table, mut end) = (Map::new(), 0);
    for (name, shape) in &listed {
        let start = end;
        end += 4 * shape.iter().product::<i64>();
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        table.insert(name.clone(), entry);
    }
    let mut header = serde_json::to_vec(&table).unwrap();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut out = BufWriter::new(std::fs::File::create(&paths[1]).unwrap());
    out.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    out.write_all(&header).unwrap();
    for (seed, (name, shape)) in listed.iter().enumerate() {
        for value in random_values(name, shape, seed as u64) {
            out.write_all(&value.to_le_bytes()).unwrap();
        }
    }
    out.flush().unwrap();
}
