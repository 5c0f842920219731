//! Leads by name, in the order of a model.

use super::cut::Rows;
use super::step::MissingLead;
use crate::error::{Error, Result};

/// The rows of these leads, in this order. Names are compared in any case.
pub(super) fn choose(
    (names, rows): (&[String], &[Vec<f64>]),
    wanted: &[String],
    missing: MissingLead,
    derive: bool,
) -> Result<Rows> {
    let samples = rows.first().map_or(0, Vec::len);
    let find = |name: &str| {
        let place = names
            .iter()
            .position(|n| n.trim().eq_ignore_ascii_case(name.trim()))?;
        rows.get(place)
    };
    let derived = |name: &str| {
        if derive {
            limb_lead(name, find("I")?, find("II")?)
        } else {
            None
        }
    };
    let lead = |name: &String| {
        if let Some(row) = find(name).cloned().or_else(|| derived(name)) {
            return Ok(row);
        }
        match missing {
            MissingLead::Refuse => Err(Error::MissingLead { name: name.clone() }),
            MissingLead::Zero => Ok(vec![0.0; samples]),
            MissingLead::Nan => Ok(vec![f64::NAN; samples]),
        }
    };
    wanted.iter().map(lead).collect()
}

/// A limb lead by Einthoven's and Goldberger's laws.
fn limb_lead(name: &str, one: &[f64], two: &[f64]) -> Option<Vec<f64>> {
    let law: fn(f64, f64) -> f64 = match name.to_ascii_lowercase().as_str() {
        "iii" => |one, two| two - one,
        "avr" => |one, two| -(one + two) / 2.0,
        "avl" => |one, two| one - two / 2.0,
        "avf" => |one, two| two - one / 2.0,
        _ => return None,
    };
    Some(one.iter().zip(two).map(|(one, two)| law(*one, *two)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wanted: &[&str], missing: MissingLead, derive: bool) -> Result<Rows> {
        let names = ["ii".to_owned(), "I".to_owned()];
        let rows = [vec![3.0], vec![1.0]];
        let wanted: Vec<String> = wanted.iter().map(|n| (*n).to_owned()).collect();
        choose((&names, &rows), &wanted, missing, derive)
    }

    #[test]
    fn leads_are_found_by_name_and_limb_leads_are_derived() {
        assert_eq!(
            chosen(&["I", "II"], MissingLead::Refuse, false).unwrap(),
            [[1.0], [3.0]]
        );
        let all = chosen(&["III", "aVR", "aVL", "aVF"], MissingLead::Refuse, true).unwrap();
        assert_eq!(all, [[2.0], [-2.0], [-0.5], [2.5]]);
    }

    #[test]
    fn a_missing_lead_is_refused_zero_or_nan() {
        let message = chosen(&["V1"], MissingLead::Refuse, true)
            .unwrap_err()
            .to_string();
        assert_eq!(message, "leads: the recording has no lead V1");
        assert_eq!(chosen(&["V1"], MissingLead::Zero, false).unwrap(), [[0.0]]);
        assert!(chosen(&["V1"], MissingLead::Nan, false).unwrap()[0][0].is_nan());
    }
}
