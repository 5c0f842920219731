//! Mean 0 and deviation 1, lead by lead, over the whole recording.
//!
//! The arithmetic is that of the Python scripts, to the bit: sums run over the samples in order; the lead is centred;
//! the deviation is the population's (divided by the number of samples), taken of the centred lead, whose own mean, a
//! rounding error, is subtracted once more.

use crate::columns::{fold, sum, update};
use crate::divide::Divisors;
use crate::lead_major::lead_major_twelve;
use crate::leads::COUNT;
use crate::sample::Sample;
use multiversion::{multiversion, target::target_cfg_f};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of a lead whose deviation is exactly 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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
/// use ecgfm_recipe::standardize::{ConstantLeads, standardize};
/// let mut samples = [1.0, 5.0, 3.0, 5.0]; // leads 1 3 and 5 5
/// let moments = standardize(&mut samples, 2, ConstantLeads::Zero);
/// assert_eq!(samples, [-1.0, 0.0, 1.0, 0.0]);
/// assert_eq!((moments.mean, moments.std), (vec![2.0, 5.0], vec![1.0, 0.0]));
/// ```
pub fn standardize(samples: &mut [f64], leads: usize, constant: ConstantLeads) -> Moments {
    let leads = leads.max(1);
    let sum = sum(samples, leads);
    let moments = centre(samples, leads, &sum);
    Scale::new(&moments.std, constant).in_place(samples);
    moments
}

/// Takes the mean out of every lead and returns the moments. `sum` is the sum of every lead, sample by sample.
pub(crate) fn centre(samples: &mut [f64], leads: usize, sum: &[f64]) -> Moments {
    let count = (samples.len() / leads.max(1)) as f64;
    let mean: Vec<f64> = sum.iter().map(|s| s / count).collect();
    let std = match <[f64; COUNT]>::try_from(&mean[..]) {
        Ok(mean) => centre_twelve(samples, &mean, count).to_vec(),
        Err(_) => centre_any(samples, &mean, count),
    };
    Moments { mean, std }
}

/// Fills `out` with `input` (sample-major, `leads` values a sample) without the mean of every lead, and returns the moments.
pub(crate) fn centre_from<S: Sample>(input: &[S], leads: usize, out: &mut Vec<f64>) -> Moments {
    let leads = leads.max(1);
    let count = (input.len() / leads) as f64;
    let mean: Vec<f64> = sum(input, leads).iter().map(|s| s / count).collect();
    let std = match <[f64; COUNT]>::try_from(&mean[..]) {
        Ok(mean) => {
            out.resize(input.len(), 0.0);
            centre_twelve_from(input, &mean, count, out)
        }
        Err(_) => {
            out.clear();
            out.extend(input.iter().map(|v| v.to_f64()));
            centre_any(out, &mean, count)
        }
    };
    Moments { mean, std }
}

/// Moments of `input` (sample-major, `leads` values a sample), which [`centre_from`] takes out.
pub(crate) fn moments<S: Sample>(input: &[S], leads: usize) -> Moments {
    match leads {
        COUNT => moments_of_twelve(input),
        _ => moments_of_any(input, leads.max(1)),
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn moments_of_twelve<S: Sample>(input: &[S]) -> Moments {
    moments_of_any(input, COUNT)
}

/// A value is centred anew where it is looked at, which costs less than keeping it.
#[inline(always)]
fn moments_of_any<S: Sample>(input: &[S], leads: usize) -> Moments {
    let count = (input.len() / leads) as f64;
    let none = vec![0.0; leads];
    let (mut sums, mut rest) = (none.clone(), none.clone());
    fold(input, &none, &mut sums, |_: f64, s, v: S| *s += v.to_f64());
    let mean: Vec<f64> = sums.iter().map(|s| s / count).collect();
    fold(input, &mean, &mut rest, |m, s, v: S| *s += v.to_f64() - m);
    moments_around(input, mean, &rest)
}

/// As [`moments`], where the means are known, and the sum of what every lead is without its mean.
pub(crate) fn moments_of_known_means<S: Sample>(input: &[S], mean: Vec<f64>, rest: &[f64]) -> Moments {
    match mean.len() {
        COUNT => moments_of_twelve_known_means(input, mean, rest),
        _ => moments_around(input, mean, rest),
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn moments_of_twelve_known_means<S: Sample>(input: &[S], mean: Vec<f64>, rest: &[f64]) -> Moments {
    moments_around(input, mean, rest)
}

#[inline(always)]
fn moments_around<S: Sample>(input: &[S], mean: Vec<f64>, rest: &[f64]) -> Moments {
    let count = (input.len() / mean.len().max(1)) as f64;
    let mut squares = vec![0.0; mean.len()];
    let both: Vec<[f64; 2]> = mean.iter().zip(rest).map(|(m, s)| [*m, s / count]).collect();
    fold(input, &both, &mut squares, |[m, rest], s, v: S| {
        let centred = v.to_f64() - m;
        *s += (centred - rest) * (centred - rest);
    });
    let std = squares.iter().map(|s| (s / count).sqrt()).collect();
    Moments { mean, std }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn centre_twelve_from<S: Sample>(input: &[S], mean: &[f64; COUNT], count: f64, out: &mut [f64]) -> Vec<f64> {
    let (mean, mut rest) = (*mean, [0.0; COUNT]);
    for (row, out) in input
        .as_chunks::<COUNT>()
        .0
        .iter()
        .zip(out.as_chunks_mut::<COUNT>().0)
    {
        for l in 0..COUNT {
            let value = row[l].to_f64() - mean[l];
            out[l] = value;
            rest[l] += value;
        }
    }
    deviations(out, &rest, count)
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn centre_twelve(samples: &mut [f64], mean: &[f64; COUNT], count: f64) -> [f64; COUNT] {
    let deviations = centre_any(samples, mean, count);
    std::array::from_fn(|l| deviations[l])
}

/// Returns the deviations.
#[inline(always)]
fn centre_any(samples: &mut [f64], mean: &[f64], count: f64) -> Vec<f64> {
    let mut rest = vec![0.0; mean.len()];
    update(samples, mean, &mut rest, |m, s, v| {
        *v -= m;
        *s += *v;
    });
    deviations(samples, &rest, count)
}

/// Deviation of every lead of centred `samples`, of which `rest` is the sum.
#[inline(always)]
fn deviations(samples: &[f64], rest: &[f64], count: f64) -> Vec<f64> {
    let rest: Vec<f64> = rest.iter().map(|s| s / count).collect();
    let mut squares = vec![0.0; rest.len()];
    fold(samples, &rest, &mut squares, |m, s, v| *s += (v - m) * (v - m));
    squares.iter().map(|s| (s / count).sqrt()).collect()
}

/// What turns centred leads into standardised ones.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    divisors: Vec<f64>,
    /// Leads that are filled with a value instead.
    constant: Vec<usize>,
    fill: f64,
}

impl Scale {
    /// For leads of those deviations.
    pub(crate) fn new(std: &[f64], constant: ConstantLeads) -> Self {
        let (fill, filled) = match constant {
            ConstantLeads::Zero => (0.0, true),
            ConstantLeads::Nan => (f64::NAN, true),
            ConstantLeads::Constant => (0.0, false),
        };
        Self {
            divisors: std.iter().map(|s| if *s == 0.0 { 1.0 } else { *s }).collect(),
            constant: (0..std.len())
                .filter(|lead| filled && std[*lead] == 0.0)
                .collect(),
            fill,
        }
    }

    /// For leads that are not standardised.
    pub(crate) fn none(leads: usize) -> Self {
        Self {
            divisors: vec![1.0; leads],
            constant: Vec::new(),
            fill: 0.0,
        }
    }

    /// Divides centred values (sample-major) in place.
    pub(crate) fn in_place(&self, samples: &mut [f64]) {
        let leads = self.divisors.len().max(1);
        match <&[f64; COUNT]>::try_from(&self.divisors[..]) {
            Ok(divisors) => divide_twelve(samples, &Divisors::cycled(divisors)),
            Err(_) => samples
                .chunks_exact_mut(leads)
                .flat_map(|sample| sample.iter_mut().zip(&self.divisors))
                .for_each(|(v, d)| *v /= d),
        }
        for lead in &self.constant {
            samples
                .iter_mut()
                .skip(*lead)
                .step_by(leads)
                .for_each(|v| *v = self.fill);
        }
    }

    /// Subtracts the `means` from values (sample-major) and divides them into `out`, lead-major, each quotient rounded to the nearest
    /// float32. Means of 0 leave values as they are.
    pub(crate) fn lead_major<S: Sample>(&self, samples: &[S], means: &[f64], out: &mut [f32]) {
        let leads = self.divisors.len().max(1);
        let length = samples.len() / leads;
        match (
            <&[f64; COUNT]>::try_from(means),
            <&[f64; COUNT]>::try_from(&self.divisors[..]),
        ) {
            (Ok(means), Ok(divisors)) => lead_major_twelve(samples, means, divisors, out),
            _ => {
                for (lead, row) in out.chunks_exact_mut(length.max(1)).take(leads).enumerate() {
                    let values = samples.iter().skip(lead).step_by(leads);
                    let centred = values.map(|v| v.to_f64() - means[lead]);
                    row.iter_mut()
                        .zip(centred)
                        .for_each(|(o, v)| *o = (v / self.divisors[lead]) as f32);
                }
            }
        }
        for lead in &self.constant {
            out[lead * length..(lead + 1) * length].fill(self.fill as f32);
        }
    }
}

/// Samples that are divided at a time: whole registers of any width.
const TILE: usize = 8;

#[multiversion(targets("x86_64+avx+avx2+fma"))]
fn divide_twelve(samples: &mut [f64], divisors: &Divisors<{ TILE * COUNT }>) {
    let (tiles, rest) = samples.as_chunks_mut::<{ TILE * COUNT }>();
    for tile in tiles {
        divisors.divide(tile, target_cfg_f!(target_feature = "fma"));
    }
    let mut tile = [0.0; TILE * COUNT];
    tile[..rest.len()].copy_from_slice(rest);
    divisors.divide(&mut tile, target_cfg_f!(target_feature = "fma"));
    rest.copy_from_slice(&tile[..rest.len()]);
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
        fn moments_are_those_that_centring_takes_out(
            samples in prop::collection::vec(-1e3f64..1e3, 24..600), leads in prop::sample::select(vec![1usize, 5, 12]),
        ) {
            let samples = &samples[..samples.len() / leads * leads];
            let float32: Vec<f32> = samples.iter().map(|v| *v as f32).collect();
            let measured = crate::quality::measure(samples, leads);
            let bits = |moments: Moments| [moments.mean, moments.std].concat().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            let mut out = Vec::new();
            prop_assert_eq!(bits(moments(samples, leads)), bits(centre_from(samples, leads, &mut out)));
            let known = moments_of_known_means(samples, measured.mean, &measured.left);
            prop_assert_eq!(bits(known), bits(moments(samples, leads)));
            prop_assert_eq!(bits(moments(&float32, leads)), bits(centre_from(&float32, leads, &mut out)));
        }

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
