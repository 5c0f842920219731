//! The twelve leads: names, order, and what the limb leads owe each other.

use crate::error::{Error, Result};

/// Names in the order in which every array of this project holds the leads.
pub const NAMES: [&str; COUNT] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// Number of leads.
pub const COUNT: usize = 12;

/// Position of the lead of that name, in any case.
///
/// ```
/// assert_eq!(ecgfm_recipe::leads::position("AVL"), Some(4));
/// assert_eq!(ecgfm_recipe::leads::position("V7"), None);
/// ```
pub fn position(name: &str) -> Option<usize> {
    NAMES.iter().position(|n| n.eq_ignore_ascii_case(name.trim()))
}

/// Positions of the leads of those names, in the standard order whatever the order given: models know leads by place.
///
/// # Errors
/// An unknown name, a lead named twice, no name at all.
///
/// ```
/// assert_eq!(ecgfm_recipe::leads::select(&["V1", "I"]).unwrap(), [0, 6]);
/// ```
pub fn select<S: AsRef<str>>(names: &[S]) -> Result<Vec<usize>> {
    let mut positions = Vec::with_capacity(names.len());
    for name in names {
        let name = name.as_ref();
        let lead = position(name).ok_or_else(|| Error::UnknownLead {
            name: name.to_owned(),
        })?;
        if positions.contains(&lead) {
            return Err(Error::RepeatedLead { lead: NAMES[lead] });
        }
        positions.push(lead);
    }
    positions.sort_unstable();
    if positions.is_empty() {
        Err(Error::NoLeads)
    } else {
        Ok(positions)
    }
}

/// By how much one sample of the limb leads breaks the laws that tie them, in the unit of the leads; all 0 for
/// electrodes that are where they should be.
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

    #[test]
    fn a_list_of_leads_is_checked_by_name() {
        assert_eq!(select(&["v6", "aVR", "II"]), Ok(vec![1, 3, 11]));
        assert_eq!(select::<&str>(&[]), Err(Error::NoLeads));
        assert_eq!(select(&["I", "i"]), Err(Error::RepeatedLead { lead: "I" }));
        let message = select(&["VII"]).unwrap_err().to_string();
        assert!(
            message.starts_with("leads: `VII` is not a lead; the leads are I, II, III, aVR"),
            "{message}"
        );
    }

    #[test]
    fn names_are_found_where_they_stand() {
        assert!(NAMES.iter().enumerate().all(|(i, n)| position(n) == Some(i)));
    }

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
