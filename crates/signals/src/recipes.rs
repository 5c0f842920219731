//! The recipes of all recordings of a run.

use crate::error::Result;
use crate::params::Params;
use ecgfm_artifacts::recipe::Recipe;

/// One recipe in two forms: for recordings that are filled with zeros at both ends, and for those that are not.
pub(crate) struct Recipes {
    padded: Recipe,
    unpadded: Recipe,
}

impl Recipes {
    /// The recipe that the parameters name.
    ///
    /// # Errors
    /// A parameter that makes no sense.
    pub(crate) fn new(params: &Params) -> Result<Self> {
        Ok(Self {
            padded: params.recipe(true)?,
            unpadded: params.recipe(false)?,
        })
    }

    /// The form for recordings that are filled with zeros at both ends, or not.
    pub(crate) fn of(&self, zero_padded: bool) -> &Recipe {
        match zero_padded {
            true => &self.padded,
            false => &self.unpadded,
        }
    }

    /// Either form, where leads, rate and length are asked for, in which both are alike.
    pub(crate) fn any(&self) -> &Recipe {
        &self.unpadded
    }
}
