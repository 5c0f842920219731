//! Leads that a recording lacks, where the archive's policy and a recipe's own step meet.

use crate::recipe::steps::SegmentRecipe;
use crate::recordings::{LeadSupply, MissingLeads, Recording};

/// How a recording is brought into the standard leads: as the policy says, unless the recipe selects leads. Then those that
/// nothing determines are NaN here, and [withheld](withheld_leads) from the recipe, whose step says what becomes of its own; limb
/// leads are derived where that step or the policy derives them.
pub fn lead_supply(recipe: &SegmentRecipe, policy: MissingLeads) -> LeadSupply {
    let of_policy = LeadSupply::from(policy);
    match recipe.supplies_leads() {
        None => of_policy,
        Some(derives) => LeadSupply {
            derive: derives || of_policy.derive,
            fill: Some(f64::NAN),
        },
    }
}

/// Leads that the steps of a recipe are not given, because the recording lacks them and a step says what becomes of that.
pub fn withheld_leads<'a>(recipe: &SegmentRecipe, recording: &'a Recording) -> &'a [&'static str] {
    match recipe.supplies_leads() {
        None => &[],
        Some(_) => &recording.absent_leads,
    }
}
