//! Mean 0 and deviation 1, lead by lead, over the whole recording.
//!
//! The arithmetic is that of the Python scripts, to the bit: sums run over the samples in order; the lead is centred;
//! the deviation is the population's (divided by the number of samples), taken of the centred lead, whose own mean, a
//! rounding error, is subtracted once more.

use crate::columns::{fold, update};
use multiversion::multiversion;
use serde::{Deserialize, Serialize};

/// What becomes of a lead whose deviation is exactly 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstantLeads {
    /// All 0, like a lead that is masked or missing.
    #[default]
    Zero,
    /// All NaN.
    Nan,
    /// Centred, and not divided: what is left of the constant once its mean is gone, which is 0 up to rounding.
    Constant,
}

/// Mean and population standard deviation of each lead, before standardising, in the unit of the recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    /// One mean a lead.
    pub mean: Vec<f64>,
    /// One deviation a lead.
    pub std: Vec<f64>,
}

/// Standardises `samples` (sample-major, `leads` values a sample) in place and returns what was taken out.
///
/// A lead that holds a NaN or an infinity becomes NaN throughout. Without samples the moments are NaN.
///
/// ```
/// use ecgfm_signal::standardize::{ConstantLeads, standardize};
/// let mut samples = [1.0, 5.0, 3.0, 5.0]; // leads 1 3 and 5 5
/// let moments = standardize(&mut samples, 2, ConstantLeads::Zero);
/// assert_eq!(samples, [-1.0, 0.0, 1.0, 0.0]);
/// assert_eq!((moments.mean, moments.std), (vec![2.0, 5.0], vec![1.0, 0.0]));
/// ```
pub fn standardize(samples: &mut [f64], leads: usize, constant: ConstantLeads) -> Moments {
    if leads == crate::leads::COUNT {
        standardize_twelve(samples, constant)
    } else {
        standardize_any(samples, leads.max(1), constant)
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn standardize_twelve(samples: &mut [f64], constant: ConstantLeads) -> Moments {
    standardize_any(samples, crate::leads::COUNT, constant)
}

#[inline(always)]
fn standardize_any(samples: &mut [f64], leads: usize, constant: ConstantLeads) -> Moments {
    let count = (samples.len() / leads) as f64;
    let none = vec![0.0; leads];

    let mut sum = none.clone();
    fold(samples, &none, &mut sum, |_: f64, s: &mut f64, v| *s += v);
    let mean: Vec<f64> = sum.iter().map(|s| s / count).collect();

    let mut rest = none.clone();
    update(samples, &mean, &mut rest, |m, s, v| {
        *v -= m;
        *s += *v;
    });
    let rest: Vec<f64> = rest.iter().map(|s| s / count).collect();

    let mut squares = none;
    fold(samples, &rest, &mut squares, |m, s, v| *s += (v - m) * (v - m));
    let std: Vec<f64> = squares.iter().map(|s| (s / count).sqrt()).collect();

    divide(samples, &std, constant);
    Moments { mean, std }
}

#[inline(always)]
fn divide(samples: &mut [f64], std: &[f64], constant: ConstantLeads) {
    let divisors: Vec<f64> = std.iter().map(|s| if *s == 0.0 { 1.0 } else { *s }).collect();
    update(samples, &divisors, &mut vec![(); std.len()], |d, (), v| *v /= d);
    let fill = match constant {
        ConstantLeads::Zero => 0.0,
        ConstantLeads::Nan => f64::NAN,
        ConstantLeads::Constant => return,
    };
    for (lead, _) in std.iter().enumerate().filter(|(_, s)| **s == 0.0) {
        samples
            .iter_mut()
            .skip(lead)
            .step_by(std.len())
            .for_each(|v| *v = fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lead(samples: &[f64], leads: usize, l: usize) -> Vec<f64> {
        samples.iter().skip(l).step_by(leads).copied().collect()
    }

    #[test]
    fn a_constant_lead_becomes_what_was_asked_for() {
        // 0.1f32 as float64 sums exactly, so that its deviation is 0 and not a rounding error.
        let flat = f64::from(0.1f32);
        let input: Vec<f64> = (0..3667).flat_map(|i| [flat, f64::from(i % 7)]).collect();
        for (strategy, wanted) in [
            (ConstantLeads::Zero, 0.0),
            (ConstantLeads::Nan, f64::NAN),
            (ConstantLeads::Constant, 0.0),
        ] {
            let mut samples = input.clone();
            let moments = standardize(&mut samples, 2, strategy);
            assert_eq!((moments.mean[0], moments.std[0]), (flat, 0.0));
            assert!(
                lead(&samples, 2, 0)
                    .iter()
                    .all(|v| v.to_bits() == wanted.to_bits()),
                "{strategy:?}"
            );
            assert!(lead(&samples, 2, 1).iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn a_value_that_is_no_number_takes_its_lead_and_no_other() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut samples: Vec<f64> = (0..24 * 50).map(|i| f64::from(i * i % 97)).collect();
            samples[12 * 7 + 3] = bad;
            standardize(&mut samples, 12, ConstantLeads::Zero);
            assert!(
                samples
                    .iter()
                    .enumerate()
                    .all(|(i, v)| v.is_nan() == (i % 12 == 3))
            );
        }
    }

    #[test]
    fn no_samples_have_no_moments() {
        let moments = standardize(&mut [], 2, ConstantLeads::Zero);
        assert!(moments.mean.iter().chain(&moments.std).all(|v| v.is_nan()));
    }

    proptest! {
        #[test]
        fn a_standardised_lead_has_mean_zero_and_deviation_one(
            samples in prop::collection::vec(-1e3f64..1e3, 36..600), leads in 1usize..14,
        ) {
            let mut out = samples[..samples.len() / leads * leads].to_vec();
            let moments = standardize(&mut out, leads, ConstantLeads::Zero);
            for l in 0..leads {
                let values = lead(&out, leads, l);
                let n = values.len() as f64;
                let mean = values.iter().sum::<f64>() / n;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                prop_assert!(mean.abs() < 1e-9);
                prop_assert!(moments.std[l] == 0.0 || (variance - 1.0).abs() < 1e-9, "{}", variance);
            }
        }

        #[test]
        fn the_moments_undo_it(samples in prop::collection::vec(-1e3f64..1e3, 24..240)) {
            let mut out = samples[..samples.len() / 12 * 12].to_vec();
            let moments = standardize(&mut out, 12, ConstantLeads::Zero);
            for (i, (v, was)) in out.iter().zip(&samples).enumerate() {
                let back = v * moments.std[i % 12] + moments.mean[i % 12];
                prop_assert!((back - was).abs() < 1e-9);
            }
        }
    }
}
