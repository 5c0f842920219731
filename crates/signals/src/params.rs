//! Parameters of the stage.

use crate::on_bad::{OnBad, RejectOrKeep, UnreadableParts};
use ecgfm_archives::datasets;
use ecgfm_artifacts::recipe::EcgFm;
use ecgfm_artifacts::recipe::standardize::ConstantLeads;
use ecgfm_artifacts::recipe::step::MAX_SAMPLE_RATE;
use ecgfm_artifacts::recordings::MissingLeads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
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
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    /// Sample rate of the segments, in Hz.
    #[schemars(range(min = 1, max = MAX_SAMPLE_RATE))]
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u32,
    /// Length of a segment, in seconds; it must be a whole number of samples.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default = "default_segment_seconds")]
    pub segment_seconds: f64,
    /// Names of the leads to keep (I, II, III, aVR, aVL, aVF, V1 to V6), always stored in that order; all twelve if not given.
    #[serde(default)]
    pub leads: Option<Vec<String>>,
    /// What becomes of a recording without one of the twelve leads.
    #[serde(default)]
    pub missing_leads: MissingLeads,
    /// What becomes of a lead that never changes.
    #[serde(default)]
    pub constant_leads: ConstantLeads,
    /// Whether every lead is brought to mean 0 and deviation 1 over its recording.
    #[serde(default = "default_standardize")]
    pub standardize: bool,
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

fn default_sample_rate() -> u32 {
    EcgFm::SAMPLE_RATE
}

fn default_segment_seconds() -> f64 {
    EcgFm::SEGMENT_SECONDS
}

fn default_standardize() -> bool {
    EcgFm::STANDARDIZE
}

impl Params {
    /// All defaults, on the raw data in `raw`.
    pub fn new(raw: impl Into<PathBuf>) -> Self {
        Self {
            dataset: default_dataset(),
            raw: Some(raw.into()),
            sources: Vec::new(),
            sample_rate: default_sample_rate(),
            segment_seconds: default_segment_seconds(),
            leads: None,
            missing_leads: MissingLeads::default(),
            constant_leads: ConstantLeads::default(),
            standardize: default_standardize(),
            store: Store::default(),
            all_zero: RejectOrKeep::default(),
            not_finite: RejectOrKeep::default(),
            unreadable_parts: None,
            on_bad: OnBad::default(),
            threads: None,
        }
    }

    /// Settings of the recipe that the parameters name, for recordings that are filled with zeros at both ends or not.
    pub(crate) fn recipe_settings(&self, zero_padded: bool) -> EcgFm {
        EcgFm {
            trim_padding: zero_padded,
            sample_rate: self.sample_rate,
            segment_seconds: self.segment_seconds,
            leads: self.leads.clone(),
            constant_leads: self.constant_leads,
            standardize: self.standardize,
        }
    }
}
