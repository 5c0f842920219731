//! Distance of probabilities from outcomes: Brier score, log loss, calibration.

use super::interval::{Interval, wilson_interval};

/// Bins of the calibration curve, of equal width over 0 … 1.
pub const BINS: usize = 10;

/// Mean squared difference of probability and outcome (G. W. Brier, Mon. Weather Rev. 78, 1950); undefined without rows.
pub fn brier_score(truth: &[bool], scores: &[f32]) -> Option<f64> {
    mean_error(truth, scores, squared_error)
}

/// Mean negative logarithm of the probability of what happened; undefined without rows.
///
/// A probability of exactly 0 or 1, which float32 reaches, would make it infinite. As scikit-learn does for double
/// precision, probabilities are held within 2⁻⁵² of 0 and 1.
pub fn log_loss(truth: &[bool], scores: &[f32]) -> Option<f64> {
    mean_error(truth, scores, log_error)
}

/// Part of a row in the Brier score.
pub(crate) fn squared_error(truth: bool, score: f32) -> f64 {
    let error = f64::from(score) - f64::from(u8::from(truth));
    error * error
}

/// Part of a row in the log loss.
pub(crate) fn log_error(truth: bool, score: f32) -> f64 {
    let p = f64::from(score).clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    -(if truth { p } else { 1.0 - p }).ln()
}

fn mean_error(truth: &[bool], scores: &[f32], error: fn(bool, f32) -> f64) -> Option<f64> {
    let sum: f64 = truth.iter().zip(scores).map(|(&t, &s)| error(t, s)).sum();
    (!scores.is_empty()).then(|| sum / scores.len() as f64)
}

/// Bin of a calibration curve that has rows in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Lower end of the bin, which reaches to that of the next.
    pub from: f64,
    /// Rows in it.
    pub count: u64,
    /// Rows among them in which the label is present.
    pub positives: u64,
    /// Mean probability of its rows.
    pub mean: f64,
    /// Wilson's interval of the share of positives.
    pub observed: Interval,
}

/// Rows in bins of equal width by probability; bin i holds i/10 ≤ p < (i+1)/10, the last one also 1. Empty ones are left
/// out.
pub fn calibration_curve(truth: &[bool], scores: &[f32]) -> Vec<Bin> {
    let mut sums = [(0u64, 0u64, 0.0f64); BINS];
    for (&truth, &score) in truth.iter().zip(scores) {
        let bin = ((f64::from(score) * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += u64::from(truth);
        sums[bin].2 += f64::from(score);
    }
    let bins = sums.into_iter().enumerate();
    bins.filter_map(|(i, (count, positives, sum))| {
        Some(Bin {
            from: i as f64 / BINS as f64,
            count,
            positives,
            mean: sum / count as f64,
            observed: wilson_interval(positives, count)?,
        })
    })
    .collect()
}

/// Expected calibration error: the mean over rows of the difference between their bin's mean probability and its share of
/// positives (M. P. Naeini et al., AAAI 2015); undefined without rows.
pub fn expected_calibration_error(bins: &[Bin]) -> Option<f64> {
    let rows: u64 = bins.iter().map(|bin| bin.count).sum();
    let off = |bin: &Bin| (bin.mean * bin.count as f64 - bin.positives as f64).abs();
    (rows > 0).then(|| bins.iter().map(off).sum::<f64>() / rows as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rows_nothing_is_defined() {
        assert_eq!((brier_score(&[], &[]), log_loss(&[], &[])), (None, None));
        assert_eq!(expected_calibration_error(&calibration_curve(&[], &[])), None);
    }

    #[test]
    fn certainty_costs_nothing_when_right_and_much_but_not_everything_when_wrong() {
        assert_eq!(brier_score(&[true, false], &[1.0, 0.0]), Some(0.0));
        assert!(log_loss(&[true, false], &[1.0, 0.0]).unwrap() < 1e-15);
        let wrong = log_loss(&[true], &[0.0]).unwrap();
        assert!((wrong - 52.0 * std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn calibration_error_is_how_far_bins_are_off() {
        // 0.25 and 0.35 fall in two bins: one never positive, one always.
        let bins = calibration_curve(&[false, true, true, false], &[0.25, 0.35, 0.35, 0.25]);
        assert_eq!(
            bins.iter()
                .map(|b| (b.from, b.count, b.positives))
                .collect::<Vec<_>>(),
            [(0.2, 2, 0), (0.3, 2, 2)]
        );
        let expected = (0.25 + 0.65) / 2.0;
        assert!((expected_calibration_error(&bins).unwrap() - expected).abs() < 1e-7);
    }

    proptest::proptest! {
        #[test]
        fn every_row_is_in_one_bin(rows in proptest::collection::vec((proptest::bool::ANY, 0.0f32..=1.0), 1..200)) {
            let (truth, scores): (Vec<bool>, Vec<f32>) = rows.into_iter().unzip();
            let bins = calibration_curve(&truth, &scores);
            proptest::prop_assert_eq!(bins.iter().map(|b| b.count).sum::<u64>(), truth.len() as u64);
            for bin in &bins {
                proptest::prop_assert!(bin.mean >= bin.from - 1e-9 && bin.mean <= bin.from + 0.1 + 1e-9);
            }
            let ece = expected_calibration_error(&bins).unwrap();
            proptest::prop_assert!((0.0..=1.0).contains(&ece) && ece * ece <= brier_score(&truth, &scores).unwrap() + 1e-9);
        }
    }
}
