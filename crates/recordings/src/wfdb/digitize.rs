//! Millivolts as ADC units of 16 bits.

/// Gains that are tried first, in ADC units per millivolt: those of common archives.
pub(super) const COMMON_GAINS: [f64; 7] = [1000.0, 200.0, 500.0, 2000.0, 5000.0, 10_000.0, 100.0];

/// Largest sample; the one below its negative means "no value".
const LARGEST: f64 = 32_767.0;

/// Largest gain that is chosen, for signals that are hardly different from 0.
const LARGEST_GAIN: f64 = 1e12;

/// Lead in ADC units.
pub(super) struct DigitalLead {
    /// ADC units per millivolt.
    pub(super) gain: f64,
    /// Samples; the lowest value where there is none.
    pub(super) samples: Vec<i16>,
    /// Largest difference that the rounding made, in millivolts.
    pub(super) largest_error: f64,
}

/// Samples in ADC units, at the first common gain that gives them exactly, else at the largest of four digits that fits.
pub(super) fn digitize(samples: &[f64]) -> DigitalLead {
    let highest = samples
        .iter()
        .filter(|sample| !sample.is_nan())
        .fold(0.0f64, |most, sample| most.max(sample.abs()));
    let fits = |gain: &f64| highest * gain <= LARGEST;
    let common = COMMON_GAINS
        .into_iter()
        .filter(fits)
        .map(|gain| digitize_at(samples, gain));
    let mut exact = common.filter(|lead| lead.largest_error == 0.0);
    exact
        .next()
        .unwrap_or_else(|| digitize_at(samples, four_digits_down(LARGEST / highest).min(LARGEST_GAIN)))
}

fn digitize_at(samples: &[f64], gain: f64) -> DigitalLead {
    let mut largest_error = 0.0f64;
    let digital = samples.iter().map(|sample| {
        if sample.is_nan() {
            return i16::MIN;
        }
        let value = (sample * gain).round().clamp(-LARGEST, LARGEST);
        largest_error = largest_error.max((value / gain - sample).abs());
        value as i16
    });
    let samples = digital.collect();
    DigitalLead {
        gain,
        samples,
        largest_error,
    }
}

/// Largest number of four decimal digits that is not above `value`, a positive number.
fn four_digits_down(value: f64) -> f64 {
    let shown = format!("{value:.3e}");
    let near: f64 = shown.parse().unwrap_or(value);
    if near <= value {
        return near;
    }
    let exponent = shown
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok());
    let step = 10f64.powi(exponent.unwrap_or(0i32) - 3);
    let below = format!("{:.3e}", near - step);
    below.parse().unwrap_or(value)
}
