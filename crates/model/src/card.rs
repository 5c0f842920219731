//! `model.json`, the card that travels with `model.ts`.

use crate::config::Config;
use crate::weights;
use ecgfm_stage_params::Returns;
use serde::{Deserialize, Serialize};

/// The format of the card that this version writes.
pub const FORMAT_VERSION: u32 = 1;

/// What a model file is, where it came from and what it expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Version of this card's format.
    pub format_version: u32,
    /// The reference's name of the architecture.
    pub architecture: String,
    /// Number of labels, the width of the logits; 0 for an encoder, which has none.
    pub labels: i64,
    /// What the labels are, in the order of the logits, where whoever exported said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_set: Option<LabelNames>,
    /// What the values of the labels are; none of an encoder, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
    /// Number of parameters, as the checkpoint counts them.
    pub parameters: u64,
    /// What the model expects.
    pub input: Input,
    /// What it can say; all but the logits through the method `outputs`.
    #[serde(default)]
    pub outputs: Vec<Answer>,
    /// The network's sizes.
    pub config: Config,
    /// What every reader of its results must know, where there is such a thing: that it is a demonstration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// The checkpoint it was made from.
    pub source: File,
    /// The model file.
    pub model: File,
    /// What made it.
    pub exporter: Exporter,
}

/// The labels of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelNames {
    /// Name of the set.
    pub name: String,
    /// Hash of the set, which tells a copy that was edited from the original; none in older cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Names of the labels, in the order of the logits.
    pub labels: Vec<String>,
}

/// What a model expects: signals (batch, leads, samples), float32 unless converted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Number of leads, in the order I, II, III, aVR, aVL, aVF, V1–V6.
    pub leads: i64,
    /// Samples per second that it was trained on.
    pub sample_rate_hz: f64,
    /// Seconds per segment that it was trained on.
    pub segment_seconds: f64,
    /// Whether other lengths run too.
    pub any_length: bool,
    /// Fewest samples that give a token.
    pub min_samples: i64,
}

/// One thing a model can say of every segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `logits`, `embedding`, or a tensor of [`crate::network::Saliency`].
    pub name: String,
    /// What its dimensions are, after the batch.
    pub dimensions: Vec<String>,
}

impl Answer {
    fn all(config: &Config) -> Vec<Self> {
        let answer = |name: &str, dimensions: &[String]| Self {
            name: name.to_owned(),
            dimensions: dimensions.to_vec(),
        };
        let of_heads = [format!("{} heads", config.heads), "tokens".to_owned()];
        let logits = answer("logits", &[format!("{} labels", config.labels)]);
        let mut all = if config.has_head() {
            vec![logits]
        } else {
            Vec::new()
        };
        all.extend([
            answer("embedding", &[format!("width {}", config.embed_dim)]),
            answer("saliency", &["tokens".to_owned()]),
            answer("saliency_per_query_of_heads", &of_heads),
            answer("saliency_per_key_of_heads", &of_heads),
        ]);
        all
    }
}

/// A file by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, without directories.
    pub file: String,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// The program that made the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exporter {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Card {
    pub(crate) fn new(config: &Config, label_set: Option<LabelNames>, source: File, model: File) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            architecture: config.architecture().to_owned(),
            labels: config.labels,
            label_set,
            returns: config.has_head().then_some(Returns::Logits),
            parameters: weights::parameters(config),
            input: Input {
                leads: config.leads,
                sample_rate_hz: 500.0,
                segment_seconds: 5.0,
                any_length: true,
                min_samples: config.min_samples(),
            },
            outputs: Answer::all(config),
            config: config.clone(),
            notice: None,
            source,
            model,
            exporter: Exporter {
                name: "ecgfm".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
        }
    }
}
