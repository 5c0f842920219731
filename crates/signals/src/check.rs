//! Checks of the parameters that need no data.

use crate::error::{Error, Result};
use crate::meta;
use crate::params::Params;
use crate::policy::Policy;
use ecgfm_artifacts::recipe::{Error as RecipeError, Recipe, leads};

impl Params {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// An unknown data set or lead, archives of one name, a rate or length that makes no sense, no threads, an `on_bad` that
    /// contradicts itself.
    pub fn check(&self) -> Result<()> {
        Policy::new(self)?;
        self.archives()?;
        self.check_recipe()
    }

    /// Names of the columns of `meta.csv`, given those of the raw table.
    pub fn columns(&self, raw: &[String]) -> Vec<String> {
        meta::header(raw, self.lead_count())
    }

    /// Number of leads that are kept.
    pub fn lead_count(&self) -> usize {
        self.leads.as_ref().map_or(leads::COUNT, Vec::len)
    }

    /// Checks the settings of the recipe.
    pub(crate) fn check_recipe(&self) -> Result<()> {
        self.recipe(true).map(drop)
    }

    /// The recipe for recordings that are filled with zeros at both ends, or not.
    pub(crate) fn recipe(&self, zero_padded: bool) -> Result<Recipe> {
        if self.threads == Some(0) {
            return Err(Error::parameter(
                "threads",
                "is 0; leave it out to use every processor",
            ));
        }
        self.recipe_settings(zero_padded).recipe().map_err(refused)
    }
}

/// An error of the recipe as one of the parameter, which it names itself: `leads: …`.
pub(crate) fn refused(error: RecipeError) -> Error {
    let name = match error {
        RecipeError::SampleRate { .. } => "sample_rate",
        RecipeError::SegmentLength { .. } => "segment_seconds",
        _ => "leads",
    };
    let text = error.to_string();
    let what = text
        .strip_prefix(name)
        .and_then(|t| t.strip_prefix(": "))
        .unwrap_or(&text);
    Error::parameter(name, format!("is refused: {what}"))
}
