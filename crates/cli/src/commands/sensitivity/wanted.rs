//! What is asked for, with what the model's card says of itself.

use crate::args::SensitivityArgs;
use crate::errors::{file_error, of_stage};
use ecgfm_artifacts::labelset::{Definition, LabelSet, Mapping};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::steps::{RecipeStep, RecipeSteps};
use ecgfm_stage_params::{CardError, ModelCard};
use ecgfm_system::presence::is_file;
use std::path::Path;

/// Recipe where neither the command nor the card names one.
const USUAL_RECIPE: &str = "ecg_fm";

/// Recipe, labels and truth to compare with.
pub(super) struct Wanted {
    /// The model's recipe, without a step that belongs to an archive.
    pub(super) recipe: RecipeSteps,
    /// Label set of the model, by name or file.
    pub(super) labels: String,
    /// Meaning of the model's values, where it is known.
    pub(super) returns: Option<String>,
    /// Notice of the model's card.
    pub(super) notice: Option<String>,
    /// Label set of the truth, and the mapping to it; none without a truth.
    pub(super) truth: Option<(LabelSet, Mapping)>,
}

impl Wanted {
    pub(super) fn read(args: &SensitivityArgs) -> Result<Self, Error> {
        let is_there = is_file(&args.model).map_err(|e| file_error("read", &args.model, &e))?;
        if !is_there {
            let message = format!("`{}`: no such model file", args.model.display());
            return Err(Error::new(ErrorKind::BadInput, message)
                .help("make one: `ecgfm export CHECKPOINT.pt --labels SET -o MODEL.ts`"));
        }
        let card = read_card(&ModelCard::path_beside(&args.model))?;
        let named = card.as_ref().and_then(|card| card.label_set.as_ref());
        let labels = args.labels.clone().or_else(|| named.map(|set| set.name.clone()));
        let labels = labels.ok_or_else(|| {
            let message = format!(
                "`{}`: the labels of the model are not known",
                args.model.display()
            );
            Error::new(ErrorKind::Config, message)
                .help("name them: `--labels SET`; an encoder has none, and no probabilities")
        })?;
        let of_card = card
            .as_ref()
            .and_then(|card| card.recipe.as_ref())
            .map(|recipe| recipe.steps.clone());
        let recipe = match (&args.recipe, of_card) {
            (Some(recipe), _) => read_recipe(recipe)?,
            (None, Some(steps)) => steps,
            (None, None) => read_recipe(USUAL_RECIPE)?,
        };
        let returns = card.as_ref().and_then(|card| card.returns);
        Ok(Self {
            recipe: without_trimming(recipe),
            truth: truth(args, &labels)?,
            labels,
            returns: args
                .returns
                .clone()
                .or_else(|| returns.map(|returns| returns.to_string())),
            notice: card.and_then(|card| card.notice),
        })
    }
}

/// Dropping the zeros at both ends belongs to the archive.
fn without_trimming(mut recipe: RecipeSteps) -> RecipeSteps {
    if let Some(RecipeStep::TrimPadding) = recipe.0.first() {
        recipe.0.remove(0);
    }
    recipe
}

/// Reads a card, where there is one.
fn read_card(path: &Path) -> Result<Option<ModelCard>, Error> {
    ModelCard::read(path).map_err(|error| match error {
        CardError::Io(error) => file_error("read", path, &error),
        CardError::Invalid(_) => Error::new(ErrorKind::BadInput, format!("{}: {error}", path.display())),
    })
}

fn read_recipe(name_or_path: &str) -> Result<RecipeSteps, Error> {
    ecgfm_signals::load_recipe(name_or_path).map_err(|e| of_stage(&e))
}

/// Label set of the truth, and the mapping to it.
fn truth(args: &SensitivityArgs, labels: &str) -> Result<Option<(LabelSet, Mapping)>, Error> {
    let Some(truth) = &args.truth else { return Ok(None) };
    let model = LabelSet::load(labels).map_err(|e| of_stage(&e))?;
    let truth = LabelSet::load(truth).map_err(|e| of_stage(&e))?;
    let usual = format!("{}_to_{}", model.name, truth.name);
    let mapping = match &args.mapping {
        Some(mapping) => Mapping::load(mapping).map_err(|e| of_stage(&e))?,
        None if model.name == truth.name => Mapping::identity(&model),
        None if Definition::Mapping.is_built_in(&usual) => Mapping::load(&usual).map_err(|e| of_stage(&e))?,
        None => {
            let message = format!("no mapping is known from `{}` to `{}`", model.name, truth.name);
            return Err(Error::new(ErrorKind::Config, message)
                .help("name one: `--mapping FILE.yaml`; `ecgfm show mapping NAME` prints one to edit"));
        }
    };
    mapping
        .check_from(&mapping.name, &model)
        .map_err(|e| of_stage(&e))?;
    let mut strange = mapping
        .map
        .iter()
        .filter(|pair| !truth.names().contains(&pair.to.as_str()));
    match strange.next() {
        Some(pair) => Err(Error::new(
            ErrorKind::Config,
            format!(
                "mapping `{}` leads to `{}`, which {} does not have",
                mapping.name,
                pair.to,
                truth.describe()
            ),
        )),
        None => Ok(Some((truth, mapping))),
    }
}
