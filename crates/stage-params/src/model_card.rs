//! `model.json`, the card beside `model.ts`: one type for the exporter, which writes it, and for everyone who reads it.

use crate::card_recipe::{CardRecipe, with_length_of};
use crate::{Pool, Returns};
use ecgfm_recipe::steps::{RecipeDifference, RecipeSteps};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Format of the card that this version writes and reads.
pub const CARD_FORMAT_VERSION: u32 = 1;

/// Description of a model file: its labels, its input, its origin. A card written by hand may leave out what has a default.
///
/// `Network` is the type of the network's sizes, which only the crate that builds the network reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard<Network = IgnoredAny> {
    /// Version of the card's format.
    pub format_version: u32,
    /// Name of the architecture in the reference.
    #[serde(default)]
    pub architecture: String,
    /// Family of networks that this program builds, as in `ecg_fm`; none for a model of other hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Number of labels, the width of the logits; 0 for an encoder, which has none.
    pub labels: usize,
    /// Names of the labels, in the order of the logits, where they were known at export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_set: Option<LabelNames>,
    /// Meaning of the values for the labels; none for an encoder, or where the card does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
    /// Number of parameters, as the checkpoint counts them.
    #[serde(default)]
    pub parameters: u64,
    /// Signals that the model takes.
    pub input: ModelInput,
    /// Steps from a recording to the model's input; none where the card does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<CardRecipe>,
    /// Pooling of the segments of an ECG that the model's authors use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pool>,
    /// Thresholds of the model's authors: label → probability above which it is predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<BTreeMap<String, f64>>,
    /// Outputs that the model can give; all but the logits through the method `outputs`.
    #[serde(default)]
    pub outputs: Vec<CardOutput>,
    /// Sizes of the network.
    #[serde(default = "no_network", skip_serializing_if = "Option::is_none")]
    pub config: Option<Network>,
    /// Notice for every reader of the model's results, such as that it is a demonstration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// What the model may be used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<CardLicence>,
    /// Checkpoint that the model was made from.
    #[serde(default)]
    pub source: CardFile,
    /// The model file.
    pub model: CardFile,
    /// Golden vectors: inputs, and what the model returned for them when it was exported; NumPy's .npz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<CardFile>,
    /// Program that wrote the card.
    #[serde(default)]
    pub exporter: Exporter,
}

fn no_network<Network>() -> Option<Network> {
    None
}

/// Names of a model's labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelNames {
    /// Name of the label set.
    pub name: String,
    /// Hash of the label set, which tells an edited copy from the original; none in older cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Names of the labels, in the order of the logits.
    pub labels: Vec<String>,
}

impl LabelNames {
    /// Name and hash, for messages.
    pub fn describe(&self) -> String {
        let hash = self
            .hash
            .as_ref()
            .map_or_else(String::new, |hash| format!(" (hash {hash})"));
        format!("`{}`{hash}", self.name)
    }

    /// True where one of the labels has this name.
    pub fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|known| known == label)
    }
}

/// Licences of a model, and where it is from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLicence {
    /// Licence of the authors' code, by its SPDX identifier or in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Licence of the weights, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// True where code or weights may not be used commercially.
    #[serde(default)]
    pub non_commercial: bool,
    /// Addresses of code and weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

/// Signals that a model takes: (batch, rows, samples), float32 unless converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInput {
    /// Number of rows: leads, in the order of the recipe, without one I, II, III, aVR, aVL, aVF, V1–V6; 1 where the recipe
    /// puts them one after another.
    pub leads: usize,
    /// Samples per second that the model was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<f64>,
    /// Seconds per segment that the model was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_seconds: Option<f64>,
    /// Samples of each row of a segment that the model was trained on; more than a segment's seconds have where leads are put one
    /// after another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// True where segments of other lengths run too.
    #[serde(default)]
    pub any_length: bool,
    /// Number that a segment's samples are a multiple of, where segments of fewer samples than [`samples`](Self::samples) run too, but
    /// not of every length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<usize>,
    /// Fewest samples that the model runs on.
    pub min_samples: usize,
}

impl ModelInput {
    /// Why segments of that many samples do not run; none where they may.
    pub fn refuse_length(&self, samples: usize) -> Option<String> {
        if samples < self.min_samples {
            let needed = self.min_samples;
            return Some(format!(
                "segments have {samples} samples, and the model needs {needed} at least"
            ));
        }
        let of = self.multiple_of.filter(|of| *of > 0)?;
        let most = self.samples.filter(|most| samples > *most);
        if samples.is_multiple_of(of) && most.is_none() {
            return None;
        }
        let most = self
            .samples
            .map_or_else(String::new, |most| format!(", up to {most}"));
        Some(format!(
            "segments have {samples} samples, and the model takes multiples of {of}{most}"
        ))
    }
}

/// One output of a model for every segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardOutput {
    /// `logits`, `embedding`, or a kind of saliency.
    pub name: String,
    /// Dimensions of the output, after the batch.
    pub dimensions: Vec<String>,
}

/// A file by content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFile {
    /// File name, without directories.
    #[serde(default)]
    pub file: String,
    /// Size in bytes.
    #[serde(default)]
    pub size: u64,
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// The program that wrote a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exporter {
    /// Name of the program.
    #[serde(default)]
    pub name: String,
    /// Version of the program.
    #[serde(default)]
    pub version: String,
}

/// A card that cannot be read.
#[derive(Debug)]
pub enum CardError {
    /// The operating system refused.
    Io(io::Error),
    /// The file is not a card.
    Invalid(serde_json::Error),
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Invalid(error) => write!(f, "not a model card: {error}; export again, or remove it"),
        }
    }
}

impl std::error::Error for CardError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Invalid(error) => Some(error),
        }
    }
}

impl<Network> ModelCard<Network> {
    /// The first step in which a store's segments were made otherwise than the model wants; none where they were made alike, or the
    /// card names no recipe. Where the model takes other lengths, which [`ModelInput::refuse_length`] tells, segments may be of another.
    pub fn recipe_difference(&self, store: &RecipeSteps) -> Option<RecipeDifference> {
        let mut wanted = self.recipe.as_ref()?.steps.clone();
        if self.input.any_length || self.input.multiple_of.is_some() {
            wanted = with_length_of(wanted, store);
        }
        store.first_difference(&wanted)
    }
}

impl ModelCard {
    /// Path of the card beside a model: `model.json` for `model.ts`.
    pub fn path_beside(model: &Path) -> PathBuf {
        model.with_extension("json")
    }
}

impl<Network: DeserializeOwned> ModelCard<Network> {
    /// Reads a card; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a card.
    pub fn read(path: &Path) -> Result<Option<Self>, CardError> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(CardError::Invalid),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CardError::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_recipe::steps::RecipeStep;

    #[test]
    fn a_card_written_by_hand_may_leave_out_what_only_the_exporter_knows() {
        let card: ModelCard = serde_json::from_value(serde_json::json!({
            "format_version": 1, "labels": 2, "input": { "leads": 12, "min_samples": 2500 }, "model": { "sha256": "ab" },
            "config": { "of": "another program" }, "more": true,
        }))
        .unwrap();
        assert_eq!(
            (card.labels, card.input.sample_rate_hz, card.returns),
            (2, None, None)
        );
        assert_eq!(card.model.sha256, "ab");
        assert_eq!((card.family, card.recipe, card.golden), (None, None, None));
    }

    #[test]
    fn a_store_of_another_recipe_differs_by_its_first_step_and_its_length_matters_where_the_model_takes_one_only()
     {
        let card = |recipe: &str, any_length: bool| -> ModelCard {
            let input = serde_json::json!({ "leads": 12, "min_samples": 9, "any_length": any_length });
            let text = serde_json::json!({
                "format_version": 1, "labels": 2, "input": input, "recipe": { "name": recipe }, "model": { "sha256": "ab" },
            });
            serde_json::from_value(text).unwrap()
        };
        let mut store = ecgfm_recipe::steps::built_in("ecg_fm").unwrap();
        assert_eq!(card("ecg_fm", true).recipe_difference(&store), None);
        let difference = card("ecgfounder", true).recipe_difference(&store).unwrap();
        assert_eq!((difference.number, difference.name), (1, "missing_values"));
        if let Some(RecipeStep::Segments { samples, .. }) = store.0.last_mut() {
            *samples = 5000;
        }
        assert_eq!(card("ecg_fm", true).recipe_difference(&store), None);
        assert_eq!(
            card("ecg_fm", false).recipe_difference(&store).unwrap().name,
            "segments"
        );
    }

    #[test]
    fn lengths_are_refused_that_are_too_short_no_multiple_or_beyond_the_most() {
        let input: ModelInput = serde_json::from_value(serde_json::json!({
            "leads": 12, "samples": 2250, "multiple_of": 75, "min_samples": 75,
        }))
        .unwrap();
        assert_eq!(
            [75, 750, 2250].map(|samples| input.refuse_length(samples)),
            [None, None, None]
        );
        assert!(input.refuse_length(74).unwrap().contains("needs 75 at least"));
        for samples in [1250, 2325] {
            let said = input.refuse_length(samples).unwrap();
            assert!(
                said.contains(&samples.to_string()) && said.contains("multiples of 75, up to 2250"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_card_comes_back_with_everything_that_it_says_of_use_and_preparation() {
        let text = serde_json::json!({
            "format_version": 1, "architecture": "", "family": "ecgfounder", "labels": 2, "parameters": 0,
            "input": { "leads": 12, "any_length": false, "min_samples": 5000 },
            "recipe": { "steps": [{ "step": "segments", "take": "first", "samples": 5000, "short": "refuse" }] },
            "pooling": "max", "thresholds": { "AF": 0.25 }, "outputs": [],
            "licence": { "weights": "CC-BY-NC-4.0", "non_commercial": true },
            "source": { "file": "", "size": 0, "sha256": "" }, "model": { "file": "", "size": 0, "sha256": "ab" },
            "golden": { "file": "model.golden.npz", "size": 9, "sha256": "cd" },
            "exporter": { "name": "", "version": "" },
        });
        let card: ModelCard<serde_json::Value> = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(card.pooling, Some(Pool::Max));
        assert_eq!(serde_json::to_value(&card).unwrap(), text);
    }

    #[test]
    fn no_card_is_none_and_a_file_that_is_no_card_says_so() {
        let missing = ModelCard::<IgnoredAny>::read(Path::new("/nowhere/model.json"));
        assert!(missing.unwrap().is_none());
        let manifest =
            ModelCard::<IgnoredAny>::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        let message = manifest.unwrap_err().to_string();
        assert!(message.starts_with("not a model card"), "{message}");
    }
}
