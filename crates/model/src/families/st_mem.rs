//! ST-MEM: a transformer over patches of twelve leads, with separators between the leads.

use super::family::{Family, Network, NetworkInput, WeightShapes};
use super::layers::{attention, layer_norm, linear};
use super::settings::Settings;
use super::shapes::Shapes;
use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::{Result, Weights};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::ModelFamily;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use tch::{Kind, TchError, Tensor};

/// Width of an attention head wherever nothing else is said, as in the authors' code, whatever the network's width.
const DIM_HEAD: i64 = 64;

/// Positions of a lead that are no patch's: a separator on each side.
const SEPARATORS: i64 = 2;

/// The family ST-MEM.
#[derive(Debug)]
pub struct StMem;

impl Family for StMem {
    fn kind(&self) -> ModelFamily {
        ModelFamily::StMem
    }

    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
        let settings = Settings::read(file, given, "config")?;
        Ok(Box::new(StMemNetwork::read(
            file,
            self.prefix_in(file),
            &settings,
        )?))
    }
}

/// Sizes of an ST-MEM encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StMemNetwork {
    num_leads: i64,
    /// Samples of a patch.
    patch_size: i64,
    /// Most patches of a lead.
    patches: i64,
    width: i64,
    depth: i64,
    heads: i64,
    dim_head: i64,
    mlp_dim: i64,
    /// Classes of the head; 0 of an encoder.
    num_classes: i64,
    /// Beginning of the encoder's names in the file.
    #[serde(skip)]
    prefix: &'static str,
}

impl StMemNetwork {
    fn read(file: &WeightsFile, prefix: &'static str, settings: &Settings) -> Result<Self> {
        let (shapes, whole) = (Shapes::new(file, prefix), Shapes::new(file, ""));
        let [width, patch_size] = shapes.of("to_patch_embedding.2.weight")?;
        let [_, positions, _] = shapes.of("pos_embedding")?;
        if positions <= SEPARATORS {
            let what =
                format!("has {positions} rows: two for separators and one or more for patches are needed");
            return Err(shapes.refuse("pos_embedding", what));
        }
        let [projected, _] = shapes.of("block0.attn.fn.to_qkv.weight")?;
        let [mlp_dim, _] = shapes.of("block0.ff.fn.net.0.weight")?;
        let (heads, dim_head) = read_heads(projected / 3, settings)?;
        let num_classes = match whole.has("head.weight") {
            true => whole.of::<2>("head.weight")?[0],
            false => 0,
        };
        Ok(Self {
            num_leads: shapes.count(|lead| format!("lead_embeddings.{lead}")),
            patch_size,
            patches: positions - SEPARATORS,
            width,
            depth: shapes.count(|block| format!("block{block}.attn.norm.weight")),
            heads,
            dim_head,
            mlp_dim,
            num_classes,
            prefix,
        })
    }

    /// Patches (batch, leads, patches, width) of signals (batch, leads, samples).
    fn patches(&self, weights: &Weights, signals: &Tensor) -> Result<Tensor, TchError> {
        // As many leads as there are lead embeddings, also in an exported model: one would be broadcast to all of them.
        let leads = signals.f_unflatten(1, [self.num_leads, 1])?.f_flatten(1, 2)?;
        let x = leads.f_unflatten(2, [-1, self.patch_size])?;
        let x = layer_norm(weights, "to_patch_embedding.1", &x)?;
        let x = linear(weights, "to_patch_embedding.2", &x)?;
        layer_norm(weights, "to_patch_embedding.3", &x)
    }

    /// Tokens (batch, leads, patches + 2, width): patches with their positions, between separators, with their leads.
    fn tokens(&self, weights: &Weights, patches: &Tensor) -> Result<Tensor, TchError> {
        let positions = weights.get("pos_embedding")?.f_select(0, 0)?;
        // 1, 2, … as many as there are patches, counted in a way that a trace does not fix to its own length.
        let counted = patches.f_select(3, 0)?.f_select(1, 0)?.f_select(0, 0)?;
        let rows = counted
            .f_ones_like()?
            .f_cumsum(0, None::<Kind>)?
            .f_to_kind(Kind::Int64)?;
        let x = patches.f_add(&positions.f_index_select(0, &rows)?)?;
        let separator = weights.get("sep_embedding")?;
        let like = x.f_narrow(2, 0, 1)?;
        let beside = |row: i64| separator.f_add(&positions.f_select(0, row)?)?.f_expand_as(&like);
        let x = Tensor::f_cat(&[beside(0)?, x, beside(-1)?], 2)?;
        let leads: Vec<Tensor> = (0..self.num_leads)
            .map(|lead| Ok(weights.get(&format!("lead_embeddings.{lead}"))?.shallow_clone()))
            .collect::<Result<_, TchError>>()?;
        x.f_add(&Tensor::f_stack(&leads, 0)?.f_unsqueeze(1)?)
    }

    fn block(&self, weights: &Weights, number: i64, x: &Tensor) -> Result<Tensor, TchError> {
        let name = format!("block{number}");
        let normed = layer_norm(weights, &format!("{name}.attn.norm"), x)?;
        let projected = linear(weights, &format!("{name}.attn.fn.to_qkv"), &normed)?;
        let context = attention(&projected, self.heads, None)?;
        let x = linear(weights, &format!("{name}.attn.fn.to_out.0"), &context)?.f_add(x)?;
        let normed = layer_norm(weights, &format!("{name}.ff.norm"), &x)?;
        let hidden = linear(weights, &format!("{name}.ff.fn.net.0"), &normed)?.f_gelu("none")?;
        linear(weights, &format!("{name}.ff.fn.net.3"), &hidden)?.f_add(&x)
    }
}

/// Heads and the width of each, whose product is `product`.
fn read_heads(product: i64, settings: &Settings) -> Result<(i64, i64)> {
    let (heads, dim_head) = (settings.size("heads")?, settings.size("dim_head")?);
    let found = match (heads, dim_head) {
        (Some(heads), Some(dim_head)) => (heads, dim_head),
        (Some(heads), None) => (heads, product / heads),
        (None, Some(dim_head)) => (product / dim_head, dim_head),
        (None, None) if product % DIM_HEAD != 0 => {
            return Err(settings.missing("how many heads the attention has (`heads`, `dim_head`)"));
        }
        (None, None) => (product / DIM_HEAD, DIM_HEAD),
    };
    if found.0.checked_mul(found.1) != Some(product) || product == 0 {
        let key = if heads.is_some() { "heads" } else { "dim_head" };
        return Err(settings.refuse(key, &format!("heads times their width must be {product}")));
    }
    Ok(found)
}

impl Network for StMemNetwork {
    fn family(&self) -> ModelFamily {
        ModelFamily::StMem
    }

    fn architecture(&self) -> &'static str {
        "ST_MEM_ViT"
    }

    fn class_name(&self) -> &'static str {
        "StMemEncoder"
    }

    fn labels(&self) -> i64 {
        self.num_classes
    }

    fn width(&self) -> i64 {
        self.width
    }

    fn input(&self) -> NetworkInput {
        let samples = self.patches * self.patch_size;
        let fewer = (self.patches / 3).max(1) * self.patch_size;
        NetworkInput {
            rows: self.num_leads,
            samples,
            seconds: 9.0,
            min_samples: self.patch_size,
            other_samples: Some(fewer),
            any_length: false,
            // And no more than there are positions.
            multiple_of: Some(self.patch_size),
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        let (width, inner) = (self.width, self.heads * self.dim_head);
        let mut names: WeightShapes = vec![
            (
                "pos_embedding".to_owned(),
                vec![1, self.patches + SEPARATORS, width],
            ),
            ("sep_embedding".to_owned(), vec![width]),
        ];
        let mut add = |name: String, shape: &[i64]| {
            names.push((format!("{name}.weight"), shape.to_vec()));
            names.push((format!("{name}.bias"), shape[..1].to_vec()));
        };
        add("to_patch_embedding.1".to_owned(), &[self.patch_size]);
        add("to_patch_embedding.2".to_owned(), &[width, self.patch_size]);
        add("to_patch_embedding.3".to_owned(), &[width]);
        for block in 0..self.depth {
            let name = format!("block{block}");
            add(format!("{name}.attn.norm"), &[width]);
            add(format!("{name}.attn.fn.to_qkv"), &[3 * inner, width]);
            add(format!("{name}.attn.fn.to_out.0"), &[width, inner]);
            add(format!("{name}.ff.norm"), &[width]);
            add(format!("{name}.ff.fn.net.0"), &[self.mlp_dim, width]);
            add(format!("{name}.ff.fn.net.3"), &[width, self.mlp_dim]);
        }
        add("norm".to_owned(), &[width]);
        if self.num_classes > 0 {
            add("head".to_owned(), &[self.num_classes, width]);
        }
        names.extend((0..self.num_leads).map(|lead| (format!("lead_embeddings.{lead}"), vec![width])));
        names
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        let pretraining = ["mask_embedding", "decoder_", "to_decoder_embedding."];
        match name.strip_prefix(self.prefix) {
            Some(own) => Some(own.to_owned()),
            // The full model has the patch embedding a second time.
            None if name.starts_with("to_patch_embedding.") => None,
            None if pretraining.iter().any(|part| name.starts_with(part)) => None,
            None => Some(name.to_owned()),
        }
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        _positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        let patches = self.patches(weights, signals)?;
        observe("patch_embedding", &patches.f_flatten(1, 2)?);
        let mut x = self.tokens(weights, &patches)?.f_flatten(1, 2)?;
        observe("block_input", &x);
        for number in 0..self.depth {
            x = self.block(weights, number, &x)?;
            observe(&format!("block{number}"), &x);
        }
        let of_leads = x.f_unflatten(1, [self.num_leads, -1])?;
        let without_separators = of_leads.f_slice(2, 1, -1, 1)?;
        let mean = without_separators.f_mean_dim(&[1i64, 2][..], false, None::<Kind>)?;
        observe("mean_before_norm", &mean);
        let embedding = layer_norm(weights, "norm", &mean)?;
        let logits = match self.num_classes {
            0 => None,
            _ => Some(linear(weights, "head", &embedding)?),
        };
        Ok(NetworkOutputs {
            logits,
            embedding,
            saliency: None,
        })
    }
}

#[cfg(test)]
mod tests;
