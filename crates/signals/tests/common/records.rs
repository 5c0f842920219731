//! WFDB records that tests make.

#![allow(clippy::unwrap_used)]

use ecgfm_recordings::wfdb::{LeadToWrite, RecordToWrite};
use std::path::Path;

/// Names of the leads as files have them.
pub const NAMES: [&str; 12] = [
    "I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// Samples of a lead, in millivolts.
pub fn lead(number: usize, samples: usize, seed: usize) -> Vec<f64> {
    let value = |t: usize| {
        let phase = (t * (number + 3) + seed * 31) as f64 * 0.07;
        ((phase.sin() + 0.25 * number as f64) * 1000.0).round() / 1000.0
    };
    (0..samples).map(value).collect()
}

/// Writes a record of the leads of these numbers, in this order.
pub fn write_wfdb(raw: &Path, name: &str, (rate, samples): (f64, usize), order: &[usize]) {
    let leads: Vec<Vec<f64>> = order
        .iter()
        .map(|number| lead(*number, samples, name.len()))
        .collect();
    let named = order.iter().zip(&leads).map(|(number, samples)| LeadToWrite {
        name: NAMES[*number],
        samples,
    });
    let record = RecordToWrite {
        name,
        sample_rate: rate,
        leads: named.collect(),
        ..RecordToWrite::default()
    };
    record.encode().unwrap().write_to(raw).unwrap();
}
