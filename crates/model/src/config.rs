//! What network a checkpoint holds, by its own configuration.

use crate::conv_layers;
use crate::{Error, Result};
use ecgfm_formats::pt::{Checkpoint, Kind, Value};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The architecture that is built: `_name` of the reference's model configuration.
pub const ARCHITECTURE: &str = "ecg_transformer_classifier";

/// The same without its head.
pub const ENCODER: &str = "ecg_transformer";

/// Names of configurations that hold an encoder without a head: itself, and what pretraining makes of it.
const HEADLESS: [&str; 3] = [ENCODER, "wav2vec2", "wav2vec2_cmsc"];

/// One layer of the convolutional feature extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvLayer {
    /// Output channels.
    pub channels: i64,
    /// Kernel width in samples of its input.
    pub kernel: i64,
    /// Stride in samples of its input.
    pub stride: i64,
}

/// The sizes of an ECG-FM classifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Leads of the input (`in_d`).
    pub leads: i64,
    /// The feature extractor (`conv_feature_layers`).
    pub conv_layers: Vec<ConvLayer>,
    /// Whether the feature extractor's convolutions have a bias (`conv_bias`).
    pub conv_bias: bool,
    /// Width of a token (`encoder_embed_dim`).
    pub embed_dim: i64,
    /// Width of the feed-forward layers (`encoder_ffn_embed_dim`).
    pub ffn_dim: i64,
    /// Transformer layers (`encoder_layers`).
    pub layers: i64,
    /// Attention heads (`encoder_attention_heads`).
    pub heads: i64,
    /// Kernel width of the positional convolution, in tokens (`conv_pos`).
    pub conv_pos: i64,
    /// Groups of the positional convolution (`conv_pos_groups`).
    pub conv_pos_groups: i64,
    /// Labels (`num_labels`); 0 for an encoder, which has no head.
    pub labels: i64,
}

impl Config {
    /// Reads `cfg.model` of a checkpoint.
    ///
    /// # Errors
    /// When a key is missing or of the wrong type, or the network is one that this crate does not build; the message
    /// names key, value and what is supported.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self> {
        let section = Section {
            path: checkpoint.path(),
            model: checkpoint.value(&["cfg", "model"])?,
        };
        section.supported()?;
        let text = section.text("conv_feature_layers")?;
        let conv_layers = conv_layers::parse(text)
            .map_err(|message| section.refuse("conv_feature_layers", format!("{text:?}"), &message))?;
        let config = Self {
            leads: section.size("in_d")?,
            conv_layers,
            conv_bias: section.flag("conv_bias")?.unwrap_or(false),
            embed_dim: section.size("encoder_embed_dim")?,
            ffn_dim: section.size("encoder_ffn_embed_dim")?,
            layers: section.size("encoder_layers")?,
            heads: section.size("encoder_attention_heads")?,
            conv_pos: section.size("conv_pos")?,
            conv_pos_groups: section.size("conv_pos_groups")?,
            labels: section.labels(checkpoint)?,
        };
        section.divides("encoder_attention_heads", config.heads, config.embed_dim)?;
        section.divides("conv_pos_groups", config.conv_pos_groups, config.embed_dim)?;
        Ok(config)
    }

    /// Whether there is a head that gives logits.
    pub fn has_head(&self) -> bool {
        self.labels > 0
    }

    /// The reference's name of the network.
    pub fn architecture(&self) -> &'static str {
        if self.has_head() { ARCHITECTURE } else { ENCODER }
    }

    /// Channels that leave the feature extractor.
    pub fn feature_dim(&self) -> i64 {
        self.conv_layers.last().map_or(self.leads, |layer| layer.channels)
    }

    /// Whether a linear layer widens the features to tokens; the reference leaves it out where the widths agree.
    pub fn has_projection(&self) -> bool {
        self.feature_dim() != self.embed_dim
    }

    /// Fewest samples that give a token.
    pub fn min_samples(&self) -> i64 {
        self.conv_layers
            .iter()
            .rev()
            .fold(1, |length, layer| (length - 1) * layer.stride + layer.kernel)
    }

    /// Tokens that `samples` samples give; 0 where they are too few.
    pub fn tokens(&self, samples: i64) -> i64 {
        self.conv_layers.iter().fold(samples, |length, layer| {
            if length < layer.kernel {
                0
            } else {
                (length - layer.kernel) / layer.stride + 1
            }
        })
    }
}

/// `cfg.model` of a checkpoint.
struct Section<'a> {
    path: &'a Path,
    model: Value<'a>,
}

/// Far above any published size, far below where sizes multiply to nonsense.
const MAX_SIZE: i64 = 1 << 20;

impl<'a> Section<'a> {
    fn refuse(&self, key: &str, value: String, supported: &str) -> Error {
        let key = format!("cfg.model.{key}");
        Error::Config {
            path: self.path.to_owned(),
            key,
            value,
            supported: supported.to_owned(),
        }
    }

    fn get(&self, key: &str) -> Result<Value<'a>> {
        self.model
            .get(key)
            .ok_or_else(|| self.refuse(key, "(absent)".to_owned(), "the reference always writes it"))
    }

    /// Refuses what the forward pass here does not do. Where an older checkpoint lacks one of these keys, the reference's
    /// default is the value that is supported.
    fn supported(&self) -> Result<()> {
        let name = self.text("_name")?;
        if name != ARCHITECTURE && !HEADLESS.contains(&name) {
            let supported = format!(
                "supported are the classifier, {ARCHITECTURE}, and encoders: {}",
                HEADLESS.join(", ")
            );
            return Err(self.refuse("_name", format!("{name:?}"), &supported));
        }
        if let Some(mode) = self.model.get("extractor_mode")
            && mode.as_str() != Some("default")
        {
            return Err(self.refuse(
                "extractor_mode",
                format!("{mode:?}"),
                "supported is \"default\", one group norm after the first layer",
            ));
        }
        for (key, reason) in [
            (
                "layer_norm_first",
                "supported is False, normalisation after each block",
            ),
            ("saliency", "supported is False"),
            (
                "normalize",
                "supported is False: the signals stage standardises, the model does not",
            ),
            ("filter", "supported is False: signals reach the model unfiltered"),
            (
                "quantize_input",
                "supported is False: the encoder reads features as they are",
            ),
        ] {
            if self.flag(key)?.unwrap_or(false) {
                return Err(self.refuse(key, "True".to_owned(), reason));
            }
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Result<&'a str> {
        let value = self.get(key)?;
        value
            .as_str()
            .ok_or_else(|| self.refuse(key, format!("{value:?}"), "a string is needed"))
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.model.get(key) {
            None => Ok(None),
            Some(value) => match value.as_bool() {
                Some(flag) => Ok(Some(flag)),
                None => Err(self.refuse(key, format!("{value:?}"), "True or False is needed")),
            },
        }
    }

    fn size(&self, key: &str) -> Result<i64> {
        let value = self.get(key)?;
        match value.as_i64() {
            Some(size @ 1..=MAX_SIZE) => Ok(size),
            _ => Err(self.refuse(
                key,
                format!("{value:?}"),
                &format!("a whole number from 1 to {MAX_SIZE} is needed"),
            )),
        }
    }

    fn divides(&self, key: &str, part: i64, whole: i64) -> Result<()> {
        if whole % part == 0 {
            return Ok(());
        }
        Err(self.refuse(
            key,
            part.to_string(),
            &format!("it must divide encoder_embed_dim, which is {whole}"),
        ))
    }

    /// The label count: the configuration's, the head's, and both must agree where both are there; 0 for an encoder.
    fn labels(&self, checkpoint: &Checkpoint) -> Result<i64> {
        if HEADLESS.contains(&self.text("_name")?) {
            return Ok(0);
        }
        let head = checkpoint
            .tensor(&["model", "proj.weight"])?
            .shape
            .first()
            .copied();
        let head = head
            .and_then(|labels| i64::try_from(labels).ok())
            .filter(|labels| (1..=MAX_SIZE).contains(labels));
        let configured = match self.model.get("num_labels") {
            None => None,
            Some(value) if value.kind() == Kind::None => None,
            Some(_) => Some(self.size("num_labels")?),
        };
        match (configured, head) {
            (Some(configured), Some(head)) if configured != head => {
                let supported = format!("but proj.weight has {head} rows; they must agree");
                Err(self.refuse("num_labels", configured.to_string(), &supported))
            }
            (_, Some(head)) => Ok(head),
            (_, None) => Err(self.refuse(
                "num_labels",
                "(unknown)".to_owned(),
                "proj.weight has no usable first dimension",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
