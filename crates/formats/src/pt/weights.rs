//! Trained weights by name, whichever tool saved them: a training checkpoint, a state dict, a safetensors file.

use super::safetensors::{self, Safetensors};
use super::{Checkpoint, DType, Error, Result, TensorRef, Value};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Where training tools keep the weights of a checkpoint: fairseq, Lightning, many a training script. Otherwise they are
/// the whole of it.
const PLACES: [&str; 3] = ["model", "state_dict", "model_state_dict"];

/// What tools put before a module's name, or into it where they wrapped a part: DistributedDataParallel, `torch.compile`,
/// FullyShardedDataParallel, activation checkpointing.
const WRAPPERS: [&str; 4] = [
    "module",
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
];

/// What a Lightning module's own names have before those of the network that it trains.
const TRAINED: &str = "model";

/// An open file of weights. Names are the network's own: what training tools put before them is taken off.
pub struct WeightsFile {
    held: Held,
    weights: Vec<Weight>,
    left_out: Vec<String>,
}

/// What holds the weights.
enum Held {
    Checkpoint(Checkpoint),
    Safetensors(Safetensors),
}

/// One weight: what it is, and where.
#[derive(Debug)]
pub struct Weight {
    /// Its name in the network.
    pub name: String,
    /// Elements in each dimension.
    pub shape: Vec<u64>,
    /// Element type.
    pub dtype: DType,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Checkpoint(TensorRef),
    /// Number in the table of contents.
    Safetensors(usize),
}

impl WeightsFile {
    /// Opens a file of weights by its content, whatever its name; reads no weight and runs nothing. A checkpoint without
    /// weights opens, and has none.
    ///
    /// # Errors
    /// When the file cannot be read, is neither a zip checkpoint of PyTorch 1.6 or later nor a safetensors file, is damaged,
    /// or two weights have one name once what training tools put before it is taken off.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let held = if begins_as_safetensors(path)? {
            Held::Safetensors(Safetensors::open(path)?)
        } else {
            Held::Checkpoint(Checkpoint::open(path)?)
        };
        let found = held.weights();
        let trained = found.iter().any(|weight| is_trained(&weight.name));
        let (ours, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|weight| !trained || is_trained(&weight.name));
        let mut by_name: HashMap<String, String> = HashMap::with_capacity(ours.len());
        let mut weights = Vec::with_capacity(ours.len());
        for weight in ours {
            let name = plain_name(&weight.name);
            if let Some(other) = by_name.insert(name.clone(), weight.name.clone()) {
                return Err(Error::SameName {
                    path: path.to_owned(),
                    names: [other, weight.name],
                    plain: name,
                });
            }
            weights.push(Weight { name, ..weight });
        }
        Ok(Self {
            held,
            weights,
            left_out: others.into_iter().map(|weight| weight.name).collect(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match &self.held {
            Held::Checkpoint(checkpoint) => checkpoint.path(),
            Held::Safetensors(file) => file.path(),
        }
    }

    /// Bytes of the file.
    pub fn file_size(&self) -> u64 {
        match &self.held {
            Held::Checkpoint(checkpoint) => checkpoint.file_size(),
            Held::Safetensors(file) => file.file_size(),
        }
    }

    /// The checkpoint, unless it is a safetensors file.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        match &self.held {
            Held::Checkpoint(checkpoint) => Some(checkpoint),
            Held::Safetensors(_) => None,
        }
    }

    /// Dotted names of the classes and functions that the file asks for, that are not known, and that were therefore not
    /// run. A safetensors file asks for none.
    pub fn opaque_names(&self) -> BTreeSet<String> {
        self.checkpoint()
            .map(Checkpoint::opaque_names)
            .unwrap_or_default()
    }

    /// The weights, in the file's order.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The weights, of which there must be some.
    ///
    /// # Errors
    /// When there is none; the message says what is there instead.
    pub fn required(&self) -> Result<&[Weight]> {
        if !self.weights.is_empty() {
            return Ok(&self.weights);
        }
        let found = self
            .checkpoint()
            .map_or_else(|| "an empty table of contents".to_owned(), found_instead);
        Err(Error::NoWeights {
            path: self.path().to_owned(),
            found,
        })
    }

    /// The weight of this name.
    pub fn weight(&self, name: &str) -> Option<&Weight> {
        self.weights.iter().find(|weight| weight.name == name)
    }

    /// Names, as the file has them, of tensors that a training tool keeps beside the network, such as weights of its loss.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The network's configuration, and the keys under which it stands, where the file has one.
    pub fn configuration(&self) -> Option<(&'static str, Value<'_>)> {
        const PLACES: [(&str, &[&str]); 2] = [
            ("cfg.model", &["cfg", "model"]),
            (
                "hyper_parameters.cfg.model",
                &["hyper_parameters", "cfg", "model"],
            ),
        ];
        let root = self.checkpoint()?.root();
        PLACES.into_iter().find_map(|(name, keys)| {
            let found = keys.iter().try_fold(root, |value, key| value.get(key))?;
            (found.items().len() > 0).then_some((name, found))
        })
    }

    /// A weight's elements in row-major order as float32. Other real types are converted, rounding to nearest.
    ///
    /// # Errors
    /// When the weight is damaged or complex, or the file cannot be read.
    pub fn read_f32(&self, weight: &Weight) -> Result<Vec<f32>> {
        match (&self.held, &weight.place) {
            (Held::Checkpoint(checkpoint), Place::Checkpoint(tensor)) => checkpoint.read_f32(tensor),
            (Held::Safetensors(file), Place::Safetensors(at)) => file
                .tensors
                .get(*at)
                .map_or(Ok(Vec::new()), |tensor| file.read_f32(tensor)),
            _ => Ok(Vec::new()),
        }
    }
}

impl Held {
    /// All tensors where weights may be, under the file's own names.
    fn weights(&self) -> Vec<Weight> {
        match self {
            Self::Checkpoint(checkpoint) => state_dict(checkpoint.root())
                .map(|(name, tensor)| Weight {
                    name: name.to_owned(),
                    shape: tensor.shape.clone(),
                    dtype: tensor.dtype(),
                    place: Place::Checkpoint(tensor.clone()),
                })
                .collect(),
            Self::Safetensors(file) => (0..)
                .zip(&file.tensors)
                .map(|(at, tensor)| Weight {
                    name: tensor.name.clone(),
                    shape: tensor.shape.clone(),
                    dtype: tensor.dtype,
                    place: Place::Safetensors(at),
                })
                .collect(),
        }
    }
}

fn begins_as_safetensors(path: &Path) -> Result<bool> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Ok(false);
    }
    let mut start = Vec::new();
    Read::by_ref(&mut file)
        .take(16)
        .read_to_end(&mut start)
        .map_err(io)?;
    Ok(safetensors::begins(&start))
}

/// The tensors of the first place that has some.
fn state_dict<'a>(root: Value<'a>) -> impl Iterator<Item = (&'a str, &'a TensorRef)> {
    let places = PLACES.iter().filter_map(|place| root.get(place));
    let place = places
        .chain([root])
        .find(|place| place.tensors().next().is_some())
        .unwrap_or(root);
    place.tensors()
}

/// What a checkpoint without weights is.
fn found_instead(checkpoint: &Checkpoint) -> String {
    let root = checkpoint.root();
    if checkpoint.is_torchscript() {
        return "it is TorchScript, a program with its weights, which `infer` and `predict` run as it is"
            .to_owned();
    }
    let keys: Vec<&str> = root
        .items()
        .filter_map(|(key, _)| key.as_str())
        .take(12)
        .collect();
    if keys.is_empty() {
        return format!("the whole is {}", root.described());
    }
    format!("its keys are {}", keys.join(", "))
}

/// A name's parts without what tools put before or between them.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split('.').filter(|part| !WRAPPERS.contains(part))
}

/// Whether a weight is one of a network that a Lightning module trains.
fn is_trained(name: &str) -> bool {
    let mut parts = parts(name);
    parts.next() == Some(TRAINED) && parts.next().is_some()
}

/// The network's own name of a weight.
fn plain_name(name: &str) -> String {
    let mut plain: Vec<&str> = parts(name).skip_while(|part| *part == TRAINED).collect();
    if plain.is_empty() {
        plain.push(name);
    }
    plain.join(".")
}

impl std::fmt::Debug for WeightsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeightsFile")
            .field("path", &self.path())
            .field("weights", &self.weights.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_put_before_a_name_is_taken_off_in_any_nesting() {
        for name in [
            "encoder.layer_norm.bias",
            "module.encoder.layer_norm.bias",
            "_orig_mod.encoder.layer_norm.bias",
            "model.encoder.layer_norm.bias",
            "model._orig_mod.module.encoder.layer_norm.bias",
            "_orig_mod.module.model.encoder.layer_norm.bias",
            "module.model.model.encoder.layer_norm.bias",
            "encoder._orig_mod.layer_norm.bias",
            "_fsdp_wrapped_module.encoder._checkpoint_wrapped_module.layer_norm.bias",
        ] {
            assert_eq!(plain_name(name), "encoder.layer_norm.bias", "{name}");
        }
        assert_eq!(plain_name("model"), "model");
        assert_eq!(plain_name("modules.w"), "modules.w");
    }

    #[test]
    fn a_name_is_a_trained_networks_only_with_something_after_the_prefix() {
        assert!(is_trained("model.w") && is_trained("module.model._orig_mod.w"));
        assert!(!is_trained("model") && !is_trained("w") && !is_trained("criterion.model.w"));
    }
}
