//! HuBERT-ECG: convolutions and a transformer over all leads laid end to end, in the layout of transformers.

mod sizes;

pub use sizes::HubertNetwork;

use super::family::{Family, Network, NetworkInput, WeightShapes};
use super::layers::{EPSILON, attend, layer_norm, linear, mean_over};
use super::settings::Settings;
use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::weights::tap_norms;
use crate::{Error, Result, Weights};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::ModelFamily;
use serde_json::Value;
use sizes::{FACTORS, Head, POSITIONS};
use std::path::Path;
use tch::{Kind, TchError, Tensor};

/// The family HuBERT-ECG.
#[derive(Debug)]
pub struct HubertEcg;

impl Family for HubertEcg {
    fn kind(&self) -> ModelFamily {
        ModelFamily::HubertEcg
    }

    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
        let settings = Settings::read(file, given, "model_config")?;
        Ok(Box::new(HubertNetwork::read(
            file,
            self.prefix_in(file),
            &settings,
        )?))
    }
}

impl HubertNetwork {
    /// Fewest samples that give a token.
    fn min_samples(&self) -> i64 {
        let layers = self.conv_kernel.iter().zip(&self.conv_stride).rev();
        // Bounds on sizes and their number do not keep this from overflowing.
        layers.fold(1, |length: i64, (kernel, stride)| {
            (length - 1).saturating_mul(*stride).saturating_add(*kernel)
        })
    }

    /// (batch, 1, samples) to (batch, channels, tokens): strided convolutions, each followed by exact GELU, and after the first a
    /// normalisation of each channel over time.
    fn convolve(
        &self,
        weights: &Weights,
        signals: &Tensor,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<Tensor, TchError> {
        let mut x = signals.shallow_clone();
        for (at, &stride) in self.conv_stride.iter().enumerate() {
            let name = format!("feature_extractor.conv_layers.{at}");
            let weight = weights.get(&format!("{name}.conv.weight"))?;
            x = x.f_conv1d(weight, None::<Tensor>, [stride], [0i64], [1i64], 1)?;
            if at == 0 {
                let part = |which: &str| weights.get(&format!("{name}.layer_norm.{which}"));
                let channels = self.conv_dim.first().copied().unwrap_or(1);
                x = x.f_group_norm(
                    channels,
                    Some(part("weight")?),
                    Some(part("bias")?),
                    EPSILON,
                    false,
                )?;
            }
            x = x.f_gelu("none")?;
            observe(&format!("conv{at}"), &x.f_transpose(1, 2)?);
        }
        Ok(x)
    }

    /// What a wide grouped convolution over the tokens (batch, tokens, width) says about their places.
    fn positions(&self, weights: &Weights, tokens: &Tensor) -> Result<Tensor, TchError> {
        let folded = match weights.get(&format!("{POSITIONS}.weight")) {
            Ok(folded) => folded.shallow_clone(),
            Err(_) => {
                let [length, direction] =
                    FACTORS[0].map(|factor| weights.get(&format!("{POSITIONS}.{factor}")));
                let direction = direction?;
                direction.f_mul(length?)?.f_div(&tap_norms(direction)?)?
            }
        };
        let (width, groups) = (self.num_conv_pos_embeddings, self.num_conv_pos_embedding_groups);
        let bias = weights.get(&format!("{POSITIONS}.bias"))?;
        let mut x =
            tokens
                .f_transpose(1, 2)?
                .f_conv1d(&folded, Some(bias), [1i64], [width / 2], [1i64], groups)?;
        if width % 2 == 0 {
            // An even kernel, padded on both sides by half its width, gives one token too many: the last is dropped.
            x = x.f_slice(2, None, -1, 1)?;
        }
        x.f_gelu("none")?.f_transpose(1, 2)
    }

    /// A transformer layer, normalised after attention and after the feed-forward part.
    fn layer(&self, weights: &Weights, number: i64, x: &Tensor) -> Result<Tensor, TchError> {
        let name = format!("encoder.layers.{number}");
        let size = self.hidden_size / self.num_attention_heads;
        let project = |which: &str| {
            linear(weights, &format!("{name}.attention.{which}"), x)?
                .f_unflatten(2, [self.num_attention_heads, size])?
                .f_transpose(1, 2)
        };
        let context = attend(
            &project("q_proj")?,
            &project("k_proj")?,
            &project("v_proj")?,
            None,
        )?;
        let attended = linear(weights, &format!("{name}.attention.out_proj"), &context)?;
        let x = layer_norm(weights, &format!("{name}.layer_norm"), &x.f_add(&attended)?)?;
        let hidden = linear(weights, &format!("{name}.feed_forward.intermediate_dense"), &x)?;
        let y = linear(
            weights,
            &format!("{name}.feed_forward.output_dense"),
            &hidden.f_gelu("none")?,
        )?;
        layer_norm(weights, &format!("{name}.final_layer_norm"), &x.f_add(&y)?)
    }

    fn classify(&self, weights: &Weights, embedding: &Tensor) -> Result<Option<Tensor>, TchError> {
        match self.head {
            Head::None => Ok(None),
            Head::Linear => linear(weights, "classifier", embedding).map(Some),
            Head::TwoLayers { .. } => {
                let hidden = linear(weights, "classifier.0", embedding)?.f_tanh()?;
                linear(weights, "classifier.2", &hidden).map(Some)
            }
        }
    }
}

impl Network for HubertNetwork {
    fn family(&self) -> ModelFamily {
        ModelFamily::HubertEcg
    }

    fn architecture(&self) -> &'static str {
        match self.head {
            Head::None => "HuBERTECG",
            _ => "HuBERTECGForClassification",
        }
    }

    fn class_name(&self) -> &'static str {
        "HubertEcg"
    }

    fn labels(&self) -> i64 {
        self.num_labels
    }

    fn width(&self) -> i64 {
        self.hidden_size
    }

    fn input(&self) -> NetworkInput {
        let samples = self.min_samples().max(6000);
        NetworkInput {
            rows: 1,
            samples,
            seconds: 5.0,
            min_samples: self.min_samples(),
            other_samples: Some(self.min_samples().max(1237)),
            any_length: true,
            multiple_of: None,
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        let mut names: WeightShapes = Vec::new();
        let (width, inner) = (self.hidden_size, self.intermediate_size);
        let mut channels = 1;
        for (at, (&out, &kernel)) in self.conv_dim.iter().zip(&self.conv_kernel).enumerate() {
            let name = format!("feature_extractor.conv_layers.{at}");
            names.push((format!("{name}.conv.weight"), vec![out, channels, kernel]));
            if at == 0 {
                names.push((format!("{name}.layer_norm.weight"), vec![out]));
                names.push((format!("{name}.layer_norm.bias"), vec![out]));
            }
            channels = out;
        }
        let of_group = width / self.num_conv_pos_embedding_groups;
        let taps = self.num_conv_pos_embeddings;
        let mut add = |name: String, shape: &[i64]| {
            names.push((format!("{name}.weight"), shape.to_vec()));
            names.push((format!("{name}.bias"), shape[..1].to_vec()));
        };
        add("feature_projection.layer_norm".to_owned(), &[channels]);
        add("feature_projection.projection".to_owned(), &[width, channels]);
        for layer in 0..self.num_hidden_layers {
            let name = format!("encoder.layers.{layer}");
            for part in ["k_proj", "v_proj", "q_proj", "out_proj"] {
                add(format!("{name}.attention.{part}"), &[width, width]);
            }
            add(format!("{name}.layer_norm"), &[width]);
            add(format!("{name}.feed_forward.intermediate_dense"), &[inner, width]);
            add(format!("{name}.feed_forward.output_dense"), &[width, inner]);
            add(format!("{name}.final_layer_norm"), &[width]);
        }
        add("encoder.layer_norm".to_owned(), &[width]);
        match self.head {
            Head::None => {}
            Head::Linear => add("classifier".to_owned(), &[self.num_labels, width]),
            Head::TwoLayers { hidden } => {
                add("classifier.0".to_owned(), &[hidden, width]);
                add("classifier.2".to_owned(), &[self.num_labels, hidden]);
            }
        }
        let [length, direction] = FACTORS[0];
        names.push((format!("{POSITIONS}.bias"), vec![width]));
        names.push((format!("{POSITIONS}.{length}"), vec![1, 1, taps]));
        names.push((format!("{POSITIONS}.{direction}"), vec![width, of_group, taps]));
        names
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix(self.prefix).unwrap_or(name);
        let pretraining = ["masked_spec_embed", "final_proj.", "label_embedding."];
        if pretraining.iter().any(|part| name.starts_with(part)) {
            return None;
        }
        for (older, current) in FACTORS[1].iter().zip(FACTORS[0]) {
            if name == format!("{POSITIONS}.{older}") {
                return Some(format!("{POSITIONS}.{current}"));
            }
        }
        Some(name.to_owned())
    }

    /// Folds the factors of the positional convolution's weight into one.
    fn prepare_weights(&self, weights: Weights) -> Result<Weights> {
        let factors = FACTORS[0].map(|factor| format!("{POSITIONS}.{factor}"));
        let [length, direction] = &factors;
        let fold = || {
            let (length, direction) = (weights.get(length)?, weights.get(direction)?);
            // The factor of each tap in double precision, the product in the weights' own: that is a tenth of all weights.
            let norms = tap_norms(&direction.f_to_kind(Kind::Double)?)?;
            let factors = length.f_to_kind(Kind::Double)?.f_div(&norms)?;
            direction.f_mul(&factors.f_to_kind(direction.f_kind()?)?)
        };
        let folded = fold().map_err(Error::torch("fold the positional convolution's weight"))?;
        let others = weights
            .iter()
            .filter(|(name, _)| factors.iter().all(|factor| factor != name));
        let mut tensors: Vec<(String, Tensor)> = others
            .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
            .collect();
        tensors.push((format!("{POSITIONS}.weight"), folded));
        Ok(Weights::new(tensors))
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        _positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        let features = self.convolve(weights, signals, observe)?.f_transpose(1, 2)?;
        let normed = layer_norm(weights, "feature_projection.layer_norm", &features)?;
        let tokens = linear(weights, "feature_projection.projection", &normed)?;
        observe("feature_projection", &tokens);
        let positions = self.positions(weights, &tokens)?;
        observe("pos_conv", &positions);
        let mut x = layer_norm(weights, "encoder.layer_norm", &tokens.f_add(&positions)?)?;
        observe("encoder_input", &x);
        for number in 0..self.num_hidden_layers {
            x = self.layer(weights, number, &x)?;
            observe(&format!("layer{number}"), &x);
        }
        let embedding = mean_over(&x, 1)?;
        Ok(NetworkOutputs {
            logits: self.classify(weights, &embedding)?,
            embedding,
            saliency: None,
        })
    }
}

#[cfg(test)]
mod tests;
