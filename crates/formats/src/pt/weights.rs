//! Trained weights by name, from a training checkpoint, a state dict or a safetensors file.

use super::safetensors::{self, Safetensors};
use super::{Checkpoint, Error, PickleValue, Result, TensorRef, TorchDtype};
use crate::presence::is_file;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Keys under which fairseq, Lightning and many training scripts save the weights of a checkpoint, or of the part of it that is kept. Without any of them the
/// checkpoint itself is the weights.
const STATE_DICT_KEYS: [&str; 4] = ["model", "state_dict", "model_state_dict", "encoder"];

/// Parts of a name that tools add before a module's name, or inside it where they wrapped a part: DistributedDataParallel, `torch.compile`,
/// FullyShardedDataParallel, activation checkpointing.
const WRAPPERS: [&str; 4] = [
    "module",
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
];

/// File of weights in a folder as transformers writes it.
const FOLDER_WEIGHTS: &str = "model.safetensors";

/// File beside it that says the network's sizes.
const FOLDER_CONFIGURATION: &str = "config.json";

/// Prefix of the network's names in a Lightning module that trains it.
const NETWORK_PREFIX: &str = "model";

/// Open file of weights. Names are the network's own, without the prefixes of training tools.
pub struct WeightsFile {
    held: WeightsSource,
    weights: Vec<Weight>,
    skipped_tensors: Vec<String>,
    configuration_file: Option<PathBuf>,
    /// File of weights that replace some and are added to the others.
    head: Option<Box<WeightsFile>>,
}

/// File that holds the weights.
enum WeightsSource {
    Checkpoint(Checkpoint),
    Safetensors(Safetensors),
}

/// Name, shape, type and place of a weight.
#[derive(Debug)]
pub struct Weight {
    /// Name in the network.
    pub name: String,
    /// Elements in each dimension.
    pub shape: Vec<u64>,
    /// Element type.
    pub dtype: TorchDtype,
    place: WeightLocation,
    /// True for a weight of the file of the head.
    of_head: bool,
}

#[derive(Debug, Clone)]
enum WeightLocation {
    Checkpoint(TensorRef),
    /// Index in the table of contents.
    Safetensors(usize),
}

impl WeightsFile {
    /// Opens a file of weights, or a folder with `model.safetensors` in it, and finds its format by its content; reads no weight and
    /// runs nothing. A checkpoint without weights opens, and has none.
    ///
    /// # Errors
    /// When the file cannot be read, is neither a zip checkpoint of PyTorch 1.6 or later nor a safetensors file, is damaged,
    /// or two weights have the same name after the prefixes of training tools are removed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let (path, configuration_file) = inside_folder(path.as_ref())?;
        let path = path.as_path();
        let held = if starts_as_safetensors(path)? {
            WeightsSource::Safetensors(Safetensors::open(path)?)
        } else {
            WeightsSource::Checkpoint(Checkpoint::open(path)?)
        };
        let found = held.weights();
        let trained = found.iter().any(|weight| is_of_network(&weight.name));
        let (ours, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|weight| !trained || is_of_network(&weight.name));
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
            skipped_tensors: others.into_iter().map(|weight| weight.name).collect(),
            configuration_file,
            head: None,
        })
    }

    /// The file with the weights of another, such as of a head that was trained on the network: they replace those of the same
    /// name.
    #[must_use]
    pub fn with_head(mut self, head: Self) -> Self {
        let added = head.weights.iter().map(|weight| Weight {
            name: weight.name.clone(),
            shape: weight.shape.clone(),
            dtype: weight.dtype,
            place: weight.place.clone(),
            of_head: true,
        });
        let added: Vec<Weight> = added.collect();
        self.weights
            .retain(|weight| added.iter().all(|other| other.name != weight.name));
        self.weights.extend(added);
        self.head = Some(Box::new(head));
        self
    }

    /// True where a weight is of a file that was added by [`with_head`](Self::with_head).
    pub fn is_of_head(&self, name: &str) -> bool {
        self.weight(name).is_some_and(|weight| weight.of_head)
    }

    /// The file beside the weights that says the network's sizes, where a folder was opened that has one.
    pub fn configuration_file(&self) -> Option<&Path> {
        self.configuration_file.as_deref()
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        match &self.held {
            WeightsSource::Checkpoint(checkpoint) => checkpoint.path(),
            WeightsSource::Safetensors(file) => file.path(),
        }
    }

    /// Size of the file, in bytes.
    pub fn file_size(&self) -> u64 {
        match &self.held {
            WeightsSource::Checkpoint(checkpoint) => checkpoint.file_size(),
            WeightsSource::Safetensors(file) => file.file_size(),
        }
    }

    /// The checkpoint, unless it is a safetensors file.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        match &self.held {
            WeightsSource::Checkpoint(checkpoint) => Some(checkpoint),
            WeightsSource::Safetensors(_) => None,
        }
    }

    /// Dotted names of the classes and functions that the file asks for, that are not known, and that were therefore not
    /// run. A safetensors file asks for none.
    pub fn opaque_names(&self) -> BTreeSet<String> {
        self.checkpoint()
            .map(Checkpoint::opaque_names)
            .unwrap_or_default()
    }

    /// Weights, in the file's order.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// Weights, in the file's order, at least one.
    ///
    /// # Errors
    /// When there is none; the message says what the file holds instead.
    pub fn required(&self) -> Result<&[Weight]> {
        if !self.weights.is_empty() {
            return Ok(&self.weights);
        }
        let found = self.checkpoint().map_or_else(
            || "an empty table of contents".to_owned(),
            describe_without_weights,
        );
        Err(Error::NoWeights {
            path: self.path().to_owned(),
            found,
        })
    }

    /// Weight named `name`.
    pub fn weight(&self, name: &str) -> Option<&Weight> {
        self.weights.iter().find(|weight| weight.name == name)
    }

    /// Names, as in the file, of tensors that a training tool saves and that are not the network's, such as weights of its loss.
    pub fn skipped_tensors(&self) -> &[String] {
        &self.skipped_tensors
    }

    /// Configuration of the network, and the keys under which the file has it, if it does.
    pub fn configuration(&self) -> Option<(&'static str, PickleValue<'_>)> {
        const STATE_DICT_KEYS: [(&str, &[&str]); 2] = [
            ("cfg.model", &["cfg", "model"]),
            (
                "hyper_parameters.cfg.model",
                &["hyper_parameters", "cfg", "model"],
            ),
        ];
        let root = self.checkpoint()?.root();
        STATE_DICT_KEYS.into_iter().find_map(|(name, keys)| {
            let found = keys.iter().try_fold(root, |value, key| value.get(key))?;
            (found.items().len() > 0).then_some((name, found))
        })
    }

    /// A weight's elements in row-major order as float32. Other real types are converted, rounding to nearest.
    ///
    /// # Errors
    /// When the weight is damaged or complex, or the file cannot be read.
    pub fn read_f32(&self, weight: &Weight) -> Result<Vec<f32>> {
        if let (true, Some(head)) = (weight.of_head, &self.head) {
            return head
                .weight(&weight.name)
                .map_or(Ok(Vec::new()), |weight| head.read_f32(weight));
        }
        match (&self.held, &weight.place) {
            (WeightsSource::Checkpoint(checkpoint), WeightLocation::Checkpoint(tensor)) => {
                checkpoint.read_f32(tensor)
            }
            (WeightsSource::Safetensors(file), WeightLocation::Safetensors(at)) => file
                .tensors
                .get(*at)
                .map_or(Ok(Vec::new()), |tensor| file.read_f32(tensor)),
            _ => Ok(Vec::new()),
        }
    }
}

impl WeightsSource {
    /// Tensors under the keys of weights, with their names in the file.
    fn weights(&self) -> Vec<Weight> {
        match self {
            Self::Checkpoint(checkpoint) => state_dict(checkpoint.root())
                .map(|(name, tensor)| Weight {
                    name: name.to_owned(),
                    shape: tensor.shape.clone(),
                    dtype: tensor.dtype(),
                    place: WeightLocation::Checkpoint(tensor.clone()),
                    of_head: false,
                })
                .collect(),
            Self::Safetensors(file) => (0..)
                .zip(&file.tensors)
                .map(|(at, tensor)| Weight {
                    name: tensor.name.clone(),
                    shape: tensor.shape.clone(),
                    dtype: tensor.dtype,
                    place: WeightLocation::Safetensors(at),
                    of_head: false,
                })
                .collect(),
        }
    }
}

/// The weights and the configuration in a folder; any other path as it is.
fn inside_folder(path: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    let there = |path: &Path| {
        let path = path.to_owned();
        is_file(&path).map_err(|source| Error::Io { path, source })
    };
    let is_folder = std::fs::metadata(path).is_ok_and(|found| found.is_dir());
    let weights = path.join(FOLDER_WEIGHTS);
    if !is_folder || !there(&weights)? {
        return Ok((path.to_owned(), None));
    }
    let configuration = path.join(FOLDER_CONFIGURATION);
    let found = there(&configuration)?;
    Ok((weights, found.then_some(configuration)))
}

fn starts_as_safetensors(path: &Path) -> Result<bool> {
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
    Ok(safetensors::starts_as_safetensors(&start))
}

/// Tensors under the first of [`STATE_DICT_KEYS`] that has some.
fn state_dict<'a>(root: PickleValue<'a>) -> impl Iterator<Item = (&'a str, &'a TensorRef)> {
    let places = STATE_DICT_KEYS.iter().filter_map(|place| root.get(place));
    let place = places
        .chain([root])
        .find(|place| place.tensors().next().is_some())
        .unwrap_or(root);
    place.tensors()
}

/// Description of a checkpoint without weights.
fn describe_without_weights(checkpoint: &Checkpoint) -> String {
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
        return format!("the whole is {}", root.description());
    }
    format!("its keys are {}", keys.join(", "))
}

/// Parts of a name without those that tools add.
fn plain_parts(name: &str) -> impl Iterator<Item = &str> {
    name.split('.').filter(|part| !WRAPPERS.contains(part))
}

/// Returns true for a weight of the network that a Lightning module trains.
fn is_of_network(name: &str) -> bool {
    let mut parts = plain_parts(name);
    parts.next() == Some(NETWORK_PREFIX) && parts.next().is_some()
}

/// Name of a weight in the network.
fn plain_name(name: &str) -> String {
    let mut plain: Vec<&str> = plain_parts(name)
        .skip_while(|part| *part == NETWORK_PREFIX)
        .collect();
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
        assert!(is_of_network("model.w") && is_of_network("module.model._orig_mod.w"));
        assert!(!is_of_network("model") && !is_of_network("w") && !is_of_network("criterion.model.w"));
    }
}
