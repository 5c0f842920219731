//! Parameters of the stage.

use crate::on_bad::{OnBad, RejectOrKeep, UnreadableParts};
use ecgfm_archives::datasets;
use ecgfm_artifacts::recipe::EcgFm;
use ecgfm_artifacts::recipe::standardize::ConstantLeads;
use ecgfm_artifacts::recipe::step::MAX_SAMPLE_RATE;
use ecgfm_artifacts::recipe::steps;
use ecgfm_artifacts::recordings::MissingLeads;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the segments go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// Float32 segments in a few large `.npy` files.
    #[default]
    Packed,
    /// The same in float16: half the size, within 2^-11 of every value. What that costs in the run is recorded.
    Packed16,
    /// No samples at all: segments are computed from the raw files when they are read, to the same bits as `packed`.
    View,
    /// One `.mat` file for each recording, preprocessed recording and segment, as the Python scripts write them.
    Mat,
}

/// Archive of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceArchive {
    /// Layout of the archive, as `dataset` of the stage.
    #[schemars(extend("pattern" = datasets::dataset_pattern(), "examples" = datasets::dataset_names()))]
    pub dataset: String,
    /// Directory or table of the archive, as `raw` of the stage.
    pub raw: PathBuf,
    /// Name of the source in tables, and start of the names of its ECGs; the dataset's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Parameters of the stage.
///
/// Written with ECG-FM's settings where no recipe is named, so that saying a default changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(extend("if" = json!({"not": {"required": ["sources"]}}), "then" = json!({"required": ["raw"]})))]
pub struct Params {
    /// Layout of the raw data: a name such as `code15`, `ptbxl` or `folder` (any files below a directory), or the path of a YAML
    /// file that describes another.
    #[schemars(extend("pattern" = datasets::dataset_pattern(), "examples" = datasets::dataset_names()))]
    #[serde(default = "default_dataset")]
    pub dataset: String,
    /// Directory of the archive; of `listed` and `files`, the table that lists the files. `raw` or `sources` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<PathBuf>,
    /// Several archives, in the place of `dataset` and `raw`: one after another, each with the name of its source in `meta.csv`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceArchive>,
    /// Recipe of the segments: a built-in name such as `ecgfounder`, a YAML file of steps, or a model's card (`model.json`), of which
    /// the steps are taken; ECG-FM's with the five settings below if not given. `ecgfm kinds recipe` explains the steps. Zeros
    /// at both ends are dropped as the dataset says.
    #[schemars(extend("examples" = recipe_names()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// Several recipes by name, in the place of `recipe`: each recording is read once, and the directory of each name holds the
    /// tables and the store that a stage with that one recipe leaves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipes: BTreeMap<String, String>,
    /// Sample rate of the segments, in Hz: 500, or the recipe's. With `recipe`, the rate of its one step `resample`.
    #[schemars(range(min = 1, max = MAX_SAMPLE_RATE), extend("default" = EcgFm::SAMPLE_RATE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Length of a segment, in seconds: 5, or the recipe's; a whole number of samples. With `recipe`, that of its step `segments`.
    #[schemars(extend("exclusiveMinimum" = 0, "default" = EcgFm::SEGMENT_SECONDS))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_seconds: Option<f64>,
    /// Names of the leads to keep (I, II, III, aVR, aVL, aVF, V1 to V6), always stored in that order; all twelve, or the recipe's, if
    /// not given. With `recipe`, the names of its step `leads`, in the order given.
    #[serde(default)]
    pub leads: Option<Vec<String>>,
    /// What becomes of a recording without one of the twelve leads. What a step `leads` of the recipe says goes first.
    #[serde(default)]
    pub missing_leads: MissingLeads,
    /// What becomes of a lead that never changes: `zero`, or as the recipe has it. With `recipe`, of its steps `normalize`.
    #[schemars(extend("default" = ConstantLeads::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant_leads: Option<ConstantLeads>,
    /// Whether every lead is brought to mean 0 and deviation 1 over its recording: true, or as the recipe has it. With `recipe`,
    /// false takes its steps `normalize` out.
    #[schemars(extend("default" = EcgFm::STANDARDIZE))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardize: Option<bool>,
    /// Where the segments go.
    #[serde(default)]
    pub store: Store,
    /// What to do with recordings in which every sample is 0.
    #[serde(default)]
    pub all_zero: RejectOrKeep,
    /// What to do with recordings that hold a NaN or an infinity, which standardising spreads over the lead.
    #[serde(default)]
    pub not_finite: RejectOrKeep,
    /// What to do with parts that are damaged, cut short or no HDF5: `fail`, where neither this nor `on_bad` says otherwise.
    #[serde(default)]
    pub unreadable_parts: Option<UnreadableParts>,
    /// Whether an exam with which something is wrong is set aside or ends the stage, for all reasons or one by one.
    #[serde(default)]
    pub on_bad: OnBad,
    /// Worker threads; as many as processors if not given. The result does not depend on it.
    #[schemars(range(min = 1))]
    #[serde(default)]
    pub threads: Option<usize>,
}

fn default_dataset() -> String {
    datasets::DEFAULT.to_owned()
}

fn recipe_names() -> Vec<&'static str> {
    steps::BUILT_IN.map(|(name, _)| name).to_vec()
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(&self.clone().completed(), serializer)
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer).map(Self::completed)
    }
}

impl Params {
    /// All defaults, on the raw data in `raw`.
    pub fn new(raw: impl Into<PathBuf>) -> Self {
        Self {
            dataset: default_dataset(),
            raw: Some(raw.into()),
            sources: Vec::new(),
            recipe: None,
            recipes: BTreeMap::new(),
            sample_rate: None,
            segment_seconds: None,
            leads: None,
            missing_leads: MissingLeads::default(),
            constant_leads: None,
            standardize: None,
            store: Store::default(),
            all_zero: RejectOrKeep::default(),
            not_finite: RejectOrKeep::default(),
            unreadable_parts: None,
            on_bad: OnBad::default(),
            threads: None,
        }
    }

    /// The parameters with ECG-FM's settings where no recipe is named.
    fn completed(self) -> Self {
        if self.recipe.is_some() || !self.recipes.is_empty() {
            return self;
        }
        let settings = self.ecg_fm();
        Self {
            sample_rate: Some(settings.sample_rate),
            segment_seconds: Some(settings.segment_seconds),
            constant_leads: Some(settings.constant_leads),
            standardize: Some(settings.standardize),
            ..self
        }
    }

    /// Settings of ECG-FM's recipe, where no other is named.
    pub(crate) fn ecg_fm(&self) -> EcgFm {
        EcgFm {
            trim_padding: true,
            sample_rate: self.sample_rate.unwrap_or(EcgFm::SAMPLE_RATE),
            segment_seconds: self.segment_seconds.unwrap_or(EcgFm::SEGMENT_SECONDS),
            leads: self.leads.clone(),
            constant_leads: self.constant_leads.unwrap_or_default(),
            standardize: self.standardize.unwrap_or(EcgFm::STANDARDIZE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(with: serde_json::Value) -> serde_json::Value {
        let params: Params = serde_json::from_value(with).unwrap();
        serde_json::to_value(params).unwrap()
    }

    #[test]
    fn a_default_that_is_said_is_written_as_one_that_is_not() {
        let plain = written(json!({"raw": "r"}));
        assert_eq!(
            (&plain["sample_rate"], &plain["standardize"]),
            (&json!(500), &json!(true))
        );
        assert_eq!(
            plain,
            written(json!({"raw": "r", "segment_seconds": 5.0, "constant_leads": "zero"}))
        );
    }

    #[test]
    fn settings_beside_a_recipe_are_those_that_are_said() {
        let with = written(json!({"raw": "r", "recipe": "merl", "sample_rate": 500}));
        assert_eq!(with["sample_rate"], 500);
        assert!(with.get("segment_seconds").is_none() && with.get("standardize").is_none());
        assert_eq!(written(with.clone()), with);
    }
}
