//! Parameters of the stage predict.

use crate::metrics::threshold::Criterion;
use crate::scored_rows::OnMissing;
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::labelset::Pool;
use ecgfm_artifacts::stage_params::Returns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The threshold of a label for which no other is named.
pub(crate) const DEFAULT_THRESHOLD: f64 = 0.5;

/// Thresholds by the names of labels.
pub(crate) type ThresholdByName = BTreeMap<String, f64>;

/// Parameters of the stage predict: logits, and the labels and thresholds that make predictions of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the infer stage wrote.
    pub logits: PathBuf,
    /// Directory of the manifest that the logits were computed from: its lines are their rows. Only for logits that have no
    /// index beside them, as the reference's inference writes them.
    #[serde(default)]
    pub manifest: Option<PathBuf>,
    /// Directory of the segments of that manifest; the one that its first line names if absent. Their files say `idx` where the manifest
    /// has no index.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// The subset whose logits to read.
    #[serde(default = "default_subset")]
    pub subset: String,
    /// The model's label set: a built-in name or a file.
    pub labels: String,
    /// Mapping of the model's labels to those of the data set: a built-in name or a file. Without one there
    /// is no `mapped.csv`.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Meaning of the model's values: `logits`, or `probabilities` where it ends in a sigmoid or a softmax. As the inference's
    /// record says if not given; where nobody says it and every value is from 0 to 1, the stage stops.
    #[serde(default)]
    pub returns: Option<Returns>,
    /// A label holds where its probability is strictly above this; 0.5 if not given. With `thresholds` or `choose_on`, those
    /// labels only that have no threshold of their own.
    #[schemars(range(min = 0, max = 1))]
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Thresholds label by label: `{AF: 0.3, SB: 0.6}`, or a table `label,threshold`. A name is that of a mapped label, or
    /// of one of the model's. Without `threshold`, every mapped label must have one (every label, without a mapping).
    #[serde(default)]
    pub thresholds: Option<PerLabel>,
    /// Directory that predict wrote for another split, with the same model: the thresholds of the mapped labels are chosen
    /// on its ECGs.
    #[serde(default)]
    pub choose_on: Option<PathBuf>,
    /// Criterion that they are chosen by; Youden's index if not given.
    #[serde(default)]
    pub choose_by: Option<Criterion>,
    /// The truth of the ECGs that thresholds are chosen on: `labels.csv`.
    #[serde(default)]
    pub truth: Option<PathBuf>,
    /// Treatment of an ECG to choose on that has no truth.
    #[serde(default)]
    pub missing_truth: OnMissing,
    /// Treatment of an ECG to choose on of which the truth of a label is not known.
    #[serde(default)]
    pub missing_label: MissingLabel,
    /// Pooling of the segments of an ECG, for all labels; as the label set says for each if not given.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// Treatment of a segment that has a NaN or infinite logit.
    #[serde(default)]
    pub on_non_finite: OnNonFinite,
}

/// Treatment of a segment that has a NaN or infinite logit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnNonFinite {
    /// Stop and name it.
    #[default]
    Error,
    /// Leave it out and count it (`segments_non_finite`).
    Drop,
}

/// Thresholds label by label, as a configuration says them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a map of labels to thresholds, {AF: 0.3}, or the path of a table label,threshold"
)]
pub enum PerLabel {
    /// By name.
    Map(ThresholdByName),
    /// A table `label,threshold`.
    Table(PathBuf),
}

fn default_subset() -> String {
    "test".to_owned()
}
