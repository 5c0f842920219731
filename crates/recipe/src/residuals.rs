//! By how much samples of the limb leads break the laws that tie them: the definition, sample by sample.

use crate::error::{Error, Result};
use crate::leads::COUNT;

/// What the laws that tie the limb leads leave of one sample, in the unit of the leads; all 0 for electrodes that are where they should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residuals {
    /// I + III − II (Einthoven).
    pub einthoven: f64,
    /// aVR + (I + II) / 2 (Goldberger).
    pub avr: f64,
    /// aVL − (I − III) / 2.
    pub avl: f64,
    /// aVF − (II + III) / 2.
    pub avf: f64,
}

impl Residuals {
    /// Of one sample of twelve leads.
    pub fn of(sample: &[f32; COUNT]) -> Self {
        let [i, ii, iii, avr, avl, avf] = std::array::from_fn(|l| f64::from(sample[l]));
        Self {
            einthoven: i + iii - ii,
            avr: avr + (i + ii) / 2.0,
            avl: avl - (i - iii) / 2.0,
            avf: avf - (ii + iii) / 2.0,
        }
    }

    /// The largest of the four in magnitude; NaN if one is.
    pub fn worst(&self) -> f64 {
        let all = [self.einthoven, self.avr, self.avl, self.avf].map(f64::abs);
        all.into_iter()
            .fold(0.0, |worst, v| if v.is_nan() || worst < v { v } else { worst })
    }
}

/// The largest residual of a recording of twelve leads (sample-major).
///
/// # Errors
/// `samples` does not hold whole samples.
pub fn worst_residual(samples: &[f32]) -> Result<f64> {
    let (rows, rest) = samples.as_chunks::<COUNT>();
    if !rest.is_empty() {
        return Err(Error::Shape {
            len: samples.len(),
            leads: COUNT,
        });
    }
    Ok(rows
        .iter()
        .map(|r| Residuals::of(r).worst())
        .fold(0.0, |a, b| if b.is_nan() || a < b { b } else { a }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn leads_made_from_three_electrodes_break_no_law(ra in -2f32..2.0, la in -2f32..2.0, ll in -2f32..2.0) {
            let mut sample = [0f32; COUNT];
            let (i, ii, iii) = (la - ra, ll - ra, ll - la);
            sample[..6].copy_from_slice(&[i, ii, iii, -(i + ii) / 2.0, (i - iii) / 2.0, (ii + iii) / 2.0]);
            prop_assert!(Residuals::of(&sample).worst() < 2e-6);
            sample[4] += 0.5;
            prop_assert!((Residuals::of(&sample).worst() - 0.5).abs() < 2e-6);
        }
    }
}
