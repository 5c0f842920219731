//! Label sets and mappings: data, in `configs/`, found by file or by name.

mod definition;

pub use definition::Definition;

use crate::error::Result;
use definition::{config_error, parse_yaml};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Pooling of the segments of one ECG into one probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The mean over segments.
    #[default]
    Mean,
    /// The largest of the segments, for what may show in one of them only.
    Max,
    /// 1 − Π (1 − p): at least one of them, were they independent.
    NoisyOr,
}

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

/// The model's label or labels of one step of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LabelSource {
    /// A single label.
    One(String),
    /// Several that all stand for the same.
    Many(Vec<String>),
}

impl LabelSource {
    /// Names of the labels.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }

    /// Names joined by ` + `.
    pub fn joined(&self) -> String {
        self.names().join(" + ")
    }
}

/// Rule by which the probabilities of several labels become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// The largest.
    #[default]
    Max,
    /// 1 − Π (1 − p): at least one of them, were they independent.
    Any,
}

impl Combination {
    /// Combines several probabilities into one, in float64, rounded once.
    pub fn combine(self, probabilities: impl Iterator<Item = f32>) -> f32 {
        match self {
            Self::Max => probabilities.fold(f32::NEG_INFINITY, f32::max),
            Self::Any => (1.0 - probabilities.map(|p| 1.0 - f64::from(p)).product::<f64>()) as f32,
        }
    }
}

/// Step of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelPair {
    /// The model's label, or a list of labels that stand for the same.
    pub from: LabelSource,
    /// Rule by which the probabilities of several labels become one.
    #[serde(default)]
    pub how: Combination,
    /// The data set's label.
    pub to: String,
}

/// Pairs of the model's labels and those of the data set that they stand for, in the order that `predicted` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Name by which configurations refer to it.
    pub name: String,
    /// Label set of the model.
    pub from: String,
    /// Label set of the truth.
    pub to: String,
    /// The pairs in order.
    pub map: Vec<LabelPair>,
}

/// Matrix of a score: the reward of deciding one label where another holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardMatrix {
    /// Name by which configurations refer to it.
    pub name: String,
    /// Description, for people.
    pub title: String,
    /// The label set of its rows and columns.
    pub labels: String,
    /// The label that a model without findings decides.
    pub normal: String,
    /// A row a true label; its entries are in the order of the label set.
    pub weights: std::collections::BTreeMap<String, Vec<f64>>,
    /// Names of the label set, in order.
    #[serde(skip)]
    names: Vec<String>,
}

impl RewardMatrix {
    /// Loads a built-in matrix by name, or one from a file.
    ///
    /// # Errors
    /// The matrix cannot be found or read, or is not square over its label set.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let mut matrix: Self = parse_yaml(name_or_path, &Definition::Score.text(name_or_path)?)?;
        let labels = LabelSet::load(&matrix.labels)?;
        matrix.names = labels.labels.into_iter().map(|label| label.name).collect();
        let names = &matrix.names;
        let row = |name: &String| {
            matrix
                .weights
                .get(name)
                .is_some_and(|row| row.len() == names.len())
        };
        if matrix.weights.len() != names.len() || !names.iter().all(row) || !names.contains(&matrix.normal) {
            let what = format!(
                "has no row of {} weights for every label of `{}`",
                names.len(),
                matrix.labels
            );
            return Err(config_error(name_or_path, what));
        }
        Ok(matrix)
    }

    /// The labels of rows and columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the reward of deciding `decided` where `holds` holds; none for a label that the matrix does not have.
    pub fn reward(&self, holds: &str, decided: &str) -> Option<f64> {
        let column = self.names.iter().position(|name| name == decided)?;
        self.weights.get(holds)?.get(column).copied()
    }
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

    /// The names in order.
    pub fn names(&self) -> Vec<&str> {
        self.labels.iter().map(|l| l.name.as_str()).collect()
    }
}

impl Mapping {
    /// Every label of the model that is mapped.
    pub fn from_names(&self) -> Vec<&str> {
        let names = self.map.iter().flat_map(|pair| pair.from.names());
        names.map(String::as_str).collect()
    }

    /// The mapping of a label set onto itself, for a truth that has the model's own labels.
    pub fn identity(labels: &LabelSet) -> Self {
        let pair = |label: &Label| LabelPair {
            from: LabelSource::One(label.name.clone()),
            how: Combination::default(),
            to: label.name.clone(),
        };
        Self {
            name: "none: one label set".to_owned(),
            from: labels.name.clone(),
            to: labels.name.clone(),
            map: labels.labels.iter().map(pair).collect(),
        }
    }

    /// Loads a mapping from a file, or the built-in one of that name.
    ///
    /// # Errors
    /// There is neither a file nor a built-in of that name; the file is not a mapping; a label is on one side twice.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let text = Definition::Mapping.text(name_or_path)?;
        let mapping: Self = parse_yaml(name_or_path, &text)?;
        if mapping.map.iter().any(|p| p.from.names().is_empty()) {
            return Err(config_error(
                name_or_path,
                "a step maps no label: `from` is an empty list".to_owned(),
            ));
        }
        require_unique(name_or_path, mapping.from_names().into_iter())?;
        require_unique(name_or_path, mapping.map.iter().map(|p| p.to.as_str()))?;
        Ok(mapping)
    }

    /// Checks that the mapping starts from the model's label set, and that every label in `from` is one of the model's.
    ///
    /// # Errors
    /// The label set is another, or a label is none of the model's; the message lists those the model has.
    pub fn check_from(&self, origin: &str, labels: &LabelSet) -> Result<()> {
        let (names, whose) = (labels.names(), labels.describe());
        let mut strange = self.from_names();
        strange.retain(|name| !names.contains(name));
        if !strange.is_empty() {
            let (strange, has) = (strange.join("`, `"), names.join(", "));
            let what = format!("maps `{strange}`, which {whose} does not have; it has {has}");
            return Err(config_error(origin, what));
        }
        if self.from != labels.name {
            let what = format!(
                "maps from label set `{}`, and the model's is {whose}; name the mapping's own in `from`",
                self.from
            );
            return Err(config_error(origin, what));
        }
        Ok(())
    }
}

fn require_unique<'a>(origin: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return Err(config_error(
                origin,
                format!("label `{name}` is empty or is there twice"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
