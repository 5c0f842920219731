//! What network a checkpoint holds, by its own configuration.

mod section;

use crate::conv_layers;
use crate::{Error, Result};
use ecgfm_formats::pt::WeightsFile;
use section::Section;
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
    /// Reads the configuration of a network from `given`, a YAML or JSON file, or else from the file of its weights.
    ///
    /// # Errors
    /// When there is none, a key is missing or of the wrong type, or the network is one that this crate does not build; the
    /// message names key, value and what is supported.
    pub fn read(weights: &WeightsFile, given: Option<&Path>) -> Result<Self> {
        let section = match given {
            Some(file) => match section::Given::read(file)? {
                section::Given::Card(config) => return config.fits(file, weights),
                section::Given::Section(section) => section,
            },
            None => Section::of_weights(weights)?,
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
            labels: section.labels(weights)?,
        };
        section.divides("encoder_attention_heads", config.heads, config.embed_dim)?;
        section.divides("conv_pos_groups", config.conv_pos_groups, config.embed_dim)?;
        Ok(config)
    }

    /// A configuration out of a card, held against the weights' number of labels and against itself.
    fn fits(self, file: &Path, weights: &WeightsFile) -> Result<Self> {
        let refused = |key: &str, value: i64, supported: String| Error::Config {
            path: file.to_owned(),
            key: format!("config.{key}"),
            value: value.to_string(),
            supported,
        };
        let sizes = [
            ("leads", self.leads),
            ("embed_dim", self.embed_dim),
            ("ffn_dim", self.ffn_dim),
            ("layers", self.layers),
            ("heads", self.heads),
            ("conv_pos", self.conv_pos),
            ("conv_pos_groups", self.conv_pos_groups),
        ];
        let layers = self.conv_layers.iter();
        let of_layers = layers.flat_map(|layer| [layer.channels, layer.kernel, layer.stride]);
        let of_layers = of_layers.map(|size| ("conv_layers", size));
        for (key, size) in sizes.into_iter().chain(of_layers) {
            if !(1..=MAX_SIZE).contains(&size) {
                return Err(refused(key, size, section::whole_number()));
            }
        }
        for (key, part) in [("heads", self.heads), ("conv_pos_groups", self.conv_pos_groups)] {
            if self.embed_dim % part != 0 {
                let whole = self.embed_dim;
                return Err(refused(
                    key,
                    part,
                    format!("it must divide embed_dim, which is {whole}"),
                ));
            }
        }
        let rows = weights.weight("proj.weight").and_then(|head| head.shape.first());
        let rows = rows.and_then(|&rows| i64::try_from(rows).ok()).unwrap_or(0);
        if rows != self.labels {
            let what = format!("but proj.weight has {rows} rows; they must agree");
            return Err(refused("labels", self.labels, what));
        }
        Ok(self)
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

/// Far above any published size, far below where sizes multiply to nonsense.
const MAX_SIZE: i64 = 1 << 20;

#[cfg(test)]
mod tests;
