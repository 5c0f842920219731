//! ECG-FM: convolutions, a positional convolution and a transformer, in the layout of fairseq.

use super::family::{Family, Network, NetworkInput, WeightShapes};
use crate::fused::fuse_weights;
use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::spread::Spread;
use crate::{Config, Result, Weights, network, weights};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::ModelFamily;
use serde_json::Value;
use std::path::Path;
use tch::{TchError, Tensor};

/// Samples of a segment that the published model was trained on: 5 s at 500 Hz.
const SAMPLES: i64 = 2500;

/// Samples of a segment of another length, by which an export is verified.
const OTHER_SAMPLES: i64 = 857;

/// The family ECG-FM.
#[derive(Debug)]
pub struct EcgFm;

impl Family for EcgFm {
    fn kind(&self) -> ModelFamily {
        ModelFamily::EcgFm
    }

    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
        Ok(Box::new(Config::read(file, given)?))
    }
}

impl Network for Config {
    fn family(&self) -> ModelFamily {
        ModelFamily::EcgFm
    }

    fn architecture(&self) -> &'static str {
        Self::architecture(self)
    }

    fn class_name(&self) -> &'static str {
        "EcgFmClassifier"
    }

    fn labels(&self) -> i64 {
        self.labels
    }

    fn width(&self) -> i64 {
        self.embed_dim
    }

    fn saliency_heads(&self) -> Option<i64> {
        Some(self.heads)
    }

    fn input(&self) -> NetworkInput {
        let samples = SAMPLES.max(self.min_samples());
        NetworkInput {
            rows: self.leads,
            samples,
            seconds: 5.0,
            min_samples: self.min_samples(),
            other_samples: Some(OTHER_SAMPLES.max(self.min_samples() + 1)),
            any_length: true,
            multiple_of: None,
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        weights::weight_shapes(self)
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        weights::network_name(self, name)
    }

    fn parameters(&self) -> u64 {
        weights::parameter_count(self)
    }

    fn read_weights(&self, file: &WeightsFile) -> Result<Weights> {
        Weights::read(file, self)
    }

    fn prepare_weights(&self, weights: Weights) -> Result<Weights> {
        fuse_weights(self, &weights, self.tokens(Network::input(self).samples))
    }

    fn has_spectral_form(&self) -> bool {
        true
    }

    fn initial_spread(&self, name: &str, shape: &[i64]) -> Spread {
        match shape {
            // As in wav2vec 2.0.
            _ if name == weights::positional_weight() => {
                Spread::Normal((4.0 / (self.conv_pos * self.embed_dim) as f64).sqrt())
            }
            // Xavier-uniform in variance.
            &[labels, width] if name == "proj.weight" => {
                Spread::Normal((2.0 / (labels + width) as f64).sqrt())
            }
            _ => Spread::by_shape(name, shape),
        }
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        network::compute_outputs(self, weights, signals, positions, observe)
    }

    fn compute_logits(
        &self,
        weights: &Weights,
        signals: &Tensor,
        positions: PositionalForm,
    ) -> Result<Tensor, TchError> {
        network::compute_logits(self, weights, signals, positions)
    }
}
