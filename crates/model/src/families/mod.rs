//! Families of networks: each in a module of its own behind one trait, and here the list of them.

mod ecg_fm;
mod ecg_jepa;
mod ecgfounder;
mod family;
#[cfg(test)]
mod golden;
mod hubert_ecg;
mod layers;
mod merl;
mod settings;
mod shapes;
mod st_mem;

pub use ecg_fm::EcgFm;
pub use ecg_jepa::{EcgJepa, JepaNetwork};
pub use ecgfounder::{EcgFounder, Net1d, Net1dStage};
pub use family::{Family, Network, NetworkInput, WeightShapes};
pub use hubert_ecg::{HubertEcg, HubertNetwork};
pub use merl::{Merl, MerlNetwork};
pub use st_mem::{StMem, StMemNetwork};

use crate::{Error, Result};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::FamilyMismatch;
use std::collections::BTreeSet;
use std::path::Path;

/// Names of a file's weights that are shown where it is of no family.
const SHOWN: usize = 5;

/// All families that are built.
pub const FAMILIES: [&dyn Family; 6] = [&EcgFm, &EcgFounder, &HubertEcg, &EcgJepa, &StMem, &Merl];

/// The network that a file holds, by the names and shapes of its weights.
///
/// # Errors
/// When it is of no family, which names what each lacks, or as [`Family::configure`].
pub fn find_network(file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
    find_family(file)?.configure(file, given)
}

/// The family of a file.
fn find_family(file: &WeightsFile) -> Result<&'static dyn Family> {
    let names: BTreeSet<&str> = file.weights().iter().map(|weight| weight.name.as_str()).collect();
    let mut tried = Vec::new();
    for family in FAMILIES {
        match family.kind().prefix_of(&names) {
            Ok(_) => return Ok(family),
            Err(missing) => tried.push(FamilyMismatch {
                family: family.kind(),
                missing,
            }),
        }
    }
    // A configuration of the reference's training code says more than names do; what it lacks is told there.
    if file.configuration().is_some() {
        return Ok(&EcgFm);
    }
    file.required()?;
    Err(Error::NoFamily {
        path: file.path().to_owned(),
        names: names.iter().take(SHOWN).map(ToString::to_string).collect(),
        tried,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_stage_params::ModelFamily;

    #[test]
    fn every_family_that_a_card_may_name_is_built() {
        assert_eq!(FAMILIES.map(Family::kind), ModelFamily::ALL);
    }
}
