//! Filters forth and back, so that no wave is shifted: `scipy.signal.filtfilt` and `sosfiltfilt`.

use super::coefficients::{Fraction, Sections};
use super::initial::{steady_state, steady_states};
use super::lanes::{Lanes, filter};
use crate::error::{Error, Result};

/// A filter to be applied forth and back, with its start.
#[derive(Debug, Clone)]
pub struct ZeroPhase {
    filters: Vec<(Fraction, Vec<f64>)>,
    /// Samples by which a signal is extended at both ends, mirrored at its first and last value.
    extension: usize,
}

impl ZeroPhase {
    /// As `scipy.signal.filtfilt`.
    pub fn fraction(filter: Fraction) -> Self {
        let start = steady_state(&filter);
        Self {
            extension: 3 * filter.a.len().max(filter.b.len()),
            filters: vec![(filter, start)],
        }
    }

    /// As `scipy.signal.sosfiltfilt`.
    pub fn sections(sections: Sections) -> Self {
        let states = steady_states(&sections);
        Self {
            extension: sections.extension(),
            filters: sections.0.into_iter().zip(states).collect(),
        }
    }

    /// As `scipy.signal.filtfilt` with taps alone.
    pub fn taps(taps: Vec<f64>) -> Self {
        Self::fraction(Fraction {
            b: taps,
            a: vec![1.0],
        })
    }

    /// Filters leads of equal length in place. The buffer may be used again.
    ///
    /// # Errors
    /// Leads that are not longer than what they are extended by.
    pub fn apply(&self, step: &'static str, leads: &mut [Vec<f64>], buffer: &mut Vec<f64>) -> Result<()> {
        for lead in &*leads {
            if lead.len() <= self.extension {
                return Err(Error::TooShort {
                    step,
                    samples: lead.len(),
                    least: self.extension + 1,
                });
            }
        }
        // As many leads as have their state in registers; short filters, which mostly wait, take more.
        let longest = self
            .filters
            .iter()
            .map(|(_, start)| start.len())
            .max()
            .unwrap_or(0);
        for group in leads.chunks_mut(if longest > 4 { 4 } else { 12 }) {
            match group.len() {
                1 => self.apply_lanes::<1>(group, buffer),
                2..=4 => self.apply_lanes::<4>(group, buffer),
                5..=8 => self.apply_lanes::<8>(group, buffer),
                _ => self.apply_lanes::<12>(group, buffer),
            }
        }
        Ok(())
    }

    fn apply_lanes<const N: usize>(&self, leads: &mut [Vec<f64>], buffer: &mut Vec<f64>) {
        let n = leads[0].len();
        buffer.resize(N * (n + 2 * self.extension), 0.0);
        let samples = buffer.as_chunks_mut::<N>().0;
        let inner = self.extension..self.extension + n;
        interleave(leads, &mut samples[inner.clone()]);
        self.extend(samples, n);
        for backwards in [false, true] {
            self.pass(samples, backwards);
        }
        separate(&samples[inner], leads);
    }

    /// Continues the samples beyond both ends, mirrored at the end's value.
    fn extend<const N: usize>(&self, samples: &mut [Lanes<N>], n: usize) {
        let (first, last) = (self.extension, self.extension + n - 1);
        for k in 1..=self.extension {
            let (start, end) = (samples[first], samples[last]);
            let (after, before) = (samples[first + k], samples[last - k]);
            samples[first - k] = std::array::from_fn(|l| 2.0 * start[l] - after[l]);
            samples[last + k] = std::array::from_fn(|l| 2.0 * end[l] - before[l]);
        }
    }

    /// One way through all sections. Each starts as if the first sample had been there for ever.
    fn pass<const N: usize>(&self, samples: &mut [Lanes<N>], backwards: bool) {
        let first = if backwards {
            samples.last()
        } else {
            samples.first()
        };
        let Some(first) = first.copied() else { return };
        for (fraction, start) in &self.filters {
            let state = start.iter().map(|z| first.map(|x| z * x)).collect();
            filter(fraction, state, samples, backwards);
        }
    }
}

/// Samples of a lead that are moved before those of the next: few enough to be still near when they are needed again.
const BLOCK: usize = 64;

/// Lanes without a lead are 0.
fn interleave<const N: usize>(leads: &[Vec<f64>], samples: &mut [Lanes<N>]) {
    for (b, block) in samples.chunks_mut(BLOCK).enumerate() {
        for (l, lead) in leads.iter().enumerate() {
            for (sample, v) in block.iter_mut().zip(&lead[b * BLOCK..]) {
                sample[l] = *v;
            }
        }
        for sample in block {
            sample[leads.len()..].fill(0.0);
        }
    }
}

fn separate<const N: usize>(samples: &[Lanes<N>], leads: &mut [Vec<f64>]) {
    for (b, block) in samples.chunks(BLOCK).enumerate() {
        for (l, lead) in leads.iter_mut().enumerate() {
            for (v, sample) in lead[b * BLOCK..].iter_mut().zip(block) {
                *v = sample[l];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Band, band_pass_taps};

    fn wave(samples: usize, hz: f64) -> Vec<f64> {
        let at = |i: usize| (i as f64 * hz * std::f64::consts::TAU / 500.0).sin();
        (0..samples).map(at).collect()
    }

    fn filters() -> Vec<ZeroPhase> {
        let band = Band::Between(2.0, 40.0);
        vec![
            ZeroPhase::fraction(Fraction::notch(50.0, 30.0, 500.0).unwrap()),
            ZeroPhase::fraction(Fraction::butterworth(2, band, 500.0).unwrap()),
            ZeroPhase::sections(Sections::butterworth(4, band, 500.0).unwrap()),
            ZeroPhase::taps(band_pass_taps(151, 0.05, 47.0, 500.0).unwrap()),
        ]
    }

    #[test]
    fn a_wave_inside_the_band_is_neither_shifted_nor_weakened() {
        for filter in filters() {
            let mut leads = vec![wave(5000, 12.0)];
            filter.apply("filter", &mut leads, &mut Vec::new()).unwrap();
            let wanted = wave(5000, 12.0);
            let middle = 1000..4000;
            let off = |i: usize| (leads[0][i] - wanted[i]).abs();
            assert!(
                middle.clone().all(|i| off(i) < 0.01),
                "{:?}",
                filter.filters.len()
            );
        }
    }

    #[test]
    fn leads_do_not_depend_on_their_company() {
        for filter in filters() {
            let all: Vec<Vec<f64>> = (0..15).map(|l| wave(900, 3.0 + f64::from(l))).collect();
            let mut together = all.clone();
            filter.apply("filter", &mut together, &mut Vec::new()).unwrap();
            for count in [1, 3, 7] {
                let mut few = all[..count].to_vec();
                filter.apply("filter", &mut few, &mut Vec::new()).unwrap();
                assert_eq!(few, together[..count]);
            }
        }
    }

    #[test]
    fn a_signal_that_is_too_short_to_be_mirrored_is_refused() {
        let filter = &filters()[0];
        let error = filter
            .apply("notch", &mut [wave(9, 1.0)], &mut Vec::new())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "notch: takes at least 10 samples a lead, and there are 9"
        );
        assert!(
            filter
                .apply("notch", &mut [wave(10, 1.0)], &mut Vec::new())
                .is_ok()
        );
    }
}
