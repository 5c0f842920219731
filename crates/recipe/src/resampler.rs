//! Resampling of one recording after another.

use crate::resample::Plan;
use crate::sample::Sample;

/// Plans that are kept: most archives have recordings of a few lengths only.
const PLANS: usize = 4;

/// Buffers that are used again from one recording to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resampler {
    /// The result, sample-major.
    pub(crate) samples: Vec<f64>,
    /// Plans used last, the last one first.
    plans: Vec<Plan>,
}

impl Resampler {
    /// Resamples `input` (sample-major) into [`Self::samples`]; returns the sum of every lead.
    pub(crate) fn apply<S: Sample>(&mut self, input: &[S], leads: usize, (from, to): (f64, u32)) -> Vec<f64> {
        let n = input.len() / leads;
        let known = self.plans.iter().position(|p| p.is_for(n, from, to));
        let known = known.unwrap_or_else(|| {
            self.plans.truncate(PLANS - 1);
            self.plans.push(Plan::new(n, from, to));
            self.plans.len() - 1
        });
        self.plans[..=known].rotate_right(1);
        self.plans[0].apply_and_sum(input, leads, &mut self.samples)
    }
}
