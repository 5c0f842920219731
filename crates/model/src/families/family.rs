//! What every family of networks does, in two traits.

use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::spread::Spread;
use crate::weights::{compare_shapes, read_weight};
use crate::{Error, Result, Weights};
use ecgfm_formats::pt::{Weight, WeightsFile};
use ecgfm_stage_params::ModelFamily;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use tch::{TchError, Tensor};

/// Names of weights, each with its shape.
pub type WeightShapes = Vec<(String, Vec<i64>)>;

/// Family of networks: tells its checkpoints from others and reads the sizes of one.
pub trait Family: Sync {
    /// The family, with the names by which it is recognised.
    fn kind(&self) -> ModelFamily;

    /// Beginning that the names of a file's weights have in common before those of the family; empty where it has none.
    fn prefix_in(&self, file: &WeightsFile) -> &'static str {
        let names = file.weights().iter().map(|weight| weight.name.as_str());
        self.kind().prefix_of(&names.collect()).unwrap_or_default()
    }

    /// Reads the sizes of the network that a file holds: from the shapes of its weights, and what no shape tells from
    /// `given`, a YAML or JSON file, or else from the file of the weights itself.
    ///
    /// # Errors
    /// When a size is missing, impossible, or of a network that this crate does not build.
    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>>;
}

/// Signals that a network takes: (batch, rows, samples).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkInput {
    /// Rows: leads, or 1 where leads are put one after another.
    pub rows: i64,
    /// Samples a row that the published models were trained on.
    pub samples: i64,
    /// Seconds of ECG in them.
    pub seconds: f64,
    /// Fewest samples that run.
    pub min_samples: i64,
    /// Another length that runs, by which an export is verified; none where [`samples`](Self::samples) is the only one.
    pub other_samples: Option<i64>,
    /// True where every length from [`min_samples`](Self::min_samples) runs.
    pub any_length: bool,
    /// Number that every length is a multiple of, up to [`samples`](Self::samples), where such run beside it.
    pub multiple_of: Option<i64>,
}

/// Network of one family, of the sizes of one checkpoint.
pub trait Network: std::fmt::Debug + Sync {
    /// The family.
    fn family(&self) -> ModelFamily;

    /// Name of the architecture, as its authors call it.
    fn architecture(&self) -> &'static str;

    /// Name of the exported module's class.
    fn class_name(&self) -> &'static str;

    /// Labels of the head; 0 of an encoder, which has none.
    fn labels(&self) -> i64;

    /// Width of the embedding.
    fn width(&self) -> i64;

    /// Attention heads that saliency is given for; none where the family gives no saliency.
    fn saliency_heads(&self) -> Option<i64> {
        None
    }

    /// Signals that it takes.
    fn input(&self) -> NetworkInput;

    /// Sizes of the network, for the card.
    fn sizes(&self) -> Value;

    /// Names and shapes of the weights, as [`Weights`] holds them.
    fn weight_shapes(&self) -> WeightShapes;

    /// The name in [`weight_shapes`](Self::weight_shapes) of a weight that a file calls `name`; none where the forward pass
    /// does without it, as it does without what only pretraining needs.
    fn wanted_name(&self, name: &str) -> Option<String>;

    /// Number of parameters, as the checkpoint counts them.
    fn parameters(&self) -> u64 {
        count_elements(&self.weight_shapes())
    }

    /// Reads the weights of the network, and nothing else of the file.
    ///
    /// # Errors
    /// When there are none, names are missing, unexpected or of another shape (all are listed), or a weight holds infinities
    /// or NaN.
    fn read_weights(&self, file: &WeightsFile) -> Result<Weights> {
        read_wanted(file, &self.weight_shapes(), &|name| self.wanted_name(name))
    }

    /// Weights in the form in which the exported model keeps them, for signals of the published length.
    ///
    /// # Errors
    /// When a weight is missing or libtorch refuses.
    fn prepare_weights(&self, weights: Weights) -> Result<Weights> {
        Ok(weights)
    }

    /// True where the forward pass has a form for the published length beside that for any length.
    fn has_spectral_form(&self) -> bool {
        false
    }

    /// Spread of a weight's random start.
    fn initial_spread(&self, name: &str, shape: &[i64]) -> Spread {
        Spread::by_shape(name, shape)
    }

    /// Everything the network says of signals (batch, rows, samples), for any batch size. Evaluation only: there is no
    /// dropout. Only operations whose result does not depend on the batch size being known are used, so that the pass can be
    /// traced once and run for every batch size.
    ///
    /// # Errors
    /// When libtorch refuses an operation, such as for a signal that is too short or of another type than the weights.
    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError>;

    /// Logits (batch, labels) alone.
    ///
    /// # Errors
    /// As [`run`](Self::run), and where there is no head.
    fn compute_logits(
        &self,
        weights: &Weights,
        signals: &Tensor,
        positions: PositionalForm,
    ) -> Result<Tensor, TchError> {
        let outputs = self.run(weights, signals, positions, &mut |_, _| {})?;
        let headless = || TchError::Shape("an encoder gives no logits".to_owned());
        outputs.logits.ok_or_else(headless)
    }
}

/// Number of elements of all weights.
pub(crate) fn count_elements(shapes: &[(String, Vec<i64>)]) -> u64 {
    let sizes = shapes.iter();
    sizes
        .map(|(_, shape)| shape.iter().product::<i64>().unsigned_abs())
        .sum()
}

/// Reads the weights of `wanted`, in its order, from a file in which `rename` says which weight is which.
fn read_wanted(
    file: &WeightsFile,
    wanted: &WeightShapes,
    rename: &dyn Fn(&str) -> Option<String>,
) -> Result<Weights> {
    let found = find_wanted(file, rename)?;
    let own = |name: &str| {
        found
            .get(name)
            .map_or_else(|| name.to_owned(), |weight| weight.name.clone())
    };
    compare_shapes(file.path(), &found, wanted, &own)?;
    let left = file.weights().len() - found.len();
    if left > 0 {
        tracing::info!(
            "{}: {left} tensors are not used, as expected of this network",
            file.path().display()
        );
    }
    let read =
        |(name, shape): &(String, Vec<i64>)| Ok((name.clone(), read_weight(file, found[name], name, shape)?));
    Ok(Weights::new(wanted.iter().map(read).collect::<Result<Vec<_>>>()?))
}

/// The weights of a file by the names of the network, without those that it does not use.
fn find_wanted<'a>(
    file: &'a WeightsFile,
    rename: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, &'a Weight>> {
    let mut found: BTreeMap<String, &Weight> = BTreeMap::new();
    for weight in file.required()? {
        let Some(name) = rename(&weight.name) else {
            continue;
        };
        if let Some(other) = found.insert(name.clone(), weight) {
            return Err(Error::Checkpoint(ecgfm_formats::pt::Error::SameName {
                path: file.path().to_owned(),
                names: [other.name.clone(), weight.name.clone()],
                plain: name,
            }));
        }
    }
    Ok(found)
}
