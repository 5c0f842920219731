//! The one loop under every statistic: down the samples, across the leads.
//!
//! Each lead has its own running state, updated sample by sample. That fixes the order of every sum (first sample to
//! last, one addition at a time), and lets the compiler work on all leads of a sample at once.

use crate::leads;
use crate::sample::Sample;

/// Runs `step(parameter, state, value)` for every value of `samples` (sample-major), with the parameter and the state
/// of the value's lead. `parameters` and `states` have one entry a lead.
#[inline(always)]
pub(crate) fn fold<T: Copy, P: Copy + Default, S: Copy + Default>(
    samples: &[T],
    parameters: &[P],
    states: &mut [S],
    step: impl Fn(P, &mut S, T),
) {
    match (
        <&[P; leads::COUNT]>::try_from(parameters),
        <&mut [S; leads::COUNT]>::try_from(&mut *states),
    ) {
        // Copies on the stack, of a size known here: they live in registers.
        (Ok(parameters), Ok(states)) => {
            let (parameters, mut local) = (*parameters, *states);
            for row in samples.as_chunks::<{ leads::COUNT }>().0 {
                for l in 0..leads::COUNT {
                    step(parameters[l], &mut local[l], row[l]);
                }
            }
            *states = local;
        }
        _ => {
            for row in samples.chunks_exact(parameters.len().max(1)) {
                for ((p, s), v) in parameters.iter().zip(states.iter_mut()).zip(row) {
                    step(*p, s, *v);
                }
            }
        }
    }
}

/// Sum of every lead of `samples` (sample-major) in float64, taken sample by sample.
pub(crate) fn sum<S: Sample>(samples: &[S], leads: usize) -> Vec<f64> {
    let none = vec![0.0; leads];
    let mut sum = none.clone();
    fold(samples, &none, &mut sum, |_: f64, s: &mut f64, v| {
        *s += v.to_f64()
    });
    sum
}

/// As [`fold`], with values that `step` may change.
#[inline(always)]
pub(crate) fn update<T: Copy, P: Copy + Default, S: Copy + Default>(
    samples: &mut [T],
    parameters: &[P],
    states: &mut [S],
    step: impl Fn(P, &mut S, &mut T),
) {
    match (
        <&[P; leads::COUNT]>::try_from(parameters),
        <&mut [S; leads::COUNT]>::try_from(&mut *states),
    ) {
        (Ok(parameters), Ok(states)) => {
            let (parameters, mut local) = (*parameters, *states);
            for row in samples.as_chunks_mut::<{ leads::COUNT }>().0 {
                for l in 0..leads::COUNT {
                    step(parameters[l], &mut local[l], &mut row[l]);
                }
            }
            *states = local;
        }
        _ => {
            for row in samples.chunks_exact_mut(parameters.len().max(1)) {
                for ((p, s), v) in parameters.iter().zip(states.iter_mut()).zip(row) {
                    step(*p, s, v);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_leads_and_any_other_number_take_the_same_sums() {
        for leads in [1, 5, 12, 13] {
            let mut samples: Vec<f32> = (0..leads * 7).map(|i| (i as f32).sqrt() - 3.0).collect();
            let offsets: Vec<f32> = (0..leads).map(|l| l as f32 * 0.25).collect();
            let mut sums = vec![0f32; leads];
            fold(&samples, &offsets, &mut sums, |p, s, v| *s += v - p);
            for l in 0..leads {
                let one_by_one = samples
                    .iter()
                    .skip(l)
                    .step_by(leads)
                    .fold(0f32, |s, v| s + (v - offsets[l]));
                assert_eq!(sums[l].to_bits(), one_by_one.to_bits());
            }
            let before = samples.clone();
            update(&mut samples, &offsets, &mut sums, |p, _, v| *v += p);
            assert!(
                samples
                    .iter()
                    .zip(&before)
                    .enumerate()
                    .all(|(i, (a, b))| *a == b + offsets[i % leads])
            );
        }
    }
}
