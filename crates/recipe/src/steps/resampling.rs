//! Resampling of rows.

use super::cut::{MOST_VALUES, Rows};
use super::step::ResampleMethod;
use super::workspace::Workspace;
use crate::error::{Error, Result};
use crate::filter::{Sections, ZeroPhase};
use crate::polyphase::Polyphase;
use crate::resample::Plan;

impl ResampleMethod {
    /// Samples that `n` samples at `rate` Hz become at `hz`.
    pub(super) fn resampled_len(self, n: usize, rate: f64, hz: f64) -> usize {
        let exact = n as f64 * hz / rate;
        match self {
            Self::Linear | Self::Fft => exact as usize,
            Self::Polyphase | Self::IirDecimate | Self::Stride => exact.ceil() as usize,
        }
    }
}

/// Resamples rows at `rate` Hz to `hz`.
pub(super) fn to_rate(
    method: ResampleMethod,
    rows: &mut Rows,
    (rate, hz): (f64, f64),
    work: &mut Workspace,
) -> Result<()> {
    if rate == hz {
        return Ok(());
    }
    let n = rows.first().map_or(0, Vec::len);
    let made = method.resampled_len(n, rate, hz);
    if made.saturating_mul(rows.len()) > MOST_VALUES.max(n * rows.len()) {
        return Err(Error::StepValue {
            step: "resample",
            problem: format!(
                "{rate} Hz to {hz} Hz makes {made} samples of {n}, more than are made of one recording"
            ),
        });
    }
    match method {
        ResampleMethod::Linear | ResampleMethod::Fft => {
            to_samples(method, rows, method.resampled_len(n, rate, hz), work);
        }
        ResampleMethod::Polyphase => {
            let (from, to) = (whole(rate, rate, hz)?, whole(hz, rate, hz)?);
            apply_polyphase(&Polyphase::new(from, to), rows);
        }
        ResampleMethod::IirDecimate => {
            let factor = whole(rate / hz, rate, hz)?;
            ZeroPhase::sections(Sections::before_decimation(factor)?).apply(
                "resample",
                rows,
                &mut work.lanes,
            )?;
            keep_every(factor, rows);
        }
        ResampleMethod::Stride => keep_every(whole(rate / hz, rate, hz)?, rows),
    }
    Ok(())
}

/// Resamples rows to a number of samples.
pub(super) fn to_samples(method: ResampleMethod, rows: &mut Rows, samples: usize, work: &mut Workspace) {
    let n = rows.first().map_or(0, Vec::len);
    if n == samples {
        return;
    }
    if method == ResampleMethod::Polyphase {
        return apply_polyphase(&Polyphase::new(n, samples), rows);
    }
    match u32::try_from(samples) {
        Ok(to) if method == ResampleMethod::Linear => {
            let plan = Plan::new(n, n as f64, to);
            for row in rows {
                plan.apply(row, 1, &mut work.row);
                std::mem::swap(row, &mut work.row);
            }
        }
        _ => work.fourier.resample(rows, samples),
    }
}

fn apply_polyphase(filter: &Polyphase, rows: &mut Rows) {
    for row in rows {
        let mut out = Vec::new();
        filter.resample(row, &mut out);
        *row = out;
    }
}

fn keep_every(factor: usize, rows: &mut Rows) {
    for row in rows {
        *row = row.iter().copied().step_by(factor).collect();
    }
}

/// The whole number that a rate or a factor is.
fn whole(value: f64, rate: f64, hz: f64) -> Result<usize> {
    if value.round() >= 1.0 && (value - value.round()).abs() < 1e-9 {
        return Ok(value.round() as usize);
    }
    Err(Error::StepValue {
        step: "resample",
        problem: format!("{rate} Hz to {hz} Hz is no ratio that this method takes; use `fft` or `linear`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(method: ResampleMethod, rates: (f64, f64), n: usize) -> Result<usize> {
        let mut rows = vec![(0..n).map(|i| (i as f64 * 0.1).sin()).collect::<Vec<_>>()];
        to_rate(method, &mut rows, rates, &mut Workspace::default())?;
        Ok(rows[0].len())
    }

    #[test]
    fn every_method_makes_the_length_that_is_promised() {
        for (method, rates) in [
            (ResampleMethod::Linear, (400.0, 500.0)),
            (ResampleMethod::Fft, (360.0, 250.0)),
            (ResampleMethod::Polyphase, (400.0, 500.0)),
            (ResampleMethod::IirDecimate, (500.0, 100.0)),
            (ResampleMethod::Stride, (500.0, 250.0)),
            (ResampleMethod::Stride, (250.0, 250.0)),
        ] {
            for n in [333, 1001] {
                let made = resampled(method, rates, n).unwrap();
                assert_eq!(made, method.resampled_len(n, rates.0, rates.1), "{method:?} {n}");
            }
        }
    }

    #[test]
    fn a_recording_that_would_not_fit_into_memory_is_refused() {
        let message = resampled(ResampleMethod::Linear, (1.0, 100_000.0), 2000)
            .unwrap_err()
            .to_string();
        assert!(message.contains("makes 200000000 samples of 2000"), "{message}");
    }

    #[test]
    fn rates_without_a_whole_ratio_are_refused_where_one_is_needed() {
        for method in [ResampleMethod::Stride, ResampleMethod::IirDecimate] {
            let message = resampled(method, (400.0, 250.0), 900).unwrap_err().to_string();
            assert!(message.contains("400 Hz to 250 Hz"), "{message}");
        }
        assert!(resampled(ResampleMethod::Polyphase, (499.5, 250.0), 900).is_err());
    }
}
