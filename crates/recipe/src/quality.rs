//! What is measured on a recording before anything is done to it.
//!
//! Means and deviations have the type of the recording and are summed over the samples in order, one addition at a time,
//! as the Python scripts' arrays are. Those of float32 are worse than those of float64 (a lead that is constant 0.1 can have
//! a deviation above 0), and they are what those scripts' tables hold, digit for digit.

use crate::columns::fold;
use crate::leads::COUNT;
use crate::sample::Sample;
use multiversion::multiversion;

/// What was found in a recording; vectors have one entry a lead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality<S> {
    /// Mean, in the unit of the recording.
    pub mean: Vec<S>,
    /// Population standard deviation, in the unit of the recording.
    pub std: Vec<S>,
    /// Whether each lead is nothing but NaN.
    pub nan: Vec<bool>,
    /// Whether each lead is constant: float32 equals its mean throughout, float64 its first value.
    pub constant: Vec<bool>,
    /// Whether any value is NaN.
    pub any_nan: bool,
    /// The first value that is NaN or infinite: its sample and its lead.
    pub not_finite: Option<(usize, usize)>,
    /// Whether every value is 0.
    pub all_zero: bool,
    /// Sum of what each lead is without its mean, which rounding leaves; none of float32, whose mean is not that of float64.
    pub(crate) left: Vec<f64>,
}

impl<S> Quality<S> {
    /// Whether a lead is nothing but NaN.
    pub fn any_nan_lead(&self) -> bool {
        self.nan.contains(&true)
    }

    /// Whether a lead is constant.
    pub fn any_constant_lead(&self) -> bool {
        self.constant.contains(&true)
    }
}

/// Measures `samples` (sample-major, `leads` values a sample).
///
/// ```
/// let found = ecgfm_recipe::quality::measure(&[1f32, 5.0, 3.0, 5.0], 2);
/// assert_eq!(found.mean, [2.0, 5.0]);
/// assert_eq!(found.std, [1.0, 0.0]);
/// assert_eq!(found.constant, [false, true]);
/// ```
pub fn measure<S: Sample>(samples: &[S], leads: usize) -> Quality<S> {
    if leads == crate::leads::COUNT {
        measure_twelve(samples)
    } else {
        measure_any(samples, leads.max(1))
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn measure_twelve<S: Sample>(samples: &[S]) -> Quality<S> {
    measure_any(samples, crate::leads::COUNT)
}

/// How every lead lies around its mean.
struct Spread<S: Sample> {
    squares: Vec<S>,
    /// Bits of all differences from the value that a constant lead has throughout.
    unlike: Vec<S::Bits>,
    /// Sum without the mean, of float64.
    left: Vec<S>,
}

#[inline(always)]
fn spread<S: Sample>(samples: &[S], mean: &[S]) -> Spread<S> {
    let leads = mean.len();
    let (mut squares, mut unlike) = (vec![S::default(); leads], vec![S::Bits::default(); leads]);
    let mut left = squares.clone();
    let expected = if S::CONSTANT_BY_MEAN {
        mean
    } else {
        &samples[..leads.min(samples.len())]
    };
    if let (Ok(mean), Ok(expected)) = (<[S; COUNT]>::try_from(mean), <[S; COUNT]>::try_from(expected)) {
        let (mut s, mut u, mut sum) = (
            [S::default(); COUNT],
            [S::Bits::default(); COUNT],
            [S::default(); COUNT],
        );
        for row in samples.as_chunks::<COUNT>().0 {
            for l in 0..COUNT {
                let centred = row[l] - mean[l];
                s[l] += centred * centred;
                if S::IS_FLOAT64 {
                    sum[l] += centred;
                }
                u[l] |= (row[l] - expected[l]).to_bits();
            }
        }
        squares.copy_from_slice(&s);
        unlike.copy_from_slice(&u);
        left.copy_from_slice(&sum);
    } else {
        fold(samples, mean, &mut squares, |m, s, v| *s += (v - m) * (v - m));
        if S::IS_FLOAT64 {
            fold(samples, mean, &mut left, |m, s, v| *s += v - m);
        }
        if expected.len() == leads {
            fold(samples, expected, &mut unlike, |e, u, v| *u |= (v - e).to_bits());
        }
    }
    Spread {
        squares,
        unlike,
        left,
    }
}

#[inline(always)]
fn measure_any<S: Sample>(samples: &[S], leads: usize) -> Quality<S> {
    let count = samples.len() / leads;
    let divide = |sum: &S| S::nearest(sum.to_f64() / count as f64);
    let none = vec![S::default(); leads];

    let mut sum = none.clone();
    fold(samples, &none, &mut sum, |_: S, s: &mut S, v| *s += v);
    let mean: Vec<S> = sum.iter().map(divide).collect();
    let Spread {
        squares,
        unlike,
        left,
    } = spread(samples, &mean);
    let left = left.iter().filter(|_| S::IS_FLOAT64).map(|sum| sum.to_f64());
    let std = squares.iter().map(|s| divide(s).sqrt()).collect();

    // Looked for only where a sum shows that there may be one: a sum with a NaN or an infinity in it is neither.
    let not_finite = (squares.iter().any(|s| !s.is_finite()))
        .then(|| samples.iter().position(|v| !v.is_finite()))
        .flatten()
        .map(|i| (i / leads, i % leads));
    let mut nans = vec![0u32; leads];
    if not_finite.is_some() {
        fold(samples, &none, &mut nans, |_, n, v| *n += u32::from(v.is_nan()));
    }
    Quality {
        mean,
        std,
        nan: nans.iter().map(|n| *n > 0 && *n as usize == count).collect(),
        // Whatever the sign of a difference of 0.
        constant: unlike.iter().map(|bits| S::are_zero(*bits)).collect(),
        any_nan: nans.iter().any(|n| *n > 0),
        not_finite,
        all_zero: samples.iter().all(|v| *v == S::default()),
        left: left.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_order_of_the_sum_is_that_of_the_samples() {
        // One at a time, float32 loses every 1 that is added to 2^24; any other grouping keeps some of them.
        let mut samples = vec![1f32; 1025];
        samples[0] = 16_777_216.0;
        assert_eq!(measure(&samples, 1).mean, [(16_777_216.0 / 1025.0) as f32]);
    }

    #[test]
    fn nan_leads_are_told_from_leads_with_a_nan() {
        let mut samples = vec![1f32; 12 * 20];
        samples[12 * 4 + 2] = f32::NAN;
        samples.iter_mut().skip(5).step_by(12).for_each(|v| *v = f32::NAN);
        let found = measure(&samples, 12);
        assert!(found.any_nan && found.any_nan_lead());
        assert_eq!(found.nan.iter().position(|n| *n), Some(5));
        assert_eq!(found.not_finite, Some((0, 5)));
        assert!(found.std[2].is_nan() && !found.constant[2] && !found.constant[5] && found.constant[0]);
    }

    #[test]
    fn an_infinity_is_not_finite_and_not_nan() {
        let mut samples = vec![0.5f32; 2 * 30];
        samples[2 * 9 + 1] = f32::NEG_INFINITY;
        let found = measure(&samples, 2);
        assert_eq!((found.not_finite, found.any_nan), (Some((9, 1)), false));
    }

    #[test]
    fn a_constant_that_float32_cannot_average_is_not_flagged() {
        let found = measure(&vec![0.1f32; 4096], 1);
        assert!(!found.constant[0] && found.std[0] > 0.0, "{found:?}");
        assert!(measure(&vec![0.5f32; 4096], 1).constant[0]);
    }

    #[test]
    fn every_constant_of_float64_is_flagged_whatever_its_mean_rounds_to() {
        for adc in 1..1200 {
            let constant = vec![f64::from(adc) / 200.0; 5000];
            assert!(measure(&constant, 1).constant[0], "{adc}");
        }
        let mut twelve = vec![0.115; 12 * 5000];
        twelve[12 * 77 + 3] = 0.116;
        let found = measure(&twelve, 12);
        assert_eq!(found.constant.iter().position(|constant| !constant), Some(3));
    }

    proptest! {
        #[test]
        fn means_and_deviations_are_near_the_exact_ones(
            samples in prop::collection::vec(-5f32..5.0, 24..900), leads in 1usize..14,
        ) {
            let samples = &samples[..samples.len() / leads * leads];
            let found = measure(samples, leads);
            for l in 0..leads {
                let values: Vec<f64> = samples.iter().skip(l).step_by(leads).map(|v| f64::from(*v)).collect();
                let n = values.len() as f64;
                let mean = values.iter().sum::<f64>() / n;
                let std = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
                prop_assert!((f64::from(found.mean[l]) - mean).abs() < 1e-3);
                prop_assert!((f64::from(found.std[l]) - std).abs() < 1e-3);
            }
        }
    }
}
