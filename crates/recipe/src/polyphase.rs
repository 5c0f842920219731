//! Resampling by a ratio of whole numbers with a filter of finite length: `scipy.signal.resample_poly` with its Kaiser window.

use crate::filter::low_pass_taps;

/// Shape of the Kaiser window.
const BETA: f64 = 5.0;
/// Samples of the lower rate on each side that an output is made of.
const REACH: usize = 10;

/// A filter between two rates.
#[derive(Debug, Clone)]
pub struct Polyphase {
    up: usize,
    down: usize,
    taps: Vec<f64>,
}

impl Polyphase {
    /// From `from` to `to`, rates or lengths in any unit, both above 0.
    pub fn new(from: usize, to: usize) -> Self {
        let (from, to) = (from.max(1), to.max(1));
        let common = common_divisor(from, to);
        let (up, down) = (to / common, from / common);
        let longest = up.max(down);
        let taps = low_pass_taps(2 * REACH * longest + 1, 1.0 / longest as f64, BETA);
        Self {
            up,
            down,
            taps: taps.into_iter().map(|h| h * up as f64).collect(),
        }
    }

    /// Samples that `samples` become, rounded up.
    pub fn resampled_len(&self, samples: usize) -> usize {
        (samples * self.up).div_ceil(self.down)
    }

    /// Resamples one lead. Beyond its ends are zeros.
    pub fn resample(&self, lead: &[f64], out: &mut Vec<f64>) {
        out.clear();
        if self.up == self.down {
            return out.extend_from_slice(lead);
        }
        let outputs = (0..self.resampled_len(lead.len())).map(|m| self.value(lead, m));
        out.extend(outputs);
    }

    fn value(&self, lead: &[f64], m: usize) -> f64 {
        let half = self.taps.len() / 2;
        let centre = m * self.down;
        let first = (centre.saturating_sub(half)).div_ceil(self.up);
        let last = ((centre + half) / self.up + 1).min(lead.len());
        let tap = |i: usize| self.taps[centre + half - i * self.up];
        (first..last).map(|i| lead[i] * tap(i)).sum()
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => common_divisor(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_stays_one_away_from_the_ends() {
        for (from, to) in [(400, 500), (1000, 500), (360, 250), (500, 500)] {
            let mut out = Vec::new();
            Polyphase::new(from, to).resample(&[1.0; 400], &mut out);
            assert_eq!(out.len(), (400 * to).div_ceil(from));
            assert!(
                out[60..out.len() - 60].iter().all(|v| (v - 1.0).abs() < 0.01),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn rates_are_taken_by_their_ratio() {
        let (a, b) = (Polyphase::new(1000, 500), Polyphase::new(2, 1));
        assert_eq!((a.up, a.down, a.taps), (b.up, b.down, b.taps));
    }
}
