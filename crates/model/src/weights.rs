//! The network's weights by name.
//!
//! Names are those of the reference's state dict, with one change: the positional convolution's weight is stored there
//! as a direction and a length per tap (weight normalisation, in one of two spellings) and here as the product of the
//! two, computed once in double precision.
//!
//! A classifier's state dict holds the encoder under `encoder.`; that of a pretrained encoder holds it bare, beside parts
//! that only pretraining needs. The names here are the classifier's for both.

use crate::{Config, Error, Result};
use ecgfm_formats::pt::{Weight, WeightsFile};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tch::{Kind, Tensor};

/// The positional convolution, as its names begin.
pub(crate) const POS_CONV: &str = "encoder.conv_pos.pos_conv.0";

/// Prefix of the encoder's names in a classifier.
const ENCODER_PREFIX: &str = "encoder.";

/// Beginnings of the names that pretraining adds to an encoder; encoding does without.
const PRETRAINING: [&str; 7] = [
    "mask_emb",
    "quantizer.",
    "input_quantizer.",
    "project_q.",
    "project_inp.",
    "target_glu.",
    "final_proj.",
];

/// Spelling of the two factors of the positional convolution's weight in a state dict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionalNames {
    /// `parametrizations.weight.original0` and `original1`, by current code.
    Parametrized,
    /// `weight_g` and `weight_v`, by code before 2025.
    WeightNorm,
}

impl PositionalNames {
    /// Names of the lengths (1, 1, taps) and of the directions (channels, channels/groups, taps).
    pub fn factors(self) -> [String; 2] {
        let [length, direction] = match self {
            Self::Parametrized => [
                "parametrizations.weight.original0",
                "parametrizations.weight.original1",
            ],
            Self::WeightNorm => ["weight_g", "weight_v"],
        };
        [format!("{POS_CONV}.{length}"), format!("{POS_CONV}.{direction}")]
    }
}

/// Name of the positional convolution's weight in [`Weights`].
pub fn positional_weight() -> String {
    format!("{POS_CONV}.weight")
}

/// The network's weights, float32 unless converted, in the order of [`weight_shapes`].
#[derive(Debug)]
pub struct Weights {
    tensors: Vec<(String, Tensor)>,
    index: HashMap<String, usize>,
}

impl Weights {
    /// Takes weights by name.
    pub fn new(tensors: Vec<(String, Tensor)>) -> Self {
        let index = tensors
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.clone(), at))
            .collect();
        Self { tensors, index }
    }

    /// Reads the weights of `config` from a file, and nothing else from it.
    ///
    /// # Errors
    /// When there are none, names are missing, unexpected or of another shape (all are listed), or a weight holds infinities
    /// or NaN.
    pub fn read(file: &WeightsFile, config: &Config) -> Result<Self> {
        let found = find_weights(file, config)?;
        let spelling = match PositionalNames::WeightNorm.factors() {
            [length, _] if found.contains_key(&length) => PositionalNames::WeightNorm,
            _ => PositionalNames::Parametrized,
        };
        let expected = state_dict(config, spelling);
        let own = |name: &str| own_name(config, name).to_owned();
        compare_shapes(file.path(), &found, &expected, &own)?;
        let mut tensors = Vec::with_capacity(expected.len());
        let [length_name, direction_name] = spelling.factors();
        for (name, shape) in expected {
            if name == length_name {
                continue;
            }
            let mut tensor = read_weight(file, found[&name], &name, &shape)?;
            if name == direction_name {
                let length = read_weight(file, found[&length_name], &length_name, &[1, 1, config.conv_pos])?;
                tensor = fold_weight_norm(&length, &tensor)
                    .map_err(Error::torch("fold the positional convolution's weight"))?;
                check_finite(file.path(), &positional_weight(), &tensor)?;
                tensors.push((positional_weight(), tensor));
            } else {
                tensors.push((name, tensor));
            }
        }
        Ok(Self::new(tensors))
    }

    /// The weight called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<&Tensor, tch::TchError> {
        let missing = || tch::TchError::TensorNameNotFound(name.to_owned(), "the weights".to_owned());
        self.index
            .get(name)
            .and_then(|&at| self.tensors.get(at))
            .map(|(_, tensor)| tensor)
            .ok_or_else(missing)
    }

    /// Names and weights, in the order of [`weight_shapes`].
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The same weights in another type.
    ///
    /// # Errors
    /// When libtorch cannot convert.
    pub fn to_kind(&self, kind: Kind) -> Result<Self> {
        let convert = |(name, tensor): &(String, Tensor)| Ok((name.clone(), tensor.f_to_kind(kind)?));
        let tensors = self
            .tensors
            .iter()
            .map(convert)
            .collect::<Result<_, tch::TchError>>();
        Ok(Self::new(tensors.map_err(Error::torch("convert weights"))?))
    }

    /// Other tensors under the same names, in the same order.
    pub(crate) fn renamed(&self, tensors: &[Tensor]) -> Self {
        let names = self.tensors.iter().map(|(name, _)| name.clone());
        Self::new(names.zip(tensors.iter().map(Tensor::shallow_clone)).collect())
    }
}

/// Names and shapes of the network's weights.
pub fn weight_shapes(config: &Config) -> Vec<(String, Vec<i64>)> {
    let (d, ffn) = (config.embed_dim, config.ffn_dim);
    let mut names = Vec::new();
    let mut add = |name: String, shape: &[i64]| names.push((name, shape.to_vec()));
    for layer in 0..config.layers {
        let block = format!("encoder.encoder.layers.{layer}");
        for projection in ["k_proj", "v_proj", "q_proj", "out_proj"] {
            add(format!("{block}.self_attn.{projection}.weight"), &[d, d]);
            add(format!("{block}.self_attn.{projection}.bias"), &[d]);
        }
        for (part, shape) in [
            ("self_attn_layer_norm", &[d][..]),
            ("fc1", &[ffn, d]),
            ("fc2", &[d, ffn]),
            ("final_layer_norm", &[d]),
        ] {
            add(format!("{block}.{part}.weight"), shape);
            add(format!("{block}.{part}.bias"), &shape[..1]);
        }
    }
    add("encoder.encoder.layer_norm.weight".into(), &[d]);
    add("encoder.encoder.layer_norm.bias".into(), &[d]);
    let mut width = config.leads;
    for (at, layer) in config.conv_layers.iter().enumerate() {
        let block = format!("encoder.feature_extractor.conv_layers.{at}");
        add(
            format!("{block}.0.weight"),
            &[layer.channels, width, layer.kernel],
        );
        if config.conv_bias {
            add(format!("{block}.0.bias"), &[layer.channels]);
        }
        if at == 0 {
            add(format!("{block}.2.weight"), &[layer.channels]);
            add(format!("{block}.2.bias"), &[layer.channels]);
        }
        width = layer.channels;
    }
    if config.has_projection() {
        add("encoder.post_extract_proj.weight".into(), &[d, width]);
        add("encoder.post_extract_proj.bias".into(), &[d]);
    }
    add(format!("{POS_CONV}.bias"), &[d]);
    add(
        positional_weight(),
        &[d, d / config.conv_pos_groups, config.conv_pos],
    );
    add("encoder.layer_norm.weight".into(), &[width]);
    add("encoder.layer_norm.bias".into(), &[width]);
    if config.has_head() {
        add("proj.weight".into(), &[config.labels, d]);
        add("proj.bias".into(), &[config.labels]);
    }
    names
}

/// Names and shapes as a state dict has them, in the reference's order.
pub(crate) fn state_dict(config: &Config, spelling: PositionalNames) -> Vec<(String, Vec<i64>)> {
    let mut entries = Vec::new();
    for (name, shape) in weight_shapes(config) {
        if name == positional_weight() {
            let [length, direction] = spelling.factors();
            entries.push((length, vec![1, 1, config.conv_pos]));
            entries.push((direction, shape));
        } else {
            entries.push((name, shape));
        }
    }
    entries
}

/// Number of parameters of a configuration as a state dict counts them, with both factors of the positional weight.
pub fn parameter_count(config: &Config) -> u64 {
    let sizes = state_dict(config, PositionalNames::Parametrized).into_iter();
    sizes
        .map(|(_, shape)| shape.iter().product::<i64>().unsigned_abs())
        .sum()
}

/// The weights of a file by the names used here, without what only pretraining needs.
fn find_weights<'a>(file: &'a WeightsFile, config: &Config) -> Result<BTreeMap<String, &'a Weight>> {
    let all = file.required()?;
    let ours: BTreeMap<String, &Weight> = all
        .iter()
        .filter_map(|weight| Some((network_name(config, &weight.name)?, weight)))
        .collect();
    tracing::debug!(
        "{}: {} tensors of pretraining left out",
        file.path().display(),
        all.len() - ours.len()
    );
    Ok(ours)
}

/// The name used here of a weight that a state dict calls `name`; none for what only pretraining of an encoder needs.
pub(crate) fn network_name(config: &Config, name: &str) -> Option<String> {
    if config.has_head() {
        return Some(name.to_owned());
    }
    let pretraining = PRETRAINING.iter().any(|part| name.starts_with(part));
    (!pretraining).then(|| format!("{ENCODER_PREFIX}{name}"))
}

/// A name as the state dict of such a network has it.
pub(crate) fn own_name<'a>(config: &Config, name: &'a str) -> &'a str {
    match name.strip_prefix(ENCODER_PREFIX) {
        Some(bare) if !config.has_head() => bare,
        _ => name,
    }
}

/// Holds the weights that were found against those that are wanted; `own` is a name as the file has it.
///
/// # Errors
/// Names that are missing, unexpected or of another shape; all are listed.
pub(crate) fn compare_shapes(
    path: &Path,
    found: &BTreeMap<String, &Weight>,
    expected: &[(String, Vec<i64>)],
    own: &dyn Fn(&str) -> String,
) -> Result<()> {
    let known: BTreeMap<&str, &[i64]> = expected
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.as_slice()))
        .collect();
    let missing: Vec<String> = known
        .keys()
        .filter(|name| !found.contains_key(**name))
        .map(|name| own(name))
        .collect();
    let unexpected: Vec<String> = found
        .keys()
        .filter(|name| !known.contains_key(name.as_str()))
        .map(|name| own(name))
        .collect();
    let differs = |(name, shape): (&&str, &&[i64])| {
        let actual = &found.get(*name)?.shape;
        let same = actual.len() == shape.len()
            && actual
                .iter()
                .zip(*shape)
                .all(|(&a, &b)| i64::try_from(a) == Ok(b));
        (!same).then(|| format!("{} is {actual:?} and should be {shape:?}", own(name)))
    };
    let mismatched: Vec<String> = known.iter().filter_map(differs).collect();
    if missing.is_empty() && unexpected.is_empty() && mismatched.is_empty() {
        return Ok(());
    }
    Err(Error::Weights {
        path: path.to_owned(),
        missing,
        unexpected,
        mismatched,
    })
}

/// Reads a weight as float32.
///
/// # Errors
/// When it cannot be read, or holds infinities or NaN.
pub(crate) fn read_weight(file: &WeightsFile, weight: &Weight, name: &str, shape: &[i64]) -> Result<Tensor> {
    // Before what is read, so that the memory of that, freed, is the next weight's, and no gaps stay between weights.
    let made = Tensor::f_zeros(shape, (Kind::Float, tch::Device::Cpu));
    let tensor = made.map_err(Error::torch("hold a weight"))?;
    fill_flat(&tensor, &file.read_f32(weight)?).map_err(Error::torch("hold a weight"))?;
    check_finite(file.path(), name, &tensor)?;
    Ok(tensor)
}

/// Copies values into a tensor of as many elements, in pieces, so that they are in memory twice and not three times.
fn fill_flat(tensor: &Tensor, values: &[f32]) -> Result<(), tch::TchError> {
    const PIECE: usize = 1 << 18;
    let flat = tensor.f_view([-1i64])?;
    for (at, piece) in values.chunks(PIECE).enumerate() {
        flat.f_narrow(0, (at * PIECE) as i64, piece.len() as i64)?
            .f_copy_(&Tensor::f_from_slice(piece)?)?;
    }
    Ok(())
}

fn check_finite(path: &Path, name: &str, tensor: &Tensor) -> Result<()> {
    let finite = tensor
        .f_isfinite()
        .and_then(|finite| finite.f_all())
        .and_then(|all| all.f_int64_value(&[]));
    match finite.map_err(Error::torch("look for infinities"))? {
        0 => Err(Error::Weight {
            path: path.to_owned(),
            name: name.to_owned(),
            message: "holds infinities or NaN".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// `direction * length / ‖direction‖` per tap, in double precision: weight normalisation over dimension 2.
fn fold_weight_norm(length: &Tensor, direction: &Tensor) -> Result<Tensor, tch::TchError> {
    let direction = direction.f_to_kind(Kind::Double)?;
    let norm = tap_norms(&direction)?;
    direction
        .f_mul(&length.f_to_kind(Kind::Double)?)?
        .f_div(&norm)?
        .f_to_kind(Kind::Float)
}

/// Euclidean norm of each tap (1, 1, taps).
pub(crate) fn tap_norms(weight: &Tensor) -> Result<Tensor, tch::TchError> {
    weight.f_norm_scalaropt_dim(2, [0i64, 1], true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConvLayer;

    #[test]
    fn the_published_network_has_its_published_number_of_parameters() {
        let config = Config {
            leads: 12,
            conv_layers: vec![
                ConvLayer {
                    channels: 256,
                    kernel: 2,
                    stride: 2
                };
                4
            ],
            conv_bias: false,
            embed_dim: 768,
            ffn_dim: 3072,
            layers: 12,
            heads: 12,
            conv_pos: 128,
            conv_pos_groups: 16,
            labels: 26,
        };
        assert_eq!(parameter_count(&config), 90_393_242);
        assert_eq!(state_dict(&config, PositionalNames::WeightNorm).len(), 209);
    }
}
