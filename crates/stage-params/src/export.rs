//! Choices of the stage `export`, as a configuration spells them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Parameters of the stage `export`: a checkpoint, and the name of the label set that it was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The checkpoint: a `.pt` file of the reference's training code, a state dict, or a safetensors file.
    pub checkpoint: PathBuf,
    /// The network's configuration, where the checkpoint has none: the YAML or JSON that it was trained with, or the card of
    /// an export of the same network.
    #[serde(default)]
    pub config: Option<PathBuf>,
    /// The checkpoint's SHA-256 in hexadecimal, where it must be a certain file.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The model's label set, by name or file; its names go into the model's card, and hold from there on.
    #[serde(default)]
    pub labels: Option<String>,
    /// How the positional convolution is computed on CUDA; choose another way only where it was measured to be faster there.
    #[serde(default = "spectrum")]
    pub positions_on_cuda: Positions,
}

fn spectrum() -> Positions {
    Positions::Spectrum
}

/// How the positional convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Positions {
    /// As the library's grouped convolution: any length.
    #[default]
    Convolution,
    /// As a product with the kernel's spectrum that the export adds, for the length it was made for: a fortieth
    /// of the arithmetic, in float32 whatever the network computes in.
    Spectrum,
    /// As one matrix product a group, of every window of the signal with the kernel: the arithmetic of the convolution, and
    /// every value copied as often as the kernel is wide.
    Unfolded,
    /// The same with windows for eight tokens at a time: an eighth of the copying, for 8 % more arithmetic, on zeros.
    Tiled,
    /// As a convolution without groups, its kernel filled up with zeros: sixteen times the arithmetic.
    Dense,
}
