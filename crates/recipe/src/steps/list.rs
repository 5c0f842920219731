//! An ordered list of steps.

use super::check::CheckedRecipe;
use super::step::RecipeStep;
use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Steps from a recording to what a model is given, in order, as in a file of `configs/recipes/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RecipeSteps(pub Vec<RecipeStep>);

impl RecipeSteps {
    /// Reads YAML.
    ///
    /// # Errors
    /// What is no list of steps, with the line and column.
    ///
    /// ```
    /// use ecgfm_recipe::steps::RecipeSteps;
    /// let steps = RecipeSteps::parse("- {step: notch, hz: 50, q: 30}\n- {step: resample, method: fft, samples: 2500}").unwrap();
    /// assert_eq!(steps.check().unwrap().samples(), 2500);
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        serde_yaml::from_str(text).map_err(|e| Error::NoRecipe {
            problem: e.to_string(),
        })
    }

    /// Checks the steps before there is any recording.
    ///
    /// # Errors
    /// A step that is repeated or out of order, or a parameter that makes no sense; a step that looks at other ECGs; steps
    /// that do not lead to one length.
    pub fn check(&self) -> Result<CheckedRecipe> {
        CheckedRecipe::new(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_steps_and_fields_are_refused_with_their_place() {
        for text in [
            "- {step: dance}",
            "- {step: notch, hz: 50, q: 30, width: 2}",
            "- notch",
        ] {
            let message = RecipeSteps::parse(text).unwrap_err().to_string();
            assert!(message.starts_with("recipe: "), "{message}");
        }
    }
}
