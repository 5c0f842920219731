//! Label sets and mappings: data, in `configs/`, found by file or by name.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// How the segments of one ECG are pooled into one probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The mean over segments.
    #[default]
    Mean,
    /// The largest of the segments, for what may show in one of them only.
    Max,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Short name, as it heads a column.
    pub name: String,
    /// What it means.
    pub title: String,
    /// SNOMED CT codes, where the label's source gives them.
    #[serde(default)]
    pub snomed: Vec<u64>,
    /// Positive recordings in the data the model was finetuned on.
    #[serde(default)]
    pub positives: Option<u64>,
    /// How segments are pooled.
    #[serde(default)]
    pub pool: Pool,
}

/// Labels in the order of a model's logits, or of a data set's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSet {
    /// Name by which configurations refer to it.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Recordings that `positives` were counted on.
    #[serde(default)]
    pub recordings: Option<u64>,
    /// The labels in order.
    pub labels: Vec<Label>,
}

/// One step of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The model's label.
    pub from: String,
    /// The data set's label.
    pub to: String,
}

/// Which of the model's labels stand for which of the data set's, in the order that `predicted` lists them.
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
    pub map: Vec<Pair>,
}

const BUILT_IN_LABELS: [(&str, &str); 3] = [
    (
        "physionet2021",
        include_str!("../../../configs/labels/physionet2021.yaml"),
    ),
    (
        "mimic_iv_ecg",
        include_str!("../../../configs/labels/mimic_iv_ecg.yaml"),
    ),
    ("code15", include_str!("../../../configs/labels/code15.yaml")),
];

const BUILT_IN_MAPPINGS: [(&str, &str); 2] = [
    (
        "physionet2021_to_code15",
        include_str!("../../../configs/mappings/physionet2021_to_code15.yaml"),
    ),
    (
        "physionet2021_to_code15_with_1davb",
        include_str!("../../../configs/mappings/physionet2021_to_code15_with_1davb.yaml"),
    ),
];

/// A configuration file larger than this is none.
const MAX_BYTES: u64 = 1 << 20;

impl LabelSet {
    /// Loads a label set from a file, or the built-in one of that name.
    ///
    /// ```
    /// let labels = ecgfm_artifacts::labelset::LabelSet::load("physionet2021").unwrap();
    /// assert_eq!(labels.names()[4], "CLBBB|LBBB");
    /// ```
    ///
    /// # Errors
    /// There is neither; the file is not a label set; a name stands there twice.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let text = source(name_or_path, "labels", &BUILT_IN_LABELS)?;
        let set: Self = parse(name_or_path, &text)?;
        unique(name_or_path, set.labels.iter().map(|l| l.name.as_str()))?;
        Ok(set)
    }

    /// The names in order.
    pub fn names(&self) -> Vec<&str> {
        self.labels.iter().map(|l| l.name.as_str()).collect()
    }
}

impl Mapping {
    /// Loads a mapping from a file, or the built-in one of that name.
    ///
    /// # Errors
    /// There is neither; the file is not a mapping; a label stands there twice on either side.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let text = source(name_or_path, "mappings", &BUILT_IN_MAPPINGS)?;
        let mapping: Self = parse(name_or_path, &text)?;
        unique(name_or_path, mapping.map.iter().map(|p| p.from.as_str()))?;
        unique(name_or_path, mapping.map.iter().map(|p| p.to.as_str()))?;
        Ok(mapping)
    }

    /// Checks that every label on the left is one of the model's.
    ///
    /// # Errors
    /// One is not; the message lists those the model has.
    pub fn check_from(&self, origin: &str, labels: &LabelSet) -> Result<()> {
        let names = labels.names();
        match self.map.iter().find(|p| !names.contains(&p.from.as_str())) {
            None => Ok(()),
            Some(p) => Err(config(
                origin,
                format!(
                    "maps `{}`, which label set `{}` does not have; it has {}",
                    p.from,
                    labels.name,
                    names.join(", ")
                ),
            )),
        }
    }
}

/// The text behind a name or path of a label set or mapping, for fingerprints.
///
/// # Errors
/// There is neither a file nor a built-in of that name.
pub fn text(name_or_path: &str) -> Result<String> {
    source(name_or_path, "labels", &BUILT_IN_LABELS)
        .or_else(|_| source(name_or_path, "mappings", &BUILT_IN_MAPPINGS))
}

fn source(name_or_path: &str, folder: &str, built_in: &[(&str, &str)]) -> Result<String> {
    let path = Path::new(name_or_path);
    if path.is_file() {
        let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size > MAX_BYTES {
            return Err(config(
                name_or_path,
                format!("{size} bytes are too many for a configuration"),
            ));
        }
        return std::fs::read_to_string(path).map_err(Error::io("read", path));
    }
    built_in
        .iter()
        .find(|(name, _)| *name == name_or_path)
        .map(|(_, text)| (*text).to_owned())
        .ok_or_else(|| {
            let names: Vec<&str> = built_in.iter().map(|b| b.0).collect();
            config(
                name_or_path,
                format!(
                    "neither a file nor one of the built-in {folder}: {}",
                    names.join(", ")
                ),
            )
        })
}

fn parse<T: serde::de::DeserializeOwned>(origin: &str, text: &str) -> Result<T> {
    serde_yaml::from_str(text).map_err(|e| config(origin, e.to_string()))
}

fn unique<'a>(origin: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return Err(config(
                origin,
                format!("label `{name}` is empty or stands there twice"),
            ));
        }
    }
    Ok(())
}

fn config(origin: &str, message: String) -> Error {
    Error::Config {
        origin: origin.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_configuration_loads_under_its_own_name() {
        for (name, _) in BUILT_IN_LABELS {
            assert_eq!(LabelSet::load(name).unwrap().name, name);
        }
        for (name, _) in BUILT_IN_MAPPINGS {
            let mapping = Mapping::load(name).unwrap();
            mapping
                .check_from(name, &LabelSet::load(&mapping.from).unwrap())
                .unwrap();
            let truth = LabelSet::load(&mapping.to).unwrap();
            assert!(mapping.map.iter().all(|p| truth.names().contains(&p.to.as_str())));
        }
        assert_eq!(LabelSet::load("physionet2021").unwrap().labels.len(), 26);
        assert_eq!(LabelSet::load("mimic_iv_ecg").unwrap().labels.len(), 17);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = LabelSet::load("physionet").unwrap_err().to_string();
        assert_eq!(
            message,
            "physionet: neither a file nor one of the built-in labels: physionet2021, mimic_iv_ecg, code15"
        );
    }
}
