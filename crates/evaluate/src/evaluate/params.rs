//! Parameters of the stage evaluate.

use crate::error::{Error, Result};
use crate::metrics::interval::IntervalEstimator;
use crate::scored_rows::OnMissing;
use crate::subgroups::Subgroups;
use ecgfm_artifacts::labels::MissingLabel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// Most resamples that are allowed: each is kept in memory until all are done.
pub(crate) const MAX_BOOTSTRAP: u32 = 100_000;

/// Parameters of the stage evaluate: predictions, and the truth to score them against.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the predict stage wrote.
    pub predictions: PathBuf,
    /// The truth: `labels.csv`.
    pub labels: PathBuf,
    /// The model's label set, to be checked against the one that the predictions name; theirs if not given.
    #[serde(default)]
    pub label_set: Option<String>,
    /// Mapping of the model's labels to those of the truth; that of the predictions if not given.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Moved: predict decides, so that all tables of a run agree. Write `predict.threshold`.
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Value>,
    /// Moved: write `predict.thresholds`.
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Value>,
    /// Moved: write `predict.choose_on`, and the truth as `predict.truth`.
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choose_on: Option<Value>,
    /// Moved: write `predict.choose_by`.
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choose_by: Option<Value>,
    /// `segmented_split.csv`: with it, the whole subset must have been predicted, and nothing else.
    #[serde(default)]
    pub splits: Option<PathBuf>,
    /// `meta.csv`: with it there are subgroups, and where it has a column `patient_id`, intervals resample patients
    /// instead of ECGs.
    #[serde(default)]
    pub records: Option<PathBuf>,
    /// `rejected.csv` of the signals stage: with it and the records, the flow begins with the exams that were read.
    #[serde(default)]
    pub rejected: Option<PathBuf>,
    /// `review.csv`, a reader's verdicts that `ecgfm view` kept: with it, model and truth are also held against what the reader says,
    /// on the ECGs that they judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<PathBuf>,
    /// Groups of ECGs that are also scored alone.
    #[serde(default)]
    pub subgroups: Subgroups,
    /// Number of ECGs to show for each label and kind of decision.
    #[serde(default = "default_examples")]
    pub examples: usize,
    /// Rewards that the Challenge's score is computed with: a built-in name or a file.
    #[serde(default = "default_challenge")]
    pub challenge: String,
    /// Treatment of a prediction whose ECG has no truth.
    #[serde(default)]
    pub missing_truth: OnMissing,
    /// Treatment of an ECG of which the truth of a mapped label is not known.
    #[serde(default)]
    pub missing_label: MissingLabel,
    /// Treatment of a segment of the subset that has no prediction.
    #[serde(default)]
    pub missing_prediction: OnMissing,
    /// Resamples for the intervals; 0 for none.
    #[schemars(range(max = MAX_BOOTSTRAP))]
    #[serde(default = "default_bootstrap")]
    pub bootstrap: u32,
    /// Way in which intervals are read off the resamples.
    #[serde(default)]
    pub interval: IntervalEstimator,
    /// Seed of the resampling.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Something every reader must know; it goes wherever the figures go, after what the data and the model say
    /// themselves: that the ECGs are synthetic, that the model is a demonstration.
    #[serde(default)]
    pub notice: Option<String>,
}

impl Params {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// A parameter that makes no sense, or that another one contradicts.
    pub fn check(&self) -> Result<()> {
        self.subgroups.check()?;
        let moved = [
            ("threshold", &self.threshold),
            ("thresholds", &self.thresholds),
            ("choose_on", &self.choose_on),
            ("choose_by", &self.choose_by),
        ];
        match moved
            .into_iter()
            .find_map(|(name, given)| Some((name, given.as_ref()?)))
        {
            None => Ok(()),
            Some((name, given)) => Err(Error::Parameter {
                name,
                what: moved_to_predict(name, given),
            }),
        }
    }
}

/// Advice on where to write a parameter that evaluate had in earlier versions.
fn moved_to_predict(name: &str, given: &Value) -> String {
    let truth = match name {
        "choose_on" => ", with the truth, `truth: ${labels.labels}`",
        _ => "",
    };
    format!(
        "decided by the stage predict, so that all tables of a run show the same decisions; write it there, `{name}: {given}`{truth}"
    )
}

fn default_bootstrap() -> u32 {
    1000
}

fn default_seed() -> u64 {
    42
}

fn default_examples() -> usize {
    1
}

fn default_challenge() -> String {
    "physionet2021".to_owned()
}
