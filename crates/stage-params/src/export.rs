//! Parameters of the stage `export`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Parameters of the stage `export`: a checkpoint, and the name of the label set that it was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {
    /// The checkpoint: a `.pt` or `.pth` file of a training script, a state dict, a safetensors file, or a folder with
    /// `model.safetensors` and `config.json`.
    pub checkpoint: PathBuf,
    /// The network's configuration, where the checkpoint has none: the YAML or JSON that it was trained with, or the card of
    /// an export of the same network.
    #[serde(default)]
    pub config: Option<PathBuf>,
    /// Weights of a head that was trained on the checkpoint's encoder, where they are a file of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<PathBuf>,
    /// The checkpoint's SHA-256 in hexadecimal, where it must be a certain file.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The model that the checkpoint is of: a name that `ecgfm kinds model` lists, or the file of a description. Its label set,
    /// recipe, pooling, thresholds, licence and notice go into the card. A TorchScript file that is described runs as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model's label set, by name or file, where it is not that of `model`; its names go into the model's card, and hold from there on.
    #[serde(default)]
    pub labels: Option<String>,
    /// Form of the positional convolution on CUDA; choose another only where it was measured to be faster there.
    #[serde(default = "default_positions")]
    pub positions_on_cuda: PositionalForm,
}

fn default_positions() -> PositionalForm {
    PositionalForm::Spectrum
}

/// Form in which the positional convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PositionalForm {
    /// As the library's grouped convolution: any length.
    #[default]
    Convolution,
    /// As a product with the kernel's spectrum that the export adds, for the length it was made for: a fortieth
    /// of the arithmetic, in float32 whatever the network computes in.
    Spectrum,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_no_longer_there_is_refused_with_the_two_that_are() {
        let read = |form: &str| {
            serde_json::from_value::<ExportParams>(
                serde_json::json!({ "checkpoint": "a.pt", "positions_on_cuda": form }),
            )
        };
        assert_eq!(
            read("convolution").unwrap().positions_on_cuda,
            PositionalForm::Convolution
        );
        for form in ["unfolded", "tiled", "dense"] {
            let message = read(form).unwrap_err().to_string();
            assert!(
                message.contains(form) && message.contains("`convolution` or `spectrum`"),
                "{message}"
            );
        }
    }
}
