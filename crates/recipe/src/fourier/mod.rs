//! Resampling by Fourier transform: `scipy.signal.resample`.
//!
//! Lengths without large prime factors are transformed for several leads at once where the processor has AVX2; all others lead by
//! lead.

#[cfg(target_arch = "x86_64")]
mod plan;
#[cfg(target_arch = "x86_64")]
mod resampling;
#[cfg(target_arch = "x86_64")]
mod side_by_side;
#[cfg(target_arch = "x86_64")]
mod transform;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Plans and buffers, to be used again for recording after recording.
pub struct FourierResampler {
    #[cfg(target_arch = "x86_64")]
    side_by_side: side_by_side::SideBySide,
    planner: RealFftPlanner<f64>,
    input: Vec<f64>,
    output: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl std::fmt::Debug for FourierResampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FourierResampler").finish_non_exhaustive()
    }
}

impl Default for FourierResampler {
    fn default() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            side_by_side: side_by_side::SideBySide::default(),
            planner: RealFftPlanner::new(),
            input: Vec::new(),
            output: Vec::new(),
            spectrum: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

impl FourierResampler {
    /// Resamples leads of equal length to `samples`: their spectrum is cut off or continued with zeros. The bin at half the lower
    /// of both rates stands for two, of which the longer signal has one more.
    pub fn resample(&mut self, leads: &mut [Vec<f64>], samples: usize) {
        #[cfg(target_arch = "x86_64")]
        if self.side_by_side.resample(leads, samples) {
            return;
        }
        leads
            .iter_mut()
            .for_each(|lead| self.resample_lead(lead, samples));
    }

    fn resample_lead(&mut self, lead: &mut Vec<f64>, samples: usize) {
        self.output.clear();
        self.output.resize(samples, 0.0);
        if !lead.is_empty() && samples > 0 {
            self.transform(lead);
            let kept = lead.len().min(samples);
            self.spectrum.truncate(kept / 2 + 1);
            if kept.is_multiple_of(2) && samples != lead.len() {
                let shared = if samples < lead.len() { 2.0 } else { 0.5 };
                self.spectrum[kept / 2] *= shared;
            }
            self.spectrum.resize(samples / 2 + 1, Complex::default());
            self.transform_back(lead.len());
        }
        std::mem::swap(lead, &mut self.output);
    }

    fn transform(&mut self, lead: &[f64]) {
        let plan = self.planner.plan_fft_forward(lead.len());
        self.input.clear();
        self.input.extend_from_slice(lead);
        self.spectrum.clear();
        self.spectrum.resize(plan.complex_len(), Complex::default());
        self.scratch.resize(plan.get_scratch_len(), Complex::default());
        let done = plan.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers have the lengths of the plan");
    }

    /// Fills the output; `samples` is the length of what was transformed.
    fn transform_back(&mut self, samples: usize) {
        let out = &mut self.output;
        let plan = self.planner.plan_fft_inverse(out.len());
        self.scratch.resize(plan.get_scratch_len(), Complex::default());
        let scale = 1.0 / samples as f64;
        self.spectrum.iter_mut().for_each(|bin| *bin *= scale);
        // The spectrum of a real signal has no imaginary part there.
        self.spectrum[0].im = 0.0;
        if out.len().is_multiple_of(2) {
            self.spectrum[out.len() / 2].im = 0.0;
        }
        let done = plan.process_with_scratch(&mut self.spectrum, out, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers have the lengths of the plan");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resampled(lead: &[f64], samples: usize) -> Vec<f64> {
        let mut leads = [lead.to_vec()];
        FourierResampler::default().resample(&mut leads, samples);
        leads.concat()
    }

    proptest! {
        #[test]
        fn a_wave_keeps_its_shape_at_any_length(n in 20usize..300, to in 20usize..300, turns in 0u32..9) {
            let wave = |n: usize| -> Vec<f64> {
                let at = |i: usize| (f64::from(turns) * std::f64::consts::TAU * i as f64 / n as f64).cos();
                (0..n).map(at).collect()
            };
            for (a, b) in resampled(&wave(n), to).iter().zip(wave(to)) {
                prop_assert!((a - b).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn leads_side_by_side_are_those_that_are_resampled_one_by_one() {
        let lead = |l: usize, n: usize| -> Vec<f64> {
            let at = |i: usize| ((i * i + 7 * l * i) as f64 * 0.013).sin() + l as f64 * 0.1;
            (0..n).map(at).collect()
        };
        let lengths = [
            2, 3, 4, 5, 6, 9, 10, 12, 15, 16, 25, 30, 36, 45, 60, 64, 75, 90, 100, 125, 240, 625, 1250, 7,
        ];
        let mut resampler = FourierResampler::default();
        for (from, to) in lengths.iter().flat_map(|from| lengths.map(|to| (*from, to))) {
            for count in [1, 3, 4, 6, 12, 14] {
                let mut together: Vec<Vec<f64>> = (0..count).map(|l| lead(l, from)).collect();
                let mut alone = together.clone();
                resampler.resample(&mut together, to);
                alone
                    .iter_mut()
                    .for_each(|lead| resampler.resample_lead(lead, to));
                for (a, b) in together.iter().flatten().zip(alone.iter().flatten()) {
                    assert!((a - b).abs() < 1e-13, "{from} to {to}, {count}: {a} is not {b}");
                }
            }
        }
    }

    #[test]
    fn no_sample_and_one_sample_are_no_trouble() {
        assert!(resampled(&[1.0, 2.0], 0).is_empty());
        assert_eq!(resampled(&[], 3), [0.0; 3]);
        assert_eq!(resampled(&[3.0], 4), [3.0; 4]);
        assert_eq!(resampled(&[1.0, 3.0], 1), [2.0]);
    }
}
