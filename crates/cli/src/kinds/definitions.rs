//! Parameters that name a definition (a label set, a mapping, a score, rules for text), or its file.

use ecgfm_archives::datasets;
use ecgfm_artifacts::labelset::Definition;
use ecgfm_pipeline::NamedOrPath;
use ecgfm_stage_params::{ModelDescription, is_known_model};

pub(super) const DATASET: NamedOrPath = named_or_path("dataset", is_known_dataset);
pub(super) const DATASET_OF_SOURCE: NamedOrPath = named_or_path("sources.dataset", is_known_dataset);
pub(super) const LABELS: NamedOrPath = named_or_path("labels", |name| Definition::Labels.is_built_in(name));
pub(super) const MODEL: NamedOrPath = named_or_path("model", is_known_model);
pub(super) const LABEL_SET: NamedOrPath =
    named_or_path("label_set", |name| Definition::Labels.is_built_in(name));
pub(super) const MAPPING: NamedOrPath =
    named_or_path("mapping", |name| Definition::Mapping.is_built_in(name));
pub(super) const CHALLENGE: NamedOrPath =
    named_or_path("challenge", |name| Definition::Score.is_built_in(name));
pub(super) const TEXT_RULES: NamedOrPath =
    named_or_path("from.rules", |name| Definition::TextRules.is_built_in(name));
pub(super) const TEXT_RULES_BY_SOURCE: NamedOrPath = named_or_path("by_source.*.rules", |name| {
    Definition::TextRules.is_built_in(name)
});
pub(super) const RECIPE: NamedOrPath = named_or_path("recipe", ecgfm_signals::is_built_in_recipe);
pub(super) const RECIPE_BY_NAME: NamedOrPath = named_or_path("recipes.*", ecgfm_signals::is_built_in_recipe);
/// A path whose content does not decide what is made of it.
pub(super) const LOCK: NamedOrPath = named_or_path("lock", |_| false);

fn is_known_dataset(name: &str) -> bool {
    datasets::dataset_names().contains(&name)
}

/// The text of a file that describes a dataset as a fact of the fingerprint; none for a dataset that is known by its name.
pub(super) fn dataset_fact(parameter: &str, name: &str) -> Option<(String, String)> {
    // What cannot be read is an error elsewhere.
    let text = || std::fs::read_to_string(name).unwrap_or_else(|error| error.to_string());
    (!is_known_dataset(name)).then(|| (parameter.to_owned(), text()))
}

/// The steps of a recipe as a fact of the fingerprint: a card of other weights with the same steps changes nothing.
pub(super) fn recipe_fact(parameter: &str, name: &str) -> (String, String) {
    // What cannot be read is an error elsewhere.
    let steps = ecgfm_signals::load_recipe(name).map_err(|error| error.to_string());
    let text = steps.and_then(|steps| serde_json::to_string(&steps).map_err(|error| error.to_string()));
    (parameter.to_owned(), text.unwrap_or_else(|error| error))
}

/// Description and recipe of a model as a fact of the fingerprint. What cannot be read gives its error as the text: looking ahead
/// reports that.
pub(super) fn model_fact(name: &str) -> (String, String) {
    let text = ModelDescription::load(name).and_then(|model| {
        let recipe = model.card_recipe()?;
        Ok(serde_json::json!({ "model": model, "recipe": recipe }).to_string())
    });
    ("model".to_owned(), text.unwrap_or_else(|error| error.to_string()))
}

const fn named_or_path(parameter: &'static str, built_in: fn(&str) -> bool) -> NamedOrPath {
    NamedOrPath { parameter, built_in }
}

/// The text of a label set, mapping, score or rules as a fact of the fingerprint: it may be found by name, and then no path
/// says that it changed. One that cannot be read
/// gives its error as the text: looking ahead reports that.
pub(super) fn config_fact(parameter: &str, what: Definition, name: &str) -> (String, String) {
    let text = what.text(name).unwrap_or_else(|error| error.to_string());
    (parameter.to_owned(), text)
}
