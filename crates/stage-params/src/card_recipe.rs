//! The recipe in a model's card: steps, or the name of a built-in recipe.

use ecgfm_recipe::steps::{RecipeStep, RecipeSteps, built_in};
use serde::{Deserialize, Serialize};

/// Steps from a recording to what a model is given, and the name that they go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRecipe")]
pub struct CardRecipe {
    /// Name of a built-in recipe; none for steps that go by no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The steps, which decide also where there is a name.
    pub steps: RecipeSteps,
}

impl CardRecipe {
    /// The built-in recipe of that name, without a leading `trim_padding`, which is of an archive and not of a model.
    ///
    /// # Errors
    /// A name that is none of [`BUILT_IN`](ecgfm_recipe::steps::BUILT_IN).
    ///
    /// ```
    /// let recipe = ecgfm_stage_params::CardRecipe::built_in("ecg_fm").unwrap();
    /// assert_eq!(recipe.steps.0[0].name(), "resample");
    /// ```
    pub fn built_in(name: &str) -> Result<Self, ecgfm_recipe::Error> {
        let mut steps = built_in(name)?;
        if steps.0.first().is_some_and(|step| step.name() == "trim_padding") {
            steps.0.remove(0);
        }
        let name = Some(name.to_owned());
        Ok(Self { name, steps })
    }

    /// True for ECG-FM's steps, whatever their settings, that standardise.
    pub fn is_ecg_fm(&self) -> bool {
        self.steps
            .as_ecg_fm()
            .is_some_and(|settings| settings.standardize)
    }
}

/// Steps that cut segments as long as those of `other`.
pub(crate) fn with_length_of(mut steps: RecipeSteps, other: &RecipeSteps) -> RecipeSteps {
    let length = other.0.iter().find_map(|step| match step {
        RecipeStep::Segments { samples, .. } => Some(*samples),
        _ => None,
    });
    for step in &mut steps.0 {
        if let (RecipeStep::Segments { samples, .. }, Some(length)) = (step, length) {
            *samples = length;
        }
    }
    steps
}

/// The recipe as a card may say it: by name, by steps, or both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRecipe {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    steps: Option<RecipeSteps>,
}

impl TryFrom<WrittenRecipe> for CardRecipe {
    type Error = String;

    fn try_from(written: WrittenRecipe) -> Result<Self, String> {
        let recipe = match (written.name, written.steps) {
            (name, Some(steps)) => Self { name, steps },
            (Some(name), None) => Self::built_in(&name).map_err(|e| e.to_string())?,
            (None, None) => return Err("recipe: give `name` or `steps`".to_owned()),
        };
        recipe.steps.check().map_err(|e| format!("recipe: {e}"))?;
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(recipe: Value) -> Result<CardRecipe, String> {
        serde_json::from_value(recipe).map_err(|e| e.to_string())
    }

    #[test]
    fn a_recipe_by_name_has_the_built_in_steps_and_is_written_with_them() {
        let recipe = read(json!({ "name": "ecgfounder" })).unwrap();
        assert_eq!(recipe.steps, built_in("ecgfounder").unwrap());
        assert_eq!(read(serde_json::to_value(&recipe).unwrap()), Ok(recipe));
    }

    #[test]
    fn a_recipe_that_is_unknown_empty_or_looks_at_other_ecgs_is_refused_with_the_reason() {
        let cut = json!({ "step": "segments", "take": "first", "samples": 2500 });
        for (recipe, problem) in [
            (json!({}), "give `name` or `steps`"),
            (json!({ "name": "ecgfounders" }), "`ecgfounders` is none of"),
            (json!({ "step": [] }), "unknown field `step`"),
            (json!({ "steps": [] }), "recipe: "),
            (
                json!({ "steps": [{ "step": "scale_by_batch" }, cut] }),
                "looks at other ECGs",
            ),
        ] {
            let message = read(recipe).unwrap_err();
            assert!(message.contains(problem), "{message}");
        }
    }
}
