//! Sizes of a HuBERT-ECG, out of a file's weights and the configuration.

use crate::Result;
use crate::families::layers::EPSILON;
use crate::families::settings::Settings;
use crate::families::shapes::Shapes;
use ecgfm_formats::pt::WeightsFile;
use serde::Serialize;
use serde_json::json;

/// The positional convolution, as its names begin.
pub(super) const POSITIONS: &str = "encoder.pos_conv_embed.conv";

/// Endings of the names of the factors of its weight, lengths and directions, by current code and by code before.
pub(super) const FACTORS: [[&str; 2]; 2] = [
    [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ],
    ["weight_g", "weight_v"],
];

/// Head of a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Head {
    None,
    /// One linear layer.
    Linear,
    /// Two, with a hyperbolic tangent between.
    TwoLayers {
        hidden: i64,
    },
}

/// Sizes of a HuBERT-ECG, under the names of its own configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HubertNetwork {
    pub(super) hidden_size: i64,
    pub(super) num_hidden_layers: i64,
    pub(super) num_attention_heads: i64,
    pub(super) intermediate_size: i64,
    pub(super) conv_dim: Vec<i64>,
    pub(super) conv_kernel: Vec<i64>,
    pub(super) conv_stride: Vec<i64>,
    pub(super) num_conv_pos_embeddings: i64,
    pub(super) num_conv_pos_embedding_groups: i64,
    pub(super) num_labels: i64,
    pub(super) head: Head,
    /// Beginning of the encoder's names in the file.
    #[serde(skip)]
    pub(super) prefix: &'static str,
}

/// Refuses switches of the configuration that the forward pass here does not have.
fn require_supported(settings: &Settings) -> Result<()> {
    for (key, supported) in [
        ("do_stable_layer_norm", json!(false)),
        ("feat_extract_norm", json!("group")),
        ("feat_extract_activation", json!("gelu")),
        ("feat_proj_layer_norm", json!(true)),
        ("hidden_act", json!("gelu")),
        ("conv_bias", json!(false)),
        ("conv_pos_batch_norm", json!(false)),
        ("use_label_embedding", json!(false)),
        ("layer_norm_eps", json!(EPSILON)),
    ] {
        settings.require(key, &supported)?;
    }
    Ok(())
}

impl HubertNetwork {
    pub(super) fn read(file: &WeightsFile, prefix: &'static str, settings: &Settings) -> Result<Self> {
        require_supported(settings)?;
        let (encoder, whole) = (Shapes::new(file, prefix), Shapes::new(file, ""));
        let convolution = |at: i64| format!("feature_extractor.conv_layers.{at}.conv.weight");
        let (mut conv_dim, mut conv_kernel) = (Vec::new(), Vec::new());
        for at in 0..encoder.count(convolution) {
            let [channels, _, kernel] = encoder.of(&convolution(at))?;
            conv_dim.push(channels);
            conv_kernel.push(kernel);
        }
        let [hidden_size, _] = encoder.of("feature_projection.projection.weight")?;
        let direction = FACTORS.map(|[_, direction]| format!("{POSITIONS}.{direction}"));
        let direction = direction
            .iter()
            .find(|name| encoder.has(name))
            .unwrap_or(&direction[0]);
        let [_, of_group, num_conv_pos_embeddings] = encoder.of(direction)?;
        let [intermediate_size, _] = encoder.of("encoder.layers.0.feed_forward.intermediate_dense.weight")?;
        let (head, num_labels) = read_head(&whole, settings)?;
        let missing =
            || settings.missing("how many heads the attention has, and the strides of the convolutions");
        let network = Self {
            hidden_size,
            num_hidden_layers: encoder.count(|at| format!("encoder.layers.{at}.layer_norm.weight")),
            num_attention_heads: settings.size("num_attention_heads")?.ok_or_else(missing)?,
            intermediate_size,
            conv_dim,
            conv_kernel,
            conv_stride: settings.sizes("conv_stride", 1)?.ok_or_else(missing)?,
            num_conv_pos_embeddings,
            num_conv_pos_embedding_groups: hidden_size / of_group,
            num_labels,
            head,
            prefix,
        };
        network.check(settings)?;
        Ok(network)
    }

    /// Refuses sizes that contradict each other.
    fn check(&self, settings: &Settings) -> Result<()> {
        if self.hidden_size % self.num_attention_heads != 0 {
            let what = format!("it must divide the width, {}", self.hidden_size);
            return Err(settings.refuse("num_attention_heads", &what));
        }
        if self.conv_stride.len() != self.conv_kernel.len() {
            let what = format!(
                "one for each of {} convolutions is needed",
                self.conv_kernel.len()
            );
            return Err(settings.refuse("conv_stride", &what));
        }
        if let Some(kernels) = settings.sizes("conv_kernel", 1)?
            && kernels != self.conv_kernel
        {
            let what = format!(
                "the weights have {:?}: it is the configuration of another model",
                self.conv_kernel
            );
            return Err(settings.refuse("conv_kernel", &what));
        }
        Ok(())
    }
}

/// The head of a file and its labels.
fn read_head(whole: &Shapes<'_>, settings: &Settings) -> Result<(Head, i64)> {
    if whole.has("classifier.weight") {
        let [labels, _] = whole.of("classifier.weight")?;
        return Ok((Head::Linear, labels));
    }
    if whole.has("classifier.2.weight") {
        settings.require("activation", &json!("tanh"))?;
        let [labels, hidden] = whole.of("classifier.2.weight")?;
        return Ok((Head::TwoLayers { hidden }, labels));
    }
    Ok((Head::None, 0))
}
