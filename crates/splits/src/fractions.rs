//! Fractions to counts.

use crate::error::{Error, Result};

/// Sums this close to 1 are 1: decimal fractions are not exact in binary.
const TOLERANCE: f64 = 1e-9;

/// Completes fractions to a sum of 1: a sum above is normalised, a sum below gets the remainder appended.
///
/// # Errors
/// A fraction is negative or not finite, all are zero, or there is not one name a fraction.
pub(crate) fn complete_fractions(fractions: &[f64], names: usize) -> Result<Vec<f64>> {
    let sum: f64 = fractions.iter().sum();
    if fractions.iter().any(|f| !f.is_finite() || *f < 0.0) || sum <= 0.0 {
        return Err(Error::parameter(
            "fractions",
            "must be numbers of 0 or more that are not all 0",
        ));
    }
    let mut shares = fractions.to_vec();
    if sum > 1.0 + TOLERANCE {
        shares.iter_mut().for_each(|f| *f /= sum);
    } else if sum < 1.0 - TOLERANCE {
        shares.push(1.0 - sum);
    }
    if shares.len() != names {
        let remainder = if shares.len() > fractions.len() {
            ", the remainder included"
        } else {
            ""
        };
        let what = format!("has {names} names for {} splits{remainder}", shares.len());
        return Err(Error::parameter("names", what));
    }
    Ok(shares)
}

/// End of each split among `n` items: round-half-to-even(cumulative share × n); the last one ends at `n`.
pub(crate) fn split_ends(shares: &[f64], n: usize) -> Vec<usize> {
    let mut sum = 0.0;
    let cut = |share: &f64| {
        sum += share;
        ((sum * n as f64).round_ties_even() as usize).min(n)
    };
    let mut cuts: Vec<usize> = shares.iter().map(cut).collect();
    if let Some(last) = cuts.last_mut() {
        *last = n;
    }
    cuts
}

/// The split of the item at `position`, given where splits end.
pub(crate) fn split_at(cuts: &[usize], position: usize) -> usize {
    cuts.partition_point(|cut| *cut <= position)
        .min(cuts.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remainder_is_appended_and_an_excess_normalised() {
        assert_eq!(complete_fractions(&[0.25, 0.25], 3).unwrap(), [0.25, 0.25, 0.5]);
        assert_eq!(complete_fractions(&[3.0, 1.0], 2).unwrap(), [0.75, 0.25]);
        assert_eq!(complete_fractions(&[0.1, 0.2, 0.7], 3).unwrap(), [0.1, 0.2, 0.7]);
        assert!(
            complete_fractions(&[0.5, 0.4], 2)
                .unwrap_err()
                .to_string()
                .contains("2 names for 3 splits")
        );
        assert!(complete_fractions(&[-0.5, 1.5], 2).is_err());
        assert!(complete_fractions(&[f64::NAN], 1).is_err());
    }

    #[test]
    fn halves_are_rounded_to_even() {
        // 0.25 × 10 = 2.5 → 2 and 0.75 × 10 = 7.5 → 8.
        assert_eq!(split_ends(&[0.25, 0.5, 0.25], 10), [2, 8, 10]);
        assert_eq!(split_ends(&[0.01, 0.01, 0.98], 10), [0, 0, 10]);
    }

    #[test]
    fn every_position_has_the_split_it_lies_in() {
        let cuts = split_ends(&[0.2, 0.2, 0.6], 10);
        let splits: Vec<usize> = (0..10).map(|p| split_at(&cuts, p)).collect();
        assert_eq!(splits, [0, 0, 1, 1, 2, 2, 2, 2, 2, 2]);
    }
}
