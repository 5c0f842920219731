//! The standard twelve leads out of whatever leads a file has: by name, never by position.
//!
//! Two of the leads I, II and III determine the third and the three augmented ones (Einthoven 1908; Goldberger 1942):
//!
//! ```text
//! III = II − I     aVR = −(I + II) / 2     aVL = (I − III) / 2     aVF = (II + III) / 2
//! ```

use crate::lead_names::standard_name;
use ecgfm_recipe::leads;
use ecgfm_recipe::sample::Sample;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of a recording that lacks a standard lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingLeads {
    /// It is set aside.
    #[default]
    Refuse,
    /// Limb leads are computed from two of I, II and III; a recording that lacks any other lead is set aside.
    Derive,
    /// Limb leads are computed as by `derive`; any other lead is 0 throughout.
    Zero,
    /// Limb leads are computed as by `derive`; any other lead is NaN throughout.
    Nan,
}

/// What is done about the standard leads that a recording lacks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeadSupply {
    /// True where limb leads are computed from two of I, II and III.
    pub derive: bool,
    /// Value of any other lead throughout; none where a recording without it is refused.
    pub fill: Option<f64>,
}

impl From<MissingLeads> for LeadSupply {
    fn from(policy: MissingLeads) -> Self {
        Self {
            derive: policy != MissingLeads::Refuse,
            fill: match policy {
                MissingLeads::Refuse | MissingLeads::Derive => None,
                MissingLeads::Zero => Some(0.0),
                MissingLeads::Nan => Some(f64::NAN),
            },
        }
    }
}

/// Why the leads of a recording do not make the standard twelve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeadProblem {
    /// A standard lead is missing.
    #[error("lead {0} is missing")]
    Missing(&'static str),
    /// Two leads have one name, and nothing says which is meant.
    #[error("lead {0} appears twice")]
    Repeated(&'static str),
}

/// Where the values of a standard lead come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LeadSource {
    /// Position of the lead in the file.
    Position(usize),
    /// Sum of two leads of the file, by position, under these weights.
    Combination([(usize, f64); 2]),
    /// One value throughout.
    Constant(f64),
}

/// Number of limb leads, the first of the twelve.
const LIMB: usize = 6;

/// The limb leads I, II, III, aVR, aVL, aVF as sums of I and II under these weights.
pub(crate) const BY_I_AND_II: [[f64; 2]; LIMB] = [
    [1.0, 0.0],
    [0.0, 1.0],
    [-1.0, 1.0],
    [-0.5, -0.5],
    [1.0, -0.5],
    [-0.5, 1.0],
];

/// Where each of the standard leads comes from, given the names of the leads of a file.
///
/// # Errors
/// A lead is missing and is not supplied, or appears twice.
pub(crate) fn sources(
    names: &[String],
    supply: LeadSupply,
) -> Result<[LeadSource; leads::COUNT], LeadProblem> {
    let mut held = [None; leads::COUNT];
    for (at, name) in names.iter().enumerate() {
        let Some(lead) = standard_name(name).and_then(leads::position) else {
            continue;
        };
        if held[lead].replace(at).is_some() {
            return Err(LeadProblem::Repeated(leads::NAMES[lead]));
        }
    }
    let mut sources = [LeadSource::Constant(0.0); leads::COUNT];
    for (lead, source) in sources.iter_mut().enumerate() {
        let derived = || supply.derive.then(|| derive(lead, &held)).flatten();
        *source = held[lead]
            .map(LeadSource::Position)
            .or_else(derived)
            .or(supply.fill.map(LeadSource::Constant))
            .ok_or(LeadProblem::Missing(leads::NAMES[lead]))?;
    }
    Ok(sources)
}

/// A limb lead from two of I, II and III, whose positions are among `held`.
fn derive(lead: usize, held: &[Option<usize>; leads::COUNT]) -> Option<LeadSource> {
    let [i, ii] = *BY_I_AND_II.get(lead)?;
    // I = II - III and II = I + III turn the sum into one of the two leads that are there.
    let combination = match (held[0], held[1], held[2]) {
        (Some(first), Some(second), _) => [(first, i), (second, ii)],
        (Some(first), None, Some(third)) => [(first, i + ii), (third, ii)],
        (None, Some(second), Some(third)) => [(second, i + ii), (third, -i)],
        _ => return None,
    };
    Some(LeadSource::Combination(combination))
}

/// Samples (sample-major, `count` leads each) as samples of the leads that `sources` describe.
pub(crate) fn arrange<S: Sample>(
    samples: &[S],
    count: usize,
    sources: &[LeadSource; leads::COUNT],
) -> Vec<S> {
    let mut arranged = Vec::with_capacity(samples.len() / count.max(1) * leads::COUNT);
    for sample in samples.chunks_exact(count.max(1)) {
        arranged.extend(sources.iter().map(|source| match source {
            LeadSource::Position(at) => sample[*at],
            LeadSource::Combination([(a, by_a), (b, by_b)]) => {
                S::nearest(by_a * sample[*a].to_f64() + by_b * sample[*b].to_f64())
            }
            LeadSource::Constant(value) => S::nearest(*value),
        }));
    }
    arranged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(leads: &[&str]) -> Vec<String> {
        leads.iter().map(|lead| (*lead).to_owned()).collect()
    }

    #[test]
    fn a_chest_lead_is_refused_zero_or_nan_as_the_policy_says() {
        let held = names(&["I", "II", "V1", "V2", "V3", "V4", "V5"]);
        assert_eq!(
            sources(&held, MissingLeads::Refuse.into()),
            Err(LeadProblem::Missing("III"))
        );
        assert_eq!(
            sources(&held, MissingLeads::Derive.into()),
            Err(LeadProblem::Missing("V6"))
        );
        let zero = sources(&held, MissingLeads::Zero.into()).unwrap();
        assert_eq!(zero[11], LeadSource::Constant(0.0));
        let nan = arrange(
            &[1.0, 3.0, 0.1, 0.2, 0.3, 0.4, 0.5],
            7,
            &sources(&held, MissingLeads::Nan.into()).unwrap(),
        );
        assert_eq!(
            nan[..11],
            [1.0, 3.0, 2.0, -2.0, -0.5, 2.5, 0.1, 0.2, 0.3, 0.4, 0.5]
        );
        assert!(nan[11].is_nan());
    }

    #[test]
    fn leads_are_found_by_any_spelling_and_none_twice() {
        let mut held = names(&[
            "Lead I",
            "DII",
            "iii",
            "AVR",
            "MDC_ECG_LEAD_AVL",
            "aVF",
            "v1",
            "V2",
            "V3",
            "V4",
            "V5",
            "V6",
        ]);
        let found = sources(&held, MissingLeads::Refuse.into()).unwrap();
        assert!((0..12).all(|lead| found[lead] == LeadSource::Position(lead)));
        held.push("II".to_owned());
        assert_eq!(
            sources(&held, MissingLeads::Nan.into()),
            Err(LeadProblem::Repeated("II"))
        );
    }

    proptest! {
        #[test]
        fn any_two_of_the_three_give_the_six(i in -5f64..5.0, iii in -5f64..5.0, left_out in 0usize..3) {
            let ii = i + iii;
            let all = [i, ii, iii, -(i + ii) / 2.0, (i - iii) / 2.0, (ii + iii) / 2.0];
            let chest = &leads::NAMES[LIMB..];
            let two: Vec<usize> = (0..3).filter(|lead| *lead != left_out).collect();
            let held: Vec<&str> = two.iter().map(|lead| leads::NAMES[*lead]).chain(chest.iter().copied()).collect();
            let mut sample: Vec<f64> = two.iter().map(|lead| all[*lead]).collect();
            sample.extend([0.0; LIMB]);
            let sources = sources(&names(&held), MissingLeads::Derive.into()).unwrap();
            let made = arrange(&sample, sample.len(), &sources);
            for (made, wanted) in made.iter().zip(all) {
                prop_assert!((made - wanted).abs() < 1e-12, "{made} {wanted}");
            }
        }
    }
}
