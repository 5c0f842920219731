//! Mappings between label sets.

use super::definition::{Definition, config_error, parse_yaml, require_unique};
use super::label_set::{Label, LabelSet};
use crate::error::Result;
use serde::{Deserialize, Serialize};

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
