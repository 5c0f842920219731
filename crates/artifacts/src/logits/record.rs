//! `infer.json`: the record of how logits were computed, beside them.

use crate::error::{Error, Result};
use crate::presence::exists;
use ecgfm_stage_params::Returns;
use std::path::Path;

/// File name of the record of how they were computed.
pub const RECORD_FILE: &str = "infer.json";

/// Key of the record with the notices to every reader of results: that ECGs are synthetic, that a model is a demonstration.
pub const NOTICES: &str = "notices";

/// Key of the record with the kind of the values: a name of [`Returns`].
pub const RETURNS: &str = "returns";

/// Hash of the model's label set, in the record.
pub const LABEL_SET_HASH: &str = "label_set_hash";

/// Writes the record: device, precision, model, by name.
///
/// # Errors
/// I/O.
pub fn write_record(dir: &Path, facts: &std::collections::BTreeMap<String, serde_json::Value>) -> Result<()> {
    let path = dir.join(RECORD_FILE);
    let mut text = serde_json::to_vec_pretty(facts).map_err(|e| Error::io("write", &path)(e.into()))?;
    text.push(b'\n');
    crate::atomic::write_bytes(&path, &text)
}

/// Labels by name, in the order of the logits, as the record has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelsRecorded {
    /// Name of the label set.
    pub name: String,
    /// Hash of the label set, where the record has one.
    pub hash: Option<String>,
    /// Names of its labels.
    pub labels: Vec<String>,
}

impl LabelsRecorded {
    /// Name and hash, for messages.
    pub fn describe(&self) -> String {
        let hash = self
            .hash
            .as_ref()
            .map_or_else(String::new, |hash| format!(" (hash {hash})"));
        format!("`{}`{hash}", self.name)
    }
}

/// Reads the labels of the logits from the record in `dir`; none where there is no record, or none in it.
///
/// # Errors
/// The record cannot be read.
pub fn labels_recorded(dir: &Path) -> Result<Option<LabelsRecorded>> {
    let path = dir.join(RECORD_FILE);
    if !exists(&path)? {
        return Ok(None);
    }
    let record: serde_json::Value = crate::json::read_json(&path)?;
    let names = record["label_names"].as_array();
    let name = record["label_set"].as_str().unwrap_or_default().to_owned();
    let hash = record[LABEL_SET_HASH].as_str().map(str::to_owned);
    Ok(names.map(|names| LabelsRecorded {
        name,
        hash,
        labels: names
            .iter()
            .map(|n| n.as_str().unwrap_or_default().to_owned())
            .collect(),
    }))
}

/// Reads the kind of the values, logits or probabilities, from the record in `dir`; none where there is no record, or none in it.
///
/// # Errors
/// The record cannot be read, or says something else.
pub fn returns_recorded(dir: &Path) -> Result<Option<Returns>> {
    let path = dir.join(RECORD_FILE);
    if !exists(&path)? {
        return Ok(None);
    }
    let record: serde_json::Value = crate::json::read_json(&path)?;
    let Some(text) = record[RETURNS].as_str() else {
        return Ok(None);
    };
    let returns = text.parse();
    returns
        .map(Some)
        .map_err(|what| Error::invalid(&path, format!("`{RETURNS}`: {what}")))
}

/// Reads the notices to every reader of results from the record in `dir`; empty where there is no record.
///
/// # Errors
/// The record cannot be read.
pub fn notices_recorded(dir: &Path) -> Result<Vec<String>> {
    let path = dir.join(RECORD_FILE);
    if !exists(&path)? {
        return Ok(Vec::new());
    }
    let record: serde_json::Value = crate::json::read_json(&path)?;
    let notices = record[NOTICES].as_array().into_iter().flatten();
    Ok(notices.filter_map(|n| n.as_str()).map(str::to_owned).collect())
}
