//! Linear interpolation with aligned ends: the first and last sample stay first and last.
//!
//! This is what the Python scripts compute, to the bit: input sample `i` is put at `i * step` on the axis of the
//! output's indices, with `step = (n_out - 1) / (n - 1)`, and output `j` is read off the straight line through the two
//! inputs around `j`. In input positions that is `j (n - 1) / (n_out - 1)`, not `j * from / to`: the output is
//! stretched by up to one sample. The difference of the two inputs is taken in float32, everything else in float64.

use crate::columns::sum;
use crate::divide::Divisors;
use crate::leads::COUNT;
use crate::sample::Sample;
use multiversion::{multiversion, target::target_cfg_f};

/// Number of samples that `n` samples at `from` Hz become at `to` Hz: `n * to / from`, rounded down. For rates that are
/// whole numbers of Hz that is exact.
///
/// ```
/// use ecgfm_recipe::resample::resampled_len;
/// assert_eq!(resampled_len(2934, 400.0, 500), 3667);
/// ```
pub fn resampled_len(n: usize, from: f64, to: u32) -> usize {
    // A quotient of whole numbers that is not whole is further from the next one than rounding goes, up to 2^52.
    (n as f64 * f64::from(to) / from) as usize
}

/// Where every output sample lies between which two inputs; the same for all recordings of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    rates: (f64, u32),
    samples_in: usize,
    samples_out: usize,
    /// How inputs lie among outputs; none where nothing is interpolated: equal rates, or no two samples to draw a line
    /// through.
    axis: Option<Axis>,
    /// For every output the input before it; the one after is the next.
    lows: Vec<u32>,
}

impl Plan {
    /// The plan for recordings of `n` samples. Equal rates leave a recording as it is.
    ///
    /// Where no line can be drawn the output is constant: a single input sample is repeated, and a single output
    /// sample is the first input.
    pub fn new(n: usize, from: f64, to: u32) -> Self {
        let same = from == f64::from(to);
        let samples_out = if same { n } else { resampled_len(n, from, to) };
        let lines = !same && n >= 2 && samples_out >= 2 && u32::try_from(n).is_ok();
        let axis = lines.then(|| Axis::new(n, samples_out));
        Self {
            rates: (from, to),
            samples_in: n,
            samples_out,
            axis,
            lows: axis.map_or_else(Vec::new, |axis| axis.lows(samples_out)),
        }
    }

    /// Whether this is the plan for that length and those rates.
    pub fn is_for(&self, n: usize, from: f64, to: u32) -> bool {
        self.samples_in == n && self.rates == (from, to)
    }

    /// Samples per lead that [`Self::apply`] takes.
    pub fn samples_in(&self) -> usize {
        self.samples_in
    }

    /// Samples per lead that [`Self::apply`] makes.
    pub fn samples_out(&self) -> usize {
        self.samples_out
    }

    /// Resamples `input` (sample-major, `leads` values a sample, as many samples as the plan was made for) into `out`,
    /// whose former content is dropped. Input samples that are missing make no output.
    pub fn apply<S: Sample>(&self, input: &[S], leads: usize, out: &mut Vec<f64>) {
        self.apply_and_sum(input, leads, out);
    }

    /// As [`Self::apply`]; returns the sum of every lead of `out`, taken sample by sample. It costs nothing here, where
    /// the values pass anyway.
    pub(crate) fn apply_and_sum<S: Sample>(&self, input: &[S], leads: usize, out: &mut Vec<f64>) -> Vec<f64> {
        let leads = leads.max(1);
        let Some(axis) = self.axis else {
            self.repeat(input, leads, out);
            return sum(out, leads);
        };
        let enough = input.len() / leads >= self.samples_in;
        out.resize(if enough { self.samples_out * leads } else { 0 }, 0.0);
        if leads == COUNT {
            interpolate_twelve(axis, &self.lows, input, out).to_vec()
        } else {
            interpolate(axis, &self.lows, input, leads, out);
            sum(out, leads)
        }
    }

    /// Where no line is drawn: every input as it is, or the first one for every output.
    fn repeat<S: Sample>(&self, input: &[S], leads: usize, out: &mut Vec<f64>) {
        out.clear();
        if self.rates.0 == f64::from(self.rates.1) {
            return out.extend(input.iter().map(|v| v.to_f64()));
        }
        let first = &input[..leads.min(input.len())];
        let repeated = std::iter::repeat_n(first, self.samples_out).flatten();
        out.extend(repeated.map(|v| v.to_f64()));
    }
}

/// Where the inputs are on the axis of the outputs' indices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    /// From one input to the next.
    step: f64,
    /// Number of the last input.
    last: usize,
    /// Where it is: at the last output exactly, which the product may miss by a rounding error.
    end: f64,
}

impl Axis {
    fn new(samples_in: usize, samples_out: usize) -> Self {
        let (last, end) = (samples_in - 1, (samples_out - 1) as f64);
        Self {
            step: end / last as f64,
            last,
            end,
        }
    }

    #[inline(always)]
    fn at(self, i: usize) -> f64 {
        if i == self.last {
            self.end
        } else {
            i as f64 * self.step
        }
    }

    /// Between two inputs lie the outputs above the first and up to the second; output 0 is the first input.
    fn lows(self, samples_out: usize) -> Vec<u32> {
        let mut high = 1;
        let low = |j| {
            while high < self.last && self.at(high) < j as f64 {
                high += 1;
            }
            high as u32 - 1
        };
        (0..samples_out).map(low).collect()
    }
}

/// Lines whose slopes are worked out before the outputs on them.
const BLOCK: usize = 32;

/// Returns the sum of every lead. A slope is used for all outputs on its line.
#[multiversion(targets("x86_64+avx+avx2+fma"))]
fn interpolate_twelve<S: Sample>(axis: Axis, lows: &[u32], input: &[S], out: &mut [f64]) -> [f64; COUNT] {
    let mut outputs = out.as_chunks_mut::<COUNT>().0.iter_mut().zip(lows).enumerate();
    let mut next = outputs.next();
    let (mut sum, mut slopes) = ([0.0; COUNT], [0.0; BLOCK * COUNT]);
    let mut spans = Divisors::<{ BLOCK * COUNT }>::one();
    for first in (0..axis.last).step_by(BLOCK) {
        let lines = BLOCK.min(axis.last - first);
        let block = &input[first * COUNT..(first + lines + 1) * COUNT];
        let at: [f64; BLOCK + 1] = std::array::from_fn(|k| axis.at(first + k.min(lines)));
        let distances: [f64; BLOCK] = std::array::from_fn(|k| at[k + 1] - at[k]);
        spans.set_runs::<COUNT>(&distances[..lines]);
        let (low, high) = (&block[..lines * COUNT], &block[COUNT..]);
        for ((rise, low), high) in slopes.iter_mut().zip(low).zip(high) {
            *rise = (*high - *low).to_f64();
        }
        spans.divide(
            &mut slopes,
            S::IS_MODERATE && target_cfg_f!(target_feature = "fma"),
        );
        let (slopes, low) = (slopes.as_chunks::<COUNT>().0, low.as_chunks::<COUNT>().0);
        while let Some((j, (out, line))) = next.take() {
            let k = *line as usize - first;
            if k >= lines {
                next = Some((j, (out, line)));
                break;
            }
            // Copies, which no bounds check and no writing to `out` comes between.
            let (offset, slope, from) = (j as f64 - at[k], slopes[k], low[k]);
            for l in 0..COUNT {
                let value = slope[l] * offset + from[l].to_f64();
                out[l] = value;
                sum[l] += value;
            }
            next = outputs.next();
        }
    }
    sum
}

/// As [`interpolate_twelve`], for any number of leads, without the sum.
fn interpolate<S: Sample>(axis: Axis, lows: &[u32], input: &[S], leads: usize, out: &mut [f64]) {
    for ((j, out), i) in out.chunks_exact_mut(leads).enumerate().zip(lows) {
        let i = *i as usize;
        let (low, high) = input[i * leads..(i + 2) * leads].split_at(leads);
        let (span, offset) = (axis.at(i + 1) - axis.at(i), j as f64 - axis.at(i));
        for ((low, high), out) in low.iter().zip(high).zip(out) {
            *out = (*high - *low).to_f64() / span * offset + low.to_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resample<S: Sample>(input: &[S], leads: usize, from: u32, to: u32) -> Vec<f64> {
        let mut out = vec![7.0; 3];
        Plan::new(input.len() / leads, f64::from(from), to).apply(input, leads, &mut out);
        out
    }

    #[test]
    fn too_few_samples_for_a_line_make_a_constant() {
        assert_eq!(resample::<f32>(&[], 1, 400, 500), [0.0; 0]);
        assert_eq!(resample(&[3.0], 1, 400, 500), [3.0]);
        assert_eq!(
            resample(&[3.0, 4.0], 2, 100, 500),
            [3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0]
        );
        assert_eq!(resample(&[3.0, 9.0, 1.0, 5.0], 1, 400, 100), [3.0]);
        assert_eq!(resample(&[3.0, 9.0], 1, 400, 100), [0.0; 0]);
    }

    #[test]
    fn a_length_that_no_memory_holds_is_not_wrapped_around() {
        assert_eq!(resampled_len(usize::MAX, 1.0, u32::MAX), usize::MAX);
    }

    #[test]
    fn ends_are_aligned_not_times() {
        // 5 samples at 400 Hz are 6 at 500 Hz: output 1 is at input 0.8 either way only if the ends were not aligned.
        let out = resample(&[0.0, 1.0, 2.0, 3.0, 4.0], 1, 400, 500);
        assert_eq!(out.len(), 6);
        assert!((out[1] - 0.8).abs() < 1e-15 && (out[5] - 4.0).abs() < 1e-15);
        let out = resample(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 1, 400, 500);
        assert!(
            (out[1] - 5.0 / 6.0).abs() < 1e-15,
            "7 outputs span 5 intervals: {out:?}"
        );
    }

    proptest! {
        #[test]
        fn a_straight_line_stays_one(n in 2usize..300, to in 1u32..2000, start in -4i32..4, slope in -4i32..4) {
            let line: Vec<f64> = (0..n).map(|i| f64::from(start + slope * i as i32)).collect();
            let out = resample(&line, 1, 400, to);
            let stretch = (n - 1) as f64 / (out.len().max(2) - 1) as f64;
            for (j, v) in out.iter().enumerate() {
                let wanted = f64::from(start) + f64::from(slope) * j as f64 * stretch;
                prop_assert!((v - wanted).abs() < 1e-9, "{j}: {v} is not {wanted}");
            }
        }

        #[test]
        fn equal_rates_change_nothing_and_a_constant_stays_exact(
            samples in prop::collection::vec(-10f32..10.0, 0..200), rate in 1u32..1000, to in 1u32..1000,
        ) {
            let same: Vec<f64> = samples.iter().map(|v| f64::from(*v)).collect();
            prop_assert_eq!(resample(&samples, 1, rate, rate), same);
            let constant = vec![0.1f32; samples.len()];
            prop_assert!(resample(&constant, 1, rate, to).iter().all(|v| *v == f64::from(0.1f32)));
        }

        #[test]
        fn leads_do_not_touch_each_other(
            samples in prop::collection::vec(-10f32..10.0, 48..600), leads in 1usize..14, to in 100u32..1000,
        ) {
            let whole = samples.len() / leads * leads;
            let together = resample(&samples[..whole], leads, 400, to);
            for l in 0..leads {
                let alone: Vec<f32> = samples[..whole].iter().skip(l).step_by(leads).copied().collect();
                let part: Vec<f64> = together.iter().skip(l).step_by(leads).copied().collect();
                prop_assert_eq!(resample(&alone, 1, 400, to), part);
            }
        }

        #[test]
        fn outputs_lie_between_the_inputs_around_them(samples in prop::collection::vec(-9f32..9.0, 2..200)) {
            let low = samples.iter().copied().fold(f32::INFINITY, f32::min);
            let high = samples.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for v in resample(&samples, 1, 400, 500) {
                prop_assert!(v >= f64::from(low) - 1e-5 && v <= f64::from(high) + 1e-5);
            }
        }
    }
}
