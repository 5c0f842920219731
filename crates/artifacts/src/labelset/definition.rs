//! Definitions in `configs/`: data, built into the program, found by file or by name.

use crate::error::{Error, Result};
use crate::presence::{is_dir, is_file};
use std::collections::BTreeSet;
use std::path::Path;

const BUILT_IN_LABELS: [(&str, &str); 8] = [
    (
        "physionet2021",
        include_str!("../../../../configs/labels/physionet2021.yaml"),
    ),
    (
        "mimic_iv_ecg",
        include_str!("../../../../configs/labels/mimic_iv_ecg.yaml"),
    ),
    ("code15", include_str!("../../../../configs/labels/code15.yaml")),
    ("ptbxl", include_str!("../../../../configs/labels/ptbxl.yaml")),
    (
        "ptbxl_superclasses",
        include_str!("../../../../configs/labels/ptbxl_superclasses.yaml"),
    ),
    (
        "ecgfounder",
        include_str!("../../../../configs/labels/ecgfounder.yaml"),
    ),
    (
        "hubert_ecg",
        include_str!("../../../../configs/labels/hubert_ecg.yaml"),
    ),
    ("deepecg", include_str!("../../../../configs/labels/deepecg.yaml")),
];

const BUILT_IN_MAPPINGS: [(&str, &str); 13] = [
    (
        "physionet2021_to_code15",
        include_str!("../../../../configs/mappings/physionet2021_to_code15.yaml"),
    ),
    (
        "physionet2021_to_code15_with_1davb",
        include_str!("../../../../configs/mappings/physionet2021_to_code15_with_1davb.yaml"),
    ),
    (
        "physionet2021_to_mimic_iv_ecg",
        include_str!("../../../../configs/mappings/physionet2021_to_mimic_iv_ecg.yaml"),
    ),
    (
        "physionet2021_to_ptbxl",
        include_str!("../../../../configs/mappings/physionet2021_to_ptbxl.yaml"),
    ),
    (
        "ecgfounder_to_code15",
        include_str!("../../../../configs/mappings/ecgfounder_to_code15.yaml"),
    ),
    (
        "ecgfounder_to_physionet2021",
        include_str!("../../../../configs/mappings/ecgfounder_to_physionet2021.yaml"),
    ),
    (
        "ecgfounder_to_ptbxl",
        include_str!("../../../../configs/mappings/ecgfounder_to_ptbxl.yaml"),
    ),
    (
        "hubert_ecg_to_code15",
        include_str!("../../../../configs/mappings/hubert_ecg_to_code15.yaml"),
    ),
    (
        "hubert_ecg_to_physionet2021",
        include_str!("../../../../configs/mappings/hubert_ecg_to_physionet2021.yaml"),
    ),
    (
        "hubert_ecg_to_ptbxl",
        include_str!("../../../../configs/mappings/hubert_ecg_to_ptbxl.yaml"),
    ),
    (
        "deepecg_to_code15",
        include_str!("../../../../configs/mappings/deepecg_to_code15.yaml"),
    ),
    (
        "deepecg_to_physionet2021",
        include_str!("../../../../configs/mappings/deepecg_to_physionet2021.yaml"),
    ),
    (
        "deepecg_to_ptbxl",
        include_str!("../../../../configs/mappings/deepecg_to_ptbxl.yaml"),
    ),
];

const BUILT_IN_SCORES: [(&str, &str); 1] = [(
    "physionet2021",
    include_str!("../../../../configs/scores/physionet2021.yaml"),
)];

const BUILT_IN_TEXT_RULES: [(&str, &str); 1] = [(
    "mimic_iv_ecg",
    include_str!("../../../../configs/text_rules/mimic_iv_ecg.yaml"),
)];

/// A configuration file larger than this is none.
const MAX_BYTES: u64 = 1 << 20;

/// Kind of definition that a name or path in a pipeline refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// A label set.
    Labels,
    /// A mapping between label sets.
    Mapping,
    /// A matrix of a score.
    Score,
    /// Rules for text.
    TextRules,
}

impl Definition {
    /// The definitions built into the program: name and text of each.
    pub fn built_in(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Labels => &BUILT_IN_LABELS,
            Self::Mapping => &BUILT_IN_MAPPINGS,
            Self::Score => &BUILT_IN_SCORES,
            Self::TextRules => &BUILT_IN_TEXT_RULES,
        }
    }

    /// Returns true where a definition of that name is built in.
    pub fn is_built_in(self, name: &str) -> bool {
        self.built_in().iter().any(|(known, _)| *known == name)
    }

    /// The text behind the name or path.
    ///
    /// # Errors
    /// There is neither a file nor a built-in of that name.
    pub fn text(self, name_or_path: &str) -> Result<String> {
        let what = match self {
            Self::Labels => "label sets",
            Self::Mapping => "mappings",
            Self::Score => "scores",
            Self::TextRules => "rules for text",
        };
        read_definition(name_or_path, what, self.built_in())
    }
}

fn read_definition(name_or_path: &str, what: &str, built_in: &[(&str, &str)]) -> Result<String> {
    let path = Path::new(name_or_path);
    if is_file(path)? {
        let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size > MAX_BYTES {
            return Err(config_error(
                name_or_path,
                format!("{size} bytes are too many for a configuration"),
            ));
        }
        return std::fs::read_to_string(path).map_err(Error::io("read", path));
    }
    let is_directory = is_dir(path)?;
    built_in
        .iter()
        .find(|(name, _)| *name == name_or_path)
        .map(|(_, text)| (*text).to_owned())
        .ok_or_else(|| {
            let names: Vec<&str> = built_in.iter().map(|b| b.0).collect();
            let known = names.join(", ");
            let message = if is_directory {
                format!("is a directory; name a file, or one of the built-in {what}: {known}")
            } else {
                let looked = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                let looked = looked.display();
                format!("neither a file (looked for {looked}) nor one of the built-in {what}: {known}")
            };
            config_error(name_or_path, message)
        })
}

pub(super) fn parse_yaml<T: serde::de::DeserializeOwned>(origin: &str, text: &str) -> Result<T> {
    serde_yaml::from_str(text).map_err(|e| config_error(origin, e.to_string()))
}

pub(super) fn require_unique<'a>(origin: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
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

pub(super) fn config_error(origin: &str, message: String) -> Error {
    Error::Config {
        origin: origin.to_owned(),
        message,
    }
}
