//! Parameters of the stage `infer`.

use crate::device::DeviceChoice;
use crate::returns::Returns;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::PathBuf;

/// Parameters of the stage `infer`: what to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InferParams {
    /// Directory of the manifests.
    pub manifest: PathBuf,
    /// Name of the manifest, as in `test`.
    pub subset: String,
    /// Segment store; where the manifest's first line says if not given.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// TorchScript file. A card beside it (`model.json`) is checked.
    pub model: PathBuf,
    /// Label set by name or file; it must be the model's, by length and by what the model's card says.
    #[serde(default)]
    pub labels: Option<String>,
    /// Meaning of the model's values: `logits`, or `probabilities` where it ends in a sigmoid or a softmax. As its
    /// card says if not given; where neither says it, a model whose values all lie from 0 to 1 is refused.
    #[serde(default)]
    pub returns: Option<Returns>,
    /// Outputs to ask the model for. Logits are always written, unless the model is an encoder.
    #[serde(default = "logits_only")]
    pub outputs: Vec<InferOutput>,
    /// Saliency of a token: `query`, the most attention that it pays to any one token, as ECG-FM's own scripts
    /// do; or `key`, the most attention that any token pays to it.
    #[serde(default)]
    pub saliency_per: SaliencyPer,
    /// Saliency of all heads together, or each head's.
    #[serde(default)]
    pub saliency_heads: SaliencyHeads,
    /// Device to run on.
    #[serde(default)]
    pub device: DeviceChoice,
    /// Refuses a run whose parts would be computed by devices of several kinds, which differ in the last bits.
    #[serde(default)]
    pub same_device: bool,
    /// Precision to compute in.
    #[serde(default)]
    pub precision: Precision,
    /// A precision below float32 that changes a probability by more than this brings a warning.
    #[schemars(range(min = 0))]
    #[serde(default = "default_bound")]
    pub precision_bound: f64,
    /// Segments at once. Logits depend on it by rounding only.
    #[serde(default)]
    pub batch_size: BatchSize,
    /// CPU threads in all, one a batch where there are enough batches; one a core if not given.
    #[schemars(range(min = 1, max = 1024))]
    #[serde(default)]
    pub threads: Option<usize>,
}

fn default_bound() -> f64 {
    0.01
}

fn logits_only() -> Vec<InferOutput> {
    vec![InferOutput::Logits]
}

/// Precision to compute in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// float32.
    #[default]
    Auto,
    /// 32-bit floating point throughout; on CUDA without TF32.
    Float32,
    /// 32-bit storage, products of 19-bit TF32 numbers; CUDA only.
    Tf32,
    /// 16-bit brain floating point: float32's range, 8 bits of precision.
    Bfloat16,
    /// 16-bit IEEE floating point: 11 bits of precision, up to 65,504.
    Float16,
}

impl Precision {
    /// Precision that is computed in: float32 for `auto`.
    pub fn resolved(self) -> Self {
        if self == Self::Auto { Self::Float32 } else { self }
    }

    /// Name, as a configuration spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Float32 => "float32",
            Self::Tf32 => "tf32",
            Self::Bfloat16 => "bfloat16",
            Self::Float16 => "float16",
        }
    }
}

/// Output that a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InferOutput {
    /// (segments, labels). Always written, unless the model is an encoder, which has none.
    Logits,
    /// (segments, width): the mean over tokens that the head reads.
    Embedding,
    /// The last layer's attention, a value a token: see [`SaliencyPer`].
    Saliency,
}

impl InferOutput {
    /// Name, as a configuration spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::Embedding => "embedding",
            Self::Saliency => "saliency",
        }
    }
}

/// Saliency of a token, out of the attention that queries (tokens that look) pay to keys (tokens looked at).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SaliencyPer {
    /// A value a query: the most attention that it pays to any one key. High where a token looks at one place only. This
    /// is the saliency of ECG-FM's own scripts.
    #[default]
    Query,
    /// A value a key: the most attention that any query pays to it. High where the signal is that a token looks at.
    Key,
}

impl SaliencyPer {
    /// Name, as a configuration spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Key => "key",
        }
    }
}

/// Treatment of the heads of the attention that saliency is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SaliencyHeads {
    /// All together: (segments, tokens). For a value a query the attention is averaged over the heads before its maximum is
    /// taken, as ECG-FM does; for a value a key the maxima of the heads are averaged.
    #[default]
    Mean,
    /// Each for itself: (segments, heads, tokens).
    Each,
}

/// Outputs beside logits that a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputSelection {
    /// Embeddings.
    pub embedding: bool,
    /// Saliency, per query or per key, and of which heads.
    pub saliency: Option<(SaliencyPer, SaliencyHeads)>,
}

impl OutputSelection {
    /// Selects the outputs of a list.
    pub fn new(outputs: &[InferOutput], per: SaliencyPer, heads: SaliencyHeads) -> Self {
        Self {
            embedding: outputs.contains(&InferOutput::Embedding),
            saliency: outputs.contains(&InferOutput::Saliency).then_some((per, heads)),
        }
    }

    /// Returns true where anything beside logits is asked for.
    pub fn any(self) -> bool {
        self.embedding || self.saliency.is_some()
    }
}

/// Number of segments to run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Count", into = "Count")]
pub enum BatchSize {
    /// Suits the device: on a CPU a number that was measured once and for all, so that batches have the same shape in
    /// every run; on a GPU what a short sweep finds.
    #[default]
    Auto,
    /// Found by a short sweep, on a CPU too.
    Sweep,
    /// A number of segments.
    Of(usize),
}

// By hand, as which words and numbers it may be is in `TryFrom<Count>`.
impl JsonSchema for BatchSize {
    fn schema_name() -> Cow<'static, str> {
        "BatchSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "const": "auto", "description": "What suits the device: on a CPU always the same number, on a GPU what a short sweep finds." },
            { "const": "sweep", "description": "Found by a short sweep, on a CPU too." },
            { "type": "integer", "minimum": 1, "description": "A number of segments." },
        ] })
    }
}

/// A number or a word, as YAML and JSON can say it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Count {
    Number(usize),
    Word(String),
}

impl TryFrom<Count> for BatchSize {
    type Error = String;

    fn try_from(count: Count) -> Result<Self, String> {
        match count {
            Count::Number(n) if n > 0 => Ok(Self::Of(n)),
            Count::Word(word) if word == "auto" => Ok(Self::Auto),
            Count::Word(word) if word == "sweep" => Ok(Self::Sweep),
            Count::Number(n) => Err(format!("batch_size {n}; `auto`, `sweep` or a number from 1")),
            Count::Word(word) => Err(format!("batch_size `{word}`; `auto`, `sweep` or a number from 1")),
        }
    }
}

impl From<BatchSize> for Count {
    fn from(size: BatchSize) -> Self {
        match size {
            BatchSize::Auto => Self::Word("auto".to_owned()),
            BatchSize::Sweep => Self::Word("sweep".to_owned()),
            BatchSize::Of(n) => Self::Number(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_spelt_as_in_a_pipeline() {
        let size = |json: &str| serde_json::from_str::<BatchSize>(json);
        assert_eq!(size("\"auto\"").unwrap(), BatchSize::Auto);
        assert_eq!(size("\"sweep\"").unwrap(), BatchSize::Sweep);
        assert_eq!(size("8").unwrap(), BatchSize::Of(8));
        assert!(size("0").is_err() && size("\"many\"").is_err());
        assert_eq!(
            serde_json::from_str::<Precision>("\"bfloat16\"").unwrap(),
            Precision::Bfloat16
        );
    }
}
