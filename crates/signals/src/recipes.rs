//! The recipes of a run, and where the segments of each go.

use crate::error::{Error, Result};
use crate::overrides::override_steps;
use crate::params::{Params, Store};
use crate::recipe_source::load_recipe;
use ecgfm_artifacts::manifests;
use ecgfm_artifacts::recipe::EcgFm;
use ecgfm_artifacts::recipe::steps::{RecipeForm, RecipeSteps, SegmentRecipe};
use std::path::{Path, PathBuf};

/// One recipe in two forms: for recordings that are filled with zeros at both ends, and for those that are not.
#[derive(Debug)]
pub(crate) struct Recipes {
    padded: SegmentRecipe,
    unpadded: SegmentRecipe,
}

impl Recipes {
    fn of_ecg_fm(settings: &EcgFm) -> Result<Self> {
        let form = |trim_padding| {
            let settings = settings.clone();
            let recipe = SegmentRecipe::of_ecg_fm(EcgFm {
                trim_padding,
                ..settings
            });
            recipe.map_err(Error::of_recipe)
        };
        Ok(Self {
            padded: form(true)?,
            unpadded: form(false)?,
        })
    }

    fn of_steps(steps: &RecipeSteps) -> Result<Self> {
        let form = |zero_padded| {
            let recipe = SegmentRecipe::of_steps(steps, zero_padded);
            recipe.map_err(|error| Error::parameter("recipe", format!("makes no sense: {error}")))
        };
        Ok(Self {
            padded: form(true)?,
            unpadded: form(false)?,
        })
    }

    /// The form for recordings that are filled with zeros at both ends, or not.
    pub(crate) fn of(&self, zero_padded: bool) -> &SegmentRecipe {
        match zero_padded {
            true => &self.padded,
            false => &self.unpadded,
        }
    }

    /// Either form, where leads, rate and length are asked for, in which both are alike.
    pub(crate) fn any(&self) -> &SegmentRecipe {
        &self.unpadded
    }
}

/// One of the recipes of a run, and where its tables and segments go.
#[derive(Debug)]
pub(crate) struct StoreTarget {
    /// Name, and directory inside the stage's; none where there is one recipe, which has all of it.
    pub(crate) name: Option<String>,
    pub(crate) recipes: Recipes,
}

impl StoreTarget {
    /// Its directory inside that of the stage.
    pub(crate) fn dir(&self, stage: &Path) -> PathBuf {
        self.name
            .as_ref()
            .map_or_else(|| stage.to_owned(), |name| stage.join(name))
    }
}

/// The recipes that the parameters name, in the order of their names.
///
/// # Errors
/// A recipe that cannot be read or makes no sense, settings that do not fit it, a store that cannot hold its segments.
pub(crate) fn store_targets(params: &Params) -> Result<Vec<StoreTarget>> {
    check_together(params)?;
    let targets = match (&params.recipe, params.recipes.is_empty()) {
        (None, true) => vec![StoreTarget {
            name: None,
            recipes: Recipes::of_ecg_fm(&params.ecg_fm())?,
        }],
        (Some(recipe), _) => vec![StoreTarget {
            name: None,
            recipes: Recipes::of_steps(&override_steps(load_recipe(recipe)?, params)?)?,
        }],
        (None, false) => {
            let named = params.recipes.iter().map(|(name, recipe)| {
                Ok(StoreTarget {
                    name: Some(name.clone()),
                    recipes: Recipes::of_steps(&load_recipe(recipe)?)?,
                })
            });
            named.collect::<Result<Vec<_>>>()?
        }
    };
    let other = |target: &&StoreTarget| matches!(target.recipes.any().form(), RecipeForm::Steps(_));
    if params.store == Store::Mat
        && let Some(target) = targets.iter().find(other)
    {
        let recipe = target.name.as_ref().or(params.recipe.as_ref());
        let what = format!(
            "is `mat`, which holds what ECG-FM's recipe makes at each of its steps, and the recipe is `{}`: use `packed`, \
             `packed16` or `view`",
            recipe.map_or("another", String::as_str)
        );
        return Err(Error::parameter("store", what));
    }
    Ok(targets)
}

/// Refuses parameters that contradict each other, whatever the recipes are.
pub(crate) fn check_together(params: &Params) -> Result<()> {
    if params.recipes.is_empty() {
        return Ok(());
    }
    if params.recipe.is_some() {
        let what = "is given beside `recipes`, which names them all: give one of them";
        return Err(Error::parameter("recipe", what));
    }
    let settings = [
        ("sample_rate", params.sample_rate.is_some()),
        ("segment_seconds", params.segment_seconds.is_some()),
        ("leads", params.leads.is_some()),
        ("constant_leads", params.constant_leads.is_some()),
        ("standardize", params.standardize.is_some()),
    ];
    if let Some((name, _)) = settings.into_iter().find(|(_, given)| *given) {
        let what = "changes a step of one recipe; with `recipes`, write it into the files of those that it is meant for";
        return Err(Error::parameter(name, what));
    }
    if params.store == Store::Mat {
        let what = "is `mat`, which holds one recipe's segments: use `packed`, `packed16` or `view`";
        return Err(Error::parameter("store", what));
    }
    match params.recipes.keys().find(|name| !manifests::is_plain(name)) {
        None => Ok(()),
        Some(name) => {
            let what = format!(
                "has the name `{}`: names are {}",
                name.escape_debug(),
                manifests::PLAIN
            );
            Err(Error::parameter("recipes", what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn targets(mut with: Value) -> Result<Vec<StoreTarget>> {
        with["raw"] = "raw".into();
        store_targets(&serde_json::from_value(with).unwrap())
    }

    #[test]
    fn the_recipe_that_is_not_named_is_that_of_ecg_fm() {
        let form = |with| {
            let mut targets = targets(with).unwrap();
            targets.remove(0).recipes.of(true).clone()
        };
        assert_eq!(form(json!({})), form(json!({"recipe": "ecg_fm"})));
        assert_eq!(
            form(json!({"sample_rate": 250, "segment_seconds": 2})),
            form(json!({"recipe": "ecg_fm", "sample_rate": 250, "segment_seconds": 2}))
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (with, words) in [
            (
                json!({"recipe": "merl", "store": "mat"}),
                "parameter `store` is `mat`",
            ),
            (
                json!({"recipe": "merl", "recipes": {"a": "merl"}}),
                "`recipe` is given beside `recipes`",
            ),
            (
                json!({"recipes": {"a": "merl"}, "standardize": true}),
                "`standardize` changes a step of one recipe",
            ),
            (
                json!({"recipes": {"a": "ecg_fm"}, "store": "mat"}),
                "holds one recipe's segments",
            ),
            (
                json!({"recipes": {"a/b": "merl"}}),
                "has the name `a/b`: names are",
            ),
            (json!({"recipes": {"a": "bert"}}), "no such file; built in are"),
        ] {
            let message = targets(with).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
