//! ECG-JEPA: a transformer over patches of eight leads, in which a token looks at its own lead and its own time.

use super::family::{Family, Network, NetworkInput, WeightShapes};
use super::layers::{attention, layer_norm, linear, mean_over};
use super::settings::Settings;
use super::shapes::Shapes;
use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::{Error, Result, Weights};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::ModelFamily;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use tch::{TchError, Tensor};

/// Leads of the published model: I, II, V1 to V6.
const LEADS: i64 = 8;

/// Width, blocks and heads of the published model.
const PUBLISHED: (i64, i64, i64) = (768, 12, 16);

/// Name of the mask that an exported model keeps: 0 where a token looks, minus infinity elsewhere.
const MASK: &str = "attention_mask";

/// The family ECG-JEPA.
#[derive(Debug)]
pub struct EcgJepa;

impl Family for EcgJepa {
    fn kind(&self) -> ModelFamily {
        ModelFamily::EcgJepa
    }

    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
        let settings = Settings::read(file, given, "config")?;
        Ok(Box::new(JepaNetwork::read(&Shapes::new(file, ""), &settings)?))
    }
}

/// Sizes of an ECG-JEPA encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JepaNetwork {
    /// Leads that the input has, of the eight that the file has positions for.
    leads: Vec<i64>,
    /// Patches of a lead.
    patches: i64,
    /// Samples of a patch.
    patch: i64,
    embed_dim: i64,
    depth: i64,
    num_heads: i64,
    inner: i64,
}

fn block_name(number: i64) -> String {
    format!("encoder_blocks.blocks.{number}")
}

impl JepaNetwork {
    fn read(shapes: &Shapes<'_>, settings: &Settings) -> Result<Self> {
        let [embed_dim, patch] = shapes.of("W_P.weight")?;
        let [tokens, _] = shapes.of("pos_embed")?;
        if tokens % LEADS != 0 {
            let what = format!("has {tokens} rows, which are not patches of {LEADS} leads");
            return Err(shapes.refuse("pos_embed", what));
        }
        let [inner, _] = shapes.of(&format!("{}.mlp.fc1.weight", block_name(0)))?;
        let depth = shapes.count(|number| format!("{}.attn.qkv.weight", block_name(number)));
        let published = (embed_dim, depth) == (PUBLISHED.0, PUBLISHED.1);
        let heads = settings.size("num_heads")?.or(published.then_some(PUBLISHED.2));
        let num_heads =
            heads.ok_or_else(|| settings.missing("how many heads the attention has (`num_heads`)"))?;
        if embed_dim % num_heads != 0 {
            return Err(settings.refuse("num_heads", &format!("it must divide the width, {embed_dim}")));
        }
        let leads = settings.sizes("leads", 0)?;
        let leads = leads.unwrap_or_else(|| (0..LEADS).collect());
        let rising = leads.windows(2).all(|pair| pair[0] < pair[1]);
        if leads.is_empty() || !rising || leads.last().is_some_and(|&last| last >= LEADS) {
            return Err(settings.refuse("leads", "numbers from 0 to 7 in rising order are needed"));
        }
        Ok(Self {
            leads,
            patches: tokens / LEADS,
            patch,
            embed_dim,
            depth,
            num_heads,
            inner,
        })
    }

    /// Places of the tokens of the input's leads among those of all eight.
    fn rows(&self) -> Tensor {
        let of_lead = |&lead: &i64| lead * self.patches..(lead + 1) * self.patches;
        Tensor::from_slice(&self.leads.iter().flat_map(of_lead).collect::<Vec<i64>>())
    }

    /// The positions of the input's tokens, and the mask of their attention.
    fn positions_and_mask(&self, weights: &Weights) -> Result<(Tensor, Tensor), TchError> {
        let positions = weights.get("pos_embed")?;
        if let Ok(mask) = weights.get(MASK) {
            return Ok((positions.shallow_clone(), mask.shallow_clone()));
        }
        let tokens = self.leads.len() as i64 * self.patches;
        let looks = |from: i64, to: i64| {
            from / self.patches == to / self.patches || from % self.patches == to % self.patches
        };
        let values: Vec<f32> = (0..tokens * tokens)
            .map(|at| match looks(at / tokens, at % tokens) {
                true => 0.0,
                false => f32::NEG_INFINITY,
            })
            .collect();
        let mask = Tensor::f_from_slice(&values)?.f_reshape([tokens, tokens])?;
        let kind = positions.f_kind()?;
        Ok((positions.f_index_select(0, &self.rows())?, mask.f_to_kind(kind)?))
    }

    fn block(&self, weights: &Weights, number: i64, x: &Tensor, mask: &Tensor) -> Result<Tensor, TchError> {
        let name = block_name(number);
        let normed = layer_norm(weights, &format!("{name}.norm1"), x)?;
        let projected = normed.f_linear(weights.get(&format!("{name}.attn.qkv.weight"))?, None::<Tensor>)?;
        let context = attention(&projected, self.num_heads, Some(mask))?;
        let x = x.f_add(&linear(weights, &format!("{name}.attn.proj"), &context)?)?;
        let normed = layer_norm(weights, &format!("{name}.norm2"), &x)?;
        let hidden = linear(weights, &format!("{name}.mlp.fc1"), &normed)?.f_gelu("none")?;
        x.f_add(&linear(weights, &format!("{name}.mlp.fc2"), &hidden)?)
    }
}

impl Network for JepaNetwork {
    fn family(&self) -> ModelFamily {
        ModelFamily::EcgJepa
    }

    fn architecture(&self) -> &'static str {
        "MaskTransformer"
    }

    fn class_name(&self) -> &'static str {
        "EcgJepaEncoder"
    }

    fn labels(&self) -> i64 {
        0
    }

    fn width(&self) -> i64 {
        self.embed_dim
    }

    fn input(&self) -> NetworkInput {
        let samples = self.patches * self.patch;
        NetworkInput {
            rows: self.leads.len() as i64,
            samples,
            seconds: 10.0,
            min_samples: samples,
            other_samples: None,
            any_length: false,
            multiple_of: None,
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        let (width, inner) = (self.embed_dim, self.inner);
        let mut names: WeightShapes = vec![("pos_embed".to_owned(), vec![LEADS * self.patches, width])];
        let mut add = |name: String, shape: &[i64]| {
            names.push((format!("{name}.weight"), shape.to_vec()));
            if !name.ends_with("qkv") {
                names.push((format!("{name}.bias"), shape[..1].to_vec()));
            }
        };
        for number in 0..self.depth {
            let name = block_name(number);
            add(format!("{name}.norm1"), &[width]);
            add(format!("{name}.norm2"), &[width]);
            add(format!("{name}.mlp.fc1"), &[inner, width]);
            add(format!("{name}.mlp.fc2"), &[width, inner]);
            add(format!("{name}.attn.qkv"), &[3 * width, width]);
            add(format!("{name}.attn.proj"), &[width, width]);
        }
        add("norm".to_owned(), &[width]);
        add("W_P".to_owned(), &[width, self.patch]);
        names
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    /// Keeps the positions of the input's leads, and adds the mask.
    fn prepare_weights(&self, weights: Weights) -> Result<Weights> {
        let made = self.positions_and_mask(&weights);
        let (positions, mask) = made.map_err(Error::torch("make the mask of the attention"))?;
        let kept = weights.iter().map(|(name, tensor)| match name {
            "pos_embed" => (name.to_owned(), positions.shallow_clone()),
            _ => (name.to_owned(), tensor.shallow_clone()),
        });
        let mut tensors: Vec<(String, Tensor)> = kept.collect();
        tensors.push((MASK.to_owned(), mask));
        Ok(Weights::new(tensors))
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        _positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        let (positions, mask) = self.positions_and_mask(weights)?;
        let patches = signals
            .f_unflatten(2, [self.patches, self.patch])?
            .f_flatten(1, 2)?;
        let mut x = linear(weights, "W_P", &patches)?;
        observe("patch", &x);
        for number in 0..self.depth {
            // Before every block, not before the first only: so the reference was trained.
            x = self.block(weights, number, &x.f_add(&positions)?, &mask)?;
            observe(&format!("block{number}"), &x);
        }
        let x = layer_norm(weights, "norm", &x)?;
        observe("norm", &x);
        Ok(NetworkOutputs {
            logits: None,
            embedding: mean_over(&x, 1)?,
            saliency: None,
        })
    }
}

#[cfg(test)]
mod tests;
