//! Sizes of the network that a checkpoint holds, by its own configuration.

mod read;
mod section;

use serde::{Deserialize, Serialize};

/// The architecture that is built: `_name` of the reference's model configuration.
pub const ARCHITECTURE: &str = "ecg_transformer_classifier";

/// `_name` of the same network without its head.
pub const ENCODER: &str = "ecg_transformer";

/// Largest size that is accepted: far above any published one, far below where sizes multiply to nonsense.
const MAX_SIZE: i64 = 1 << 20;

/// Names of configurations that hold an encoder without a head: itself, and what pretraining makes of it.
const HEADLESS: [&str; 3] = [ENCODER, "wav2vec2", "wav2vec2_cmsc"];

/// Layer of the convolutional feature extractor.
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
    /// True where the feature extractor's convolutions have a bias (`conv_bias`).
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
    /// Returns true where there is a head that gives logits.
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

    /// Returns true where a linear layer widens the features to tokens; the reference leaves it out where the widths agree.
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

#[cfg(test)]
mod tests;
