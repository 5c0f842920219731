//! Tables of `ecgfm predict`, read and compared.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)] // A test that cannot go on should stop there.

use std::path::{Path, PathBuf};

/// The exam's number in `code_15_7.mat` or `code_15_7`.
pub fn exam(name: &str) -> String {
    name.trim_end_matches(".mat")
        .rsplit('_')
        .next()
        .unwrap()
        .to_owned()
}

/// Whether probabilities are those of the same logits, computed in batches of another shape: logits agree to 2e-6 of their
/// size then, and probabilities to a quarter of that.
pub fn agree(found: &[String], expected: &[String]) -> bool {
    let value = |cell: &String| cell.parse::<f64>().unwrap();
    let close = |(a, b): (&String, &String)| (value(a) - value(b)).abs() <= 1e-6;
    found.len() == expected.len() && found.iter().zip(expected).all(close)
}

/// File, ECG and probabilities of every line.
pub fn read(csv: &str, labels: usize) -> Vec<(PathBuf, String, Vec<String>)> {
    let lines = csv.lines().skip(1);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let probabilities = cells[3..3 + labels].iter().map(|&cell| cell.to_owned());
        (
            PathBuf::from(cells[0]),
            cells[1].to_owned(),
            probabilities.collect(),
        )
    };
    lines.map(row).collect()
}

pub fn sorted(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = entries
        .filter(|p| p.to_string_lossy().ends_with(ending))
        .collect();
    all.sort();
    all
}
