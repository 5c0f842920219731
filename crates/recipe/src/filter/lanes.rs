//! The filter loop, over several leads at once.
//!
//! Each output depends on the one before it, so that one lead alone waits for its own arithmetic most of the time. Leads do
//! not depend on each other: side by side they keep the processor busy. No product is added unrounded: in one fraction of
//! polynomials that would change the third digit of a narrow band.

use super::coefficients::Fraction;
use multiversion::multiversion;

/// Values of one sample of the leads that are filtered together.
pub(super) type Lanes<const N: usize> = [f64; N];

/// Filters `samples` in place (transposed direct form II), forwards, or backwards from the end, from a state of one value
/// a delay and lead.
pub(super) fn filter<const N: usize>(
    filter: &Fraction,
    mut state: Vec<Lanes<N>>,
    samples: &mut [Lanes<N>],
    backwards: bool,
) {
    let taps = Taps::new(filter);
    match state.len() {
        2 => run_fixed::<N, 2>(&taps, &mut state, samples, backwards),
        8 => run_fixed::<N, 8>(&taps, &mut state, samples, backwards),
        10 => run_fixed::<N, 10>(&taps, &mut state, samples, backwards),
        _ if taps.outputs.iter().all(|a| *a == 0.0) => run_finite(&taps, &mut state, samples, backwards),
        _ => run_any(&taps, &mut state, samples, backwards),
    }
}

/// Coefficients, the one of the sample itself apart.
struct Taps {
    now: f64,
    /// Of earlier inputs.
    inputs: Vec<f64>,
    /// Of earlier outputs.
    outputs: Vec<f64>,
}

impl Taps {
    fn new(filter: &Fraction) -> Self {
        let taps = filter.a.len().max(filter.b.len());
        let later = |coefficients: &[f64]| {
            let at = |i: usize| coefficients.get(i).copied().unwrap_or(0.0);
            (1..taps).map(at).collect()
        };
        Self {
            now: filter.b[0],
            inputs: later(&filter.b),
            outputs: later(&filter.a),
        }
    }
}

fn run_fixed<const N: usize, const D: usize>(
    taps: &Taps,
    state: &mut [Lanes<N>],
    samples: &mut [Lanes<N>],
    backwards: bool,
) {
    let (inputs, outputs): ([f64; D], [f64; D]) = (
        std::array::from_fn(|k| taps.inputs[k]),
        std::array::from_fn(|k| taps.outputs[k]),
    );
    let mut local: [Lanes<N>; D] = std::array::from_fn(|k| state[k]);
    run_unrolled(taps.now, &inputs, &outputs, &mut local, samples, backwards);
    state.copy_from_slice(&local);
}

// No closure: it would be compiled for the least of processors.
#[multiversion(targets("x86_64+avx+avx2"))]
fn run_unrolled<const N: usize, const D: usize>(
    now: f64,
    inputs: &[f64; D],
    outputs: &[f64; D],
    state: &mut [Lanes<N>; D],
    samples: &mut [Lanes<N>],
    backwards: bool,
) {
    if backwards {
        for x in samples.iter_mut().rev() {
            advance(now, inputs, outputs, state, x);
        }
    } else {
        for x in samples {
            advance(now, inputs, outputs, state, x);
        }
    }
}

/// One sample, in place.
#[inline(always)]
fn advance<const N: usize, const D: usize>(
    now: f64,
    inputs: &[f64; D],
    outputs: &[f64; D],
    state: &mut [Lanes<N>; D],
    x: &mut Lanes<N>,
) {
    let input = *x;
    for l in 0..N {
        x[l] = state[0][l] + now * input[l];
    }
    for k in 0..D - 1 {
        for l in 0..N {
            state[k][l] = (state[k + 1][l] + input[l] * inputs[k]) - x[l] * outputs[k];
        }
    }
    for l in 0..N {
        state[D - 1][l] = input[l] * inputs[D - 1] - x[l] * outputs[D - 1];
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn run_any<const N: usize>(taps: &Taps, state: &mut [Lanes<N>], samples: &mut [Lanes<N>], backwards: bool) {
    if backwards {
        for x in samples.iter_mut().rev() {
            advance_any(taps, state, x);
        }
    } else {
        for x in samples {
            advance_any(taps, state, x);
        }
    }
}

#[inline(always)]
fn advance_any<const N: usize>(taps: &Taps, state: &mut [Lanes<N>], x: &mut Lanes<N>) {
    let input = *x;
    for l in 0..N {
        x[l] = state.first().map_or(0.0, |z| z[l]) + taps.now * input[l];
    }
    for k in 0..state.len() {
        let next = state.get(k + 1).copied();
        for l in 0..N {
            let carried = next.map_or(input[l] * taps.inputs[k], |z| z[l] + input[l] * taps.inputs[k]);
            state[k][l] = carried - x[l] * taps.outputs[k];
        }
    }
}

/// Without earlier outputs the taps are summed over the samples before.
#[multiversion(targets("x86_64+avx+avx2+fma"))]
fn run_finite<const N: usize>(
    taps: &Taps,
    state: &mut [Lanes<N>],
    samples: &mut [Lanes<N>],
    backwards: bool,
) {
    if backwards {
        samples.reverse();
    }
    for i in (0..samples.len()).rev() {
        let mut sum = samples[i].map(|x| x * taps.now);
        for (k, tap) in taps.inputs.iter().enumerate().take(i) {
            let before = &samples[i - 1 - k];
            for l in 0..N {
                sum[l] += before[l] * tap;
            }
        }
        if let Some(z) = state.get(i) {
            for l in 0..N {
                sum[l] += z[l];
            }
        }
        samples[i] = sum;
    }
    if backwards {
        samples.reverse();
    }
}
