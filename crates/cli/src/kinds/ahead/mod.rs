//! Checks of each kind of stage before the first one runs: what it promises, and what is wrong with its parameters.
//!
//! Headers are read, samples never. What is checked here is checked again by the stage that reads the whole; here it is
//! told before hours of work.

mod checkpoint;
mod cuda;
mod labels;
mod mapping;
mod model;
mod paths;
mod raw;
mod scores;
mod splits;
mod thresholds;

pub(crate) use cuda::why_no_cuda;
pub use labels::{labels, predict};
pub use model::{demo_model, export, infer};
pub use raw::{signals, synth};
pub use scores::{evaluate, panel, report};
pub use splits::{manifests, splits};

use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_pipeline::{LookAheadFindings, ParamError};
use ecgfm_stage::{FailureClass, StageError, StageFailure};
use ecgfm_stage_params::{LabelNames, ModelDescription};
use ecgfm_system::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// Names of the facts that stages promise.
mod facts {
    /// Columns of the table of exams: a list of names.
    pub const COLUMNS: &str = "columns";
    /// Samples a second of the segments.
    pub const SAMPLE_RATE: &str = "sample_rate";
    /// Leads of the segments.
    pub const LEADS: &str = "leads";
    /// True where the leads of the segments are standardised.
    pub const STANDARDIZED: &str = "standardized";
    /// Steps by which the segments are made: [`RecipeSteps`](ecgfm_artifacts::recipe::steps::RecipeSteps).
    pub const RECIPE: &str = "recipe";
    /// Names of the splits: a list.
    pub const SPLITS: &str = "splits";
    /// True where there is a table of the segments' splits.
    pub const SEGMENTED: &str = "segmented";
    /// Number of a model's labels; 0 for an encoder.
    pub const HEAD: &str = "head";
    /// Names of what a model gives, such as `embedding`: a list.
    pub const OUTPUTS: &str = "outputs";
    /// The model's labels: [`LabelNames`](super::LabelNames).
    pub const MODEL_LABELS: &str = "model_labels";
    /// The model's card: [`ModelCard`](ecgfm_stage_params::ModelCard), as JSON.
    pub const MODEL_CARD: &str = "model_card";
    /// The labels of the truth: [`LabelNames`](super::LabelNames).
    pub const TRUTH_LABELS: &str = "truth_labels";
    /// The split that was predicted.
    pub const SUBSET: &str = "subset";
    /// The mapping that was predicted with: its text as JSON; null where there is none.
    pub const MAPPING: &str = "mapping";
}

/// A promised fact in its type.
fn typed_fact<T: DeserializeOwned>(fact: Option<&Value>) -> Option<T> {
    serde_json::from_value(fact?.clone()).ok()
}

/// The label set that a parameter names, or the mistake that it is none.
fn label_set(found: &mut LookAheadFindings, parameter: &str, name: &str) -> Option<LabelSet> {
    match LabelSet::load(name) {
        Ok(set) => Some(set),
        Err(error) => {
            refuse_parameter(found, parameter, &error);
            None
        }
    }
}

/// The description of the model that is named, or the mistake that it is none.
fn described_model(found: &mut LookAheadFindings, name: &str) -> Option<ModelDescription> {
    let model = ModelDescription::load(name).and_then(|model| model.card_recipe().map(|_| model));
    match model {
        Ok(model) => Some(model),
        Err(error) => {
            found.add_invalid("model", format!("is refused: {error}"));
            None
        }
    }
}

/// The mistake that what a parameter names cannot be used.
fn refuse_parameter(found: &mut LookAheadFindings, parameter: &str, error: &(impl StageFailure + 'static)) {
    let staged = StageError::of(error);
    let mistake = ParamError::invalid(parameter, format!("is refused: {}", staged.message));
    let mistake = match staged.help {
        Some(help) => mistake.help(help),
        None => mistake,
    };
    found.add(staged.class, mistake);
}

/// A mistake about data that a parameter names.
fn bad_input(found: &mut LookAheadFindings, parameter: &str, phrase: String, help: &str) {
    found.add(
        FailureClass::BadInput,
        ParamError::invalid(parameter, phrase).help(help),
    );
}

/// A fault of the system, met where a parameter leads: no fault of the data.
fn system_fault(found: &mut LookAheadFindings, parameter: &str, phrase: String, fault: Option<Fault>) {
    let advice = fault.map_or("run again when the system can read it", Fault::advice);
    found.add(
        FailureClass::Failed,
        ParamError::invalid(parameter, phrase).help(advice),
    );
}

/// A list of names for a message.
fn name_list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    names.join(", ")
}

/// The path in full: a message says where was looked.
fn full_path(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
