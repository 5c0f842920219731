//! Reads a configuration from a checkpoint, a file beside it, or the card of an export.

use super::section::{ConfigFile, Section, whole_number};
use super::{Config, MAX_SIZE};
use crate::conv_layers;
use crate::{Error, Result};
use ecgfm_formats::pt::WeightsFile;
use std::path::Path;

impl Config {
    /// Reads the configuration of a network from `given`, a YAML or JSON file, or else from the file of its weights.
    ///
    /// # Errors
    /// When there is none, a key is missing or of the wrong type, or the network is one that this crate does not build; the
    /// message names key, value and what is supported.
    pub fn read(weights: &WeightsFile, given: Option<&Path>) -> Result<Self> {
        let section = match given {
            Some(file) => match ConfigFile::read(file)? {
                ConfigFile::Card(config) => return config.check_against(file, weights),
                ConfigFile::Section(section) => section,
            },
            None => Section::of_weights(weights)?,
        };
        section.require_supported()?;
        let text = section.text("conv_feature_layers")?;
        let conv_layers = conv_layers::parse_conv_layers(text)
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
        section.require_divisor("encoder_attention_heads", config.heads, config.embed_dim)?;
        section.require_divisor("conv_pos_groups", config.conv_pos_groups, config.embed_dim)?;
        Ok(config)
    }

    /// Returns the configuration of a card, checked for sizes that are possible and for the number of labels in the weights.
    fn check_against(self, file: &Path, weights: &WeightsFile) -> Result<Self> {
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
                return Err(refused(key, size, whole_number()));
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
}
