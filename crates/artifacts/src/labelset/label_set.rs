//! Label sets: the labels of a model or of a data set, in order.

use super::definition::{Definition, parse_yaml, require_unique};
use crate::error::Result;
use ecgfm_stage_params::LabelNames;
pub use ecgfm_stage_params::Pool;
use serde::{Deserialize, Serialize};

/// Label of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Short name, as it heads a column.
    pub name: String,
    /// Meaning of the label.
    pub title: String,
    /// SNOMED CT codes, where the label's source gives them.
    #[serde(default)]
    pub snomed: Vec<u64>,
    /// SCP-ECG statements that stand for the label, as in PTB-XL's `scp_codes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scp: Vec<String>,
    /// Positive recordings in the data the model was finetuned on.
    #[serde(default)]
    pub positives: Option<u64>,
    /// Pooling of the segments of an ECG.
    #[serde(default)]
    pub pool: Pool,
}

/// Labels in the order of a model's logits, or of a data set's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSet {
    /// Name by which configurations refer to it.
    pub name: String,
    /// Description, for people.
    pub title: String,
    /// Recordings that `positives` were counted on.
    #[serde(default)]
    pub recordings: Option<u64>,
    /// The labels in order.
    pub labels: Vec<Label>,
}

impl LabelSet {
    /// Loads a label set from a file, or the built-in one of that name.
    ///
    /// ```
    /// let labels = ecgfm_artifacts::labelset::LabelSet::load("physionet2021").unwrap();
    /// assert_eq!(labels.names()[4], "CLBBB|LBBB");
    /// ```
    ///
    /// # Errors
    /// There is neither a file nor a built-in of that name; the file is not a label set; a name is in it twice.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let text = Definition::Labels.text(name_or_path)?;
        let set: Self = parse_yaml(name_or_path, &text)?;
        require_unique(name_or_path, set.labels.iter().map(|l| l.name.as_str()))?;
        Ok(set)
    }

    /// A hash of everything that the set says, which tells a copy that was edited from the original: twelve digits in hex.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let hash = blake3::hash(&text).to_hex();
        hash.as_str().chars().take(12).collect()
    }

    /// Name and hash, for messages.
    pub fn describe(&self) -> String {
        format!("label set `{}` (hash {})", self.name, self.hash())
    }

    /// Name, hash and labels, as a model's card and the record of an inference have them.
    pub fn label_names(&self) -> LabelNames {
        LabelNames {
            name: self.name.clone(),
            hash: Some(self.hash()),
            labels: self.names().into_iter().map(str::to_owned).collect(),
        }
    }

    /// The names in order.
    pub fn names(&self) -> Vec<&str> {
        self.labels.iter().map(|l| l.name.as_str()).collect()
    }
}
