//! Histograms of scores over 0 … 1.

/// Number of bins of equal width.
pub const BINS: usize = 20;

/// Scores of one label, in bins, the two classes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// Counts of the rows in which the label is present.
    pub positives: Vec<u64>,
    /// Counts of the rows in which it is absent.
    pub negatives: Vec<u64>,
}

impl Histogram {
    /// Counts scores in 0 … 1. Bin i holds i/20 ≤ score < (i+1)/20, the last one also 1.
    pub fn count(truth: &[bool], scores: &[f32]) -> Self {
        let mut out = Self {
            positives: vec![0; BINS],
            negatives: vec![0; BINS],
        };
        for (&truth, &score) in truth.iter().zip(scores) {
            let bin = ((f64::from(score) * BINS as f64) as usize).min(BINS - 1);
            let class = if truth {
                &mut out.positives
            } else {
                &mut out.negatives
            };
            class[bin] += 1;
        }
        out
    }

    /// The ends of the bins, one more than there are bins.
    pub fn edges() -> Vec<f64> {
        (0..=BINS).map(|i| i as f64 / BINS as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin_and_the_ends_are_held() {
        let histogram = Histogram::count(&[true, false, true, false], &[0.0, 1.0, 0.049, 0.5]);
        assert_eq!(histogram.positives[0], 2);
        assert_eq!((histogram.negatives[BINS - 1], histogram.negatives[10]), (1, 1));
        assert_eq!(
            histogram
                .positives
                .iter()
                .chain(&histogram.negatives)
                .sum::<u64>(),
            4
        );
    }
}
