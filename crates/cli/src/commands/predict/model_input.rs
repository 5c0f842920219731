//! Input that a model expects, as its card describes it.

use crate::args::PredictArgs;
use crate::commands::recording_files::load_recipe;
use crate::errors::file_error;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::steps::RecipeSteps;
use ecgfm_stage_params::{CardError, ModelCard};
use ecgfm_system::presence::{exists, is_dir};
use std::path::Path;

/// Labels, recipe, sample rate and segment length that the model expects, by its card.
pub(super) struct ExpectedInput {
    pub(super) labels: String,
    pub(super) sample_rate: u32,
    pub(super) segment_seconds: f64,
    /// Steps of the recipe; none where neither the arguments nor the card say any.
    pub(super) recipe: Option<RecipeSteps>,
}

impl ExpectedInput {
    /// Reads the card beside the model. A model without a card is taken to expect what ECG-FM does; its labels must then be
    /// named.
    pub(super) fn read(args: &PredictArgs) -> Result<Self, Error> {
        let unreadable = |e: std::io::Error| file_error("read", &args.model, &e);
        if !exists(&args.model).map_err(unreadable)? || is_dir(&args.model).map_err(unreadable)? {
            let message = format!("`{}`: no such model file", args.model.display());
            return Err(Error::new(ErrorKind::BadInput, message)
                .help("make one: `ecgfm export CHECKPOINT.pt --labels SET -o MODEL.ts`"));
        }
        let card = read_card(&ModelCard::path_beside(&args.model))?;
        let card = card.as_ref();
        let named = card.and_then(|card| card.label_set.as_ref());
        let named = named.map(|set| set.name.as_str());
        let labels = match (&args.labels, named) {
            (Some(labels), _) => labels.clone(),
            (None, Some(name)) if LabelSet::load(name).is_ok() => name.to_owned(),
            (None, named) => {
                let what = named.map_or_else(
                    || "does not say what its labels are".to_owned(),
                    |name| format!("has the labels of `{name}`, which is not built in"),
                );
                let message = format!("the model `{}` {what}", args.model.display());
                return Err(Error::new(ErrorKind::Config, message)
                    .help("name them: `--labels physionet2021`, or a label set's file"));
            }
        };
        let recipe = match &args.recipe {
            Some(name) => Some(load_recipe(name)?),
            None => card
                .and_then(|card| card.recipe.as_ref())
                .map(|recipe| recipe.steps.clone()),
        };
        let input = card.map(|card| &card.input);
        let rate = input.and_then(|input| input.sample_rate_hz);
        let whole = rate.filter(|rate| (1.0..=1e6).contains(rate) && rate.fract() == 0.0);
        Ok(Self {
            labels,
            sample_rate: whole.map_or(500, |rate| rate as u32),
            segment_seconds: input.and_then(|input| input.segment_seconds).unwrap_or(5.0),
            recipe,
        })
    }
}

/// Reads a card, where there is one.
fn read_card(path: &Path) -> Result<Option<ModelCard>, Error> {
    ModelCard::read(path).map_err(|error| match error {
        CardError::Io(error) => file_error("read", path, &error),
        CardError::Invalid(_) => Error::new(ErrorKind::BadInput, format!("{}: {error}", path.display())),
    })
}
