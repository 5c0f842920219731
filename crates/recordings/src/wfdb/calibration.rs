//! Amplitudes of samples.

use super::specification::SignalSpecification;
use super::unit::{MillivoltConversion, WfdbUnit, scale_to_millivolts};

/// How a sample of a signal becomes an amplitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calibration {
    gain: f64,
    baseline: f64,
    invalid: Option<i32>,
    scale: MillivoltConversion,
}

impl Calibration {
    /// Calibration of a signal, and the unit of its amplitudes. Without a unit they are millivolts, as header(5) has it.
    pub(super) fn of(signal: &SignalSpecification) -> (Self, WfdbUnit) {
        let (unit, scale) = match signal
            .unit
            .as_deref()
            .map(|unit| (unit, scale_to_millivolts(unit)))
        {
            None => (WfdbUnit::Millivolts, MillivoltConversion::Times(1.0)),
            Some((_, Some(scale))) => (WfdbUnit::Millivolts, scale),
            Some((unit, None)) => (WfdbUnit::Other(unit.to_owned()), MillivoltConversion::Times(1.0)),
        };
        let calibration = Self {
            gain: signal.effective_gain(),
            baseline: signal.effective_baseline() as f64,
            invalid: signal.format.invalid_sample(),
            scale,
        };
        (calibration, unit)
    }

    /// Baseline and gain, where amplitudes are converted by nothing else.
    pub(super) fn baseline_and_gain(&self) -> Option<(f64, f64)> {
        let is_all = self.scale == MillivoltConversion::Times(1.0);
        is_all.then_some((self.baseline, self.gain))
    }

    /// Amplitude `(sample - baseline) / gain`, scaled; NaN for the sample that means "no value".
    pub(super) fn amplitude(&self, sample: i32) -> f64 {
        if Some(sample) == self.invalid {
            return f64::NAN;
        }
        self.scale.apply((f64::from(sample) - self.baseline) / self.gain)
    }
}
