//! What `model.json` promises about `model.ts`. Somebody else's model has no card, and runs without.

use crate::{Error, Result};
use ecgfm_stage_params::Returns;
use serde::Deserialize;
use std::path::Path;

/// The parts of the card that running the model depends on. The exporter writes more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Card {
    /// Version of the card's format.
    pub format_version: u32,
    /// Number of labels; 0 for an encoder.
    pub labels: usize,
    /// What they are, where the exporter was told.
    #[serde(default)]
    pub label_set: Option<LabelNames>,
    /// What its values are, where the card says so.
    #[serde(default)]
    pub returns: Option<Returns>,
    /// What every reader of its results must know.
    #[serde(default)]
    pub notice: Option<String>,
    /// What the model expects.
    pub input: Input,
    /// The model file.
    pub model: File,
}

/// The labels of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelNames {
    /// Name of the set.
    pub name: String,
    /// Hash of the set, which tells a copy that was edited from the original; none in older cards.
    #[serde(default)]
    pub hash: Option<String>,
    /// Names of the labels, in the order of the logits.
    pub labels: Vec<String>,
}

/// What the model expects.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Input {
    /// Number of leads.
    pub leads: usize,
    /// Fewest samples it runs on.
    pub min_samples: usize,
    /// Samples a second that it was trained on.
    #[serde(default)]
    pub sample_rate_hz: Option<f64>,
}

/// The model file by content.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct File {
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The format that this version reads.
const FORMAT_VERSION: u32 = 1;

impl Card {
    /// Reads the card beside `model` (`model.json` for `model.ts`); `None` where there is none, or no model.
    ///
    /// # Errors
    /// When it cannot be read, is of another format, or is the card of another file than `sha256`.
    pub fn beside(model: &Path, sha256: &str) -> Result<Option<Self>> {
        let path = model.with_extension("json");
        if path == model || !path.is_file() || !model.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(|error| Error::model(&path, error.to_string()))?;
        let card: Self = serde_json::from_str(&text).map_err(|error| {
            Error::model(
                &path,
                format!("not a model card: {error}; export again, or remove it"),
            )
        })?;
        if card.format_version != FORMAT_VERSION {
            let what = format!(
                "format {}; this version reads {FORMAT_VERSION}: export the model again",
                card.format_version
            );
            return Err(Error::model(&path, what));
        }
        if card.model.sha256 != sha256 {
            let what = format!(
                "is the card of another model file: sha256 {} there, {sha256} here; export again",
                card.model.sha256
            );
            return Err(Error::model(&path, what));
        }
        Ok(Some(card))
    }
}
