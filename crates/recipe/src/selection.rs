//! Selection of leads by name.

use crate::error::{Error, Result};
use crate::leads::{NAMES, position};

/// Positions of the leads of those names, in the standard order whatever the order given: models know leads by place.
///
/// # Errors
/// An unknown name, a lead named twice, no name at all.
///
/// ```
/// assert_eq!(ecgfm_recipe::selection::select(&["V1", "I"]).unwrap(), [0, 6]);
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
