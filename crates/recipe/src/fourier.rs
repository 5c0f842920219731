//! Resampling by Fourier transform: `scipy.signal.resample`.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Plans and buffers, to be used again for lead after lead.
pub struct FourierResampler {
    planner: RealFftPlanner<f64>,
    input: Vec<f64>,
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
            planner: RealFftPlanner::new(),
            input: Vec::new(),
            spectrum: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

impl FourierResampler {
    /// Resamples one lead to `samples`: its spectrum is cut off or continued with zeros. The bin at half the lower of both
    /// rates stands for two, of which the longer signal has one more.
    pub fn resample(&mut self, lead: &[f64], samples: usize, out: &mut Vec<f64>) {
        out.clear();
        out.resize(samples, 0.0);
        if lead.is_empty() || samples == 0 {
            return;
        }
        self.transform(lead);
        let kept = lead.len().min(samples);
        self.spectrum.truncate(kept / 2 + 1);
        if kept.is_multiple_of(2) && samples != lead.len() {
            let shared = if samples < lead.len() { 2.0 } else { 0.5 };
            self.spectrum[kept / 2] *= shared;
        }
        self.spectrum.resize(samples / 2 + 1, Complex::default());
        self.transform_back(lead.len(), out);
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

    /// Fills `out`; `samples` is the length of what was transformed.
    fn transform_back(&mut self, samples: usize, out: &mut [f64]) {
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
        let mut out = Vec::new();
        FourierResampler::default().resample(lead, samples, &mut out);
        out
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
    fn no_sample_and_one_sample_are_no_trouble() {
        assert!(resampled(&[1.0, 2.0], 0).is_empty());
        assert_eq!(resampled(&[], 3), [0.0; 3]);
        assert_eq!(resampled(&[3.0], 4), [3.0; 4]);
        assert_eq!(resampled(&[1.0, 3.0], 1), [2.0]);
    }
}
