//! Steps that work on each value, or on each lead by itself.

use super::cut::Rows;
use super::step::MissingValue;
use crate::error::{Error, Result};

/// Replaces NaN.
pub(super) fn replace_missing(rows: &mut Rows, to: MissingValue) -> Result<()> {
    for row in rows.iter_mut().filter(|row| row.iter().any(|v| v.is_nan())) {
        match to {
            MissingValue::Zero => fill(row, 0.0),
            MissingValue::Mean => {
                let present: Vec<f64> = row.iter().copied().filter(|v| !v.is_nan()).collect();
                fill(row, present.iter().sum::<f64>() / present.len().max(1) as f64);
            }
            MissingValue::Interpolate => interpolate(row),
            MissingValue::Reject => {
                let missing = row.iter().filter(|v| v.is_nan()).count();
                return Err(Error::StepValue {
                    step: "missing_values",
                    problem: format!("a lead has {missing} missing values"),
                });
            }
        }
    }
    Ok(())
}

fn fill(row: &mut [f64], value: f64) {
    row.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = value);
}

/// A lead of nothing but NaN becomes 0.
fn interpolate(row: &mut [f64]) {
    let known: Vec<(usize, f64)> = row
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, v)| !v.is_nan())
        .collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        return fill(row, 0.0);
    };
    row[..first.0].fill(first.1);
    row[last.0..].fill(last.1);
    for pair in known.windows(2) {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        let slope = (high - low) / (to - from) as f64;
        for (k, v) in row[from..to].iter_mut().enumerate().skip(1) {
            *v = slope * k as f64 + low;
        }
    }
}

/// Refuses rows that all begin with this many zeros.
pub(super) fn reject_zero_start(rows: &Rows, samples: usize) -> Result<()> {
    let starts_with_zeros = |row: &Vec<f64>| row.iter().take(samples).all(|v| *v == 0.0);
    if rows.iter().all(starts_with_zeros) {
        return Err(Error::StepValue {
            step: "reject_zero_start",
            problem: format!("the first {samples} samples of every lead are 0"),
        });
    }
    Ok(())
}

/// Multiplies, divides, and rounds halves to even numbers.
pub(super) fn scale(rows: &mut Rows, multiply: f64, divide: f64, round: bool) {
    for v in rows.iter_mut().flatten() {
        *v = *v * multiply / divide;
        if round {
            *v = v.round_ties_even();
        }
    }
}

/// Makes leads of one value throughout zero.
pub(super) fn flat_to_zero(rows: &mut Rows) {
    for row in rows {
        let first = row.first().copied().unwrap_or(0.0);
        if row.iter().all(|v| *v == first) {
            row.fill(0.0);
        }
    }
}

/// Limits values. NaN stays.
pub(super) fn clip(rows: &mut Rows, low: &[f64], high: &[f64]) {
    for (row, (low, high)) in rows.iter_mut().zip(low.iter().zip(high)) {
        row.iter_mut().for_each(|v| *v = v.clamp(*low, *high));
    }
}

/// Subtracts, then divides.
pub(super) fn affine(rows: &mut Rows, subtract: &[f64], divide: &[f64]) {
    for (row, (subtract, divide)) in rows.iter_mut().zip(subtract.iter().zip(divide)) {
        row.iter_mut().for_each(|v| *v = (*v - subtract) / divide);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn replaced(row: &[f64], to: MissingValue) -> Vec<f64> {
        let mut rows = vec![row.to_vec()];
        replace_missing(&mut rows, to).unwrap();
        rows.remove(0)
    }

    #[test]
    fn missing_values_become_what_is_asked_for() {
        let row = [NAN, 1.0, NAN, NAN, 4.0, NAN];
        assert_eq!(replaced(&row, MissingValue::Zero), [0.0, 1.0, 0.0, 0.0, 4.0, 0.0]);
        assert_eq!(replaced(&row, MissingValue::Mean), [2.5, 1.0, 2.5, 2.5, 4.0, 2.5]);
        assert_eq!(
            replaced(&row, MissingValue::Interpolate),
            [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]
        );
        assert_eq!(replaced(&[NAN, NAN], MissingValue::Interpolate), [0.0, 0.0]);
        assert_eq!(replaced(&[NAN, NAN], MissingValue::Mean), [0.0, 0.0]);
        let error = replace_missing(&mut vec![row.to_vec()], MissingValue::Reject).unwrap_err();
        assert_eq!(error.to_string(), "missing_values: a lead has 4 missing values");
    }

    #[test]
    fn a_recording_that_begins_with_zeros_is_refused() {
        let rows = vec![vec![0.0, 0.0, 1.0], vec![0.0, 0.0, 0.0]];
        assert!(reject_zero_start(&rows, 3).is_ok());
        let message = reject_zero_start(&rows, 2).unwrap_err().to_string();
        assert_eq!(
            message,
            "reject_zero_start: the first 2 samples of every lead are 0"
        );
    }

    #[test]
    fn values_are_scaled_clipped_and_shifted() {
        let mut rows = vec![vec![0.5, 1.5, -2.5], vec![3.0, 3.0, 3.0]];
        scale(&mut rows, 2.0, 2.0, true);
        assert_eq!(rows[0], [0.0, 2.0, -2.0]);
        flat_to_zero(&mut rows);
        assert_eq!(rows[1], [0.0; 3]);
        clip(&mut rows, &[-1.0, 1.0], &[1.0, 2.0]);
        assert_eq!(rows, [[0.0, 1.0, -1.0], [1.0; 3]]);
        affine(&mut rows, &[1.0, 0.0], &[2.0, 4.0]);
        assert_eq!(rows, [[-0.5, 0.0, -1.0], [0.25; 3]]);
    }
}
