//! MERL: a one-dimensional residual network, and the pooling by attention that makes the embedding that is held against texts.

use super::family::{Family, Network, NetworkInput, WeightShapes};
use super::layers::{EPSILON, linear, mean_over};
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

/// Layers of blocks.
const LAYERS: usize = 4;

/// Heads of the pooling in the authors' code, which no configuration says.
const HEADS: i64 = 4;

/// Samples of a record: 10 s at 500 Hz.
const SAMPLES: i64 = 5000;

/// The family MERL.
#[derive(Debug)]
pub struct Merl;

impl Family for Merl {
    fn kind(&self) -> ModelFamily {
        ModelFamily::Merl
    }

    fn configure(&self, file: &WeightsFile, given: Option<&Path>) -> Result<Box<dyn Network>> {
        let settings = Settings::read(file, given, "config")?;
        Ok(Box::new(MerlNetwork::read(
            file,
            self.prefix_in(file),
            &settings,
        )?))
    }
}

/// Pooling by attention, of a whole model; a file of the encoder alone has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Pooling {
    projection_size: i64,
    heads: i64,
    /// Steps of the last layer, and one for the class.
    positions: i64,
}

/// Sizes of the ECG side of a MERL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MerlNetwork {
    leads: i64,
    /// Channels of the layers.
    widths: Vec<i64>,
    /// Blocks of the layers.
    blocks: Vec<i64>,
    pooling: Option<Pooling>,
    /// Labels of a linear head on the features; 0 without one.
    labels: i64,
    /// Beginning of the encoder's names in the file.
    #[serde(skip)]
    prefix: &'static str,
}

/// Name of a block, with layers counted from 1 and blocks from 0.
fn block_name(layer: usize, block: i64) -> String {
    format!("layer{layer}.{block}")
}

impl MerlNetwork {
    fn read(file: &WeightsFile, prefix: &'static str, settings: &Settings) -> Result<Self> {
        let (shapes, whole) = (Shapes::new(file, prefix), Shapes::new(file, ""));
        let [_, leads, _] = shapes.of("conv1.weight")?;
        let (mut widths, mut blocks) = (Vec::new(), Vec::new());
        for layer in 1..=LAYERS {
            let [width, _, _] = shapes.of(&format!("{}.conv1.weight", block_name(layer, 0)))?;
            widths.push(width);
            blocks.push(shapes.count(|block| format!("{}.conv1.weight", block_name(layer, block))));
        }
        // The linear layer of the published encoders was never trained: a head is one that is given.
        let labels = match file.is_of_head("linear.weight") {
            true => whole.of::<2>("linear.weight")?[0],
            false => 0,
        };
        Ok(Self {
            leads,
            widths,
            blocks,
            pooling: read_pooling(&whole, settings)?,
            labels,
            prefix,
        })
    }

    /// (batch, leads, samples) to (batch, channels, steps).
    fn features(
        &self,
        weights: &Weights,
        signals: &Tensor,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<Tensor, TchError> {
        let mut x = convolve(weights, "conv1", signals, 2, 3)?;
        x = batch_norm(weights, "bn1", &x)?.f_relu()?;
        observe("stem", &x);
        for (layer, &blocks) in (1..).zip(&self.blocks) {
            for block in 0..blocks {
                let stride = if layer > 1 && block == 0 { 2 } else { 1 };
                x = self.block(weights, &block_name(layer, block), &x, stride)?;
            }
            observe(&format!("layer{layer}"), &x);
        }
        Ok(x)
    }

    fn block(&self, weights: &Weights, name: &str, x: &Tensor, stride: i64) -> Result<Tensor, TchError> {
        let part = |which: &str| format!("{name}.{which}");
        let mut h = convolve(weights, &part("conv1"), x, stride, 1)?;
        h = batch_norm(weights, &part("bn1"), &h)?.f_relu()?;
        h = convolve(weights, &part("conv2"), &h, 1, 1)?;
        h = batch_norm(weights, &part("bn2"), &h)?;
        let shortcut = match weights.get(&part("shortcut.0.weight")) {
            Err(_) => x.shallow_clone(),
            Ok(_) => {
                let projected = convolve(weights, &part("shortcut.0"), x, stride, 0)?;
                batch_norm(weights, &part("shortcut.1"), &projected)?
            }
        };
        h.f_add(&shortcut)?.f_relu()
    }

    /// True where a block's shortcut is a convolution: where the width or the length changes.
    fn has_shortcut(&self, layer: usize, block: i64) -> bool {
        block == 0 && (layer > 1 || self.widths_before(layer) != self.widths_of(layer))
    }

    fn widths_of(&self, layer: usize) -> i64 {
        self.widths.get(layer - 1).copied().unwrap_or(1)
    }

    /// Channels that enter a layer: those of the stem are those of the first layer.
    fn widths_before(&self, layer: usize) -> i64 {
        self.widths_of(layer.saturating_sub(1).max(1))
    }
}

/// The pooling of a whole model.
fn read_pooling(whole: &Shapes<'_>, settings: &Settings) -> Result<Option<Pooling>> {
    if !whole.has("att_pool_head.c_proj.weight") {
        return Ok(None);
    }
    let [projection_size, _, _] = whole.of("downconv.weight")?;
    let [_, positions, _] = whole.of("att_pool_head.positional_embedding")?;
    let heads = settings.size("heads")?.unwrap_or(HEADS);
    if projection_size % heads != 0 {
        let what = format!("it must divide the width of the embedding, {projection_size}");
        return Err(settings.refuse("heads", &what));
    }
    Ok(Some(Pooling {
        projection_size,
        heads,
        positions,
    }))
}

impl Pooling {
    /// The embedding (batch, width) of the last layer's channels (batch, channels, steps).
    fn embed(
        &self,
        weights: &Weights,
        features: &Tensor,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<Tensor, TchError> {
        let (weight, bias) = (weights.get("downconv.weight")?, weights.get("downconv.bias")?);
        let reduced = features.f_conv1d(weight, Some(bias), [1i64], [0i64], [1i64], 1)?;
        observe("downconv", &reduced);
        let part = |which: &str| weights.get(&format!("att_pool_head.{which}"));
        let steps = reduced.f_transpose(1, 2)?;
        let positions = part("positional_embedding")?;
        // The class gets the first position twice: here, and with all others below.
        let class = part("cls_token")?.f_add(&positions.f_narrow(1, 0, 1)?)?;
        let class = class.f_expand_as(&steps.f_narrow(1, 0, 1)?)?;
        let tokens = Tensor::f_cat(&[class, steps], 1)?.f_add(positions)?;
        let (joined, bias) = (part("mhsa.in_proj_weight")?, part("mhsa.in_proj_bias")?);
        let project = |which: i64, x: &Tensor| {
            let start = which * self.projection_size;
            let rows = joined.f_narrow(0, start, self.projection_size)?;
            x.f_linear(&rows, Some(bias.f_narrow(0, start, self.projection_size)?))?
                .f_unflatten(2, [self.heads, -1])?
                .f_transpose(1, 2)
        };
        let query = project(0, &tokens.f_narrow(1, 0, 1)?)?;
        let (key, value) = (project(1, &tokens)?, project(2, &tokens)?);
        let scale = ((self.projection_size / self.heads) as f64).sqrt();
        let attention = query
            .f_matmul(&key.f_transpose(2, 3)?)?
            .f_div_scalar(scale)?
            .f_softmax(-1, None::<Kind>)?;
        observe(
            "attention_map",
            &mean_over(&attention, 1)?.f_slice(2, 1, None, 1)?,
        );
        let context = attention.f_matmul(&value)?.f_transpose(1, 2)?.f_flatten(2, 3)?;
        let out = linear(weights, "att_pool_head.mhsa.out_proj", &context)?;
        linear(weights, "att_pool_head.c_proj", &out)?.f_select(1, 0)
    }

    fn weight_shapes(&self, channels: i64) -> WeightShapes {
        let size = self.projection_size;
        let named = |name: &str, shape: &[i64]| (name.to_owned(), shape.to_vec());
        vec![
            named("downconv.weight", &[size, channels, 1]),
            named("downconv.bias", &[size]),
            named("att_pool_head.positional_embedding", &[1, self.positions, size]),
            named("att_pool_head.cls_token", &[1, 1, size]),
            named("att_pool_head.mhsa.in_proj_weight", &[3 * size, size]),
            named("att_pool_head.mhsa.in_proj_bias", &[3 * size]),
            named("att_pool_head.mhsa.out_proj.weight", &[size, size]),
            named("att_pool_head.mhsa.out_proj.bias", &[size]),
            named("att_pool_head.c_proj.weight", &[size, size]),
            named("att_pool_head.c_proj.bias", &[size]),
        ]
    }
}

/// Convolution without bias.
fn convolve(
    weights: &Weights,
    name: &str,
    x: &Tensor,
    stride: i64,
    padding: i64,
) -> Result<Tensor, TchError> {
    let weight = weights.get(&format!("{name}.weight"))?;
    x.f_conv1d(weight, None::<Tensor>, [stride], [padding], [1i64], 1)
}

/// Batch norm by the statistics of training.
fn batch_norm(weights: &Weights, name: &str, x: &Tensor) -> Result<Tensor, TchError> {
    let part = |which: &str| weights.get(&format!("{name}.{which}"));
    let (mean, variance) = (part("running_mean")?, part("running_var")?);
    x.f_batch_norm(
        Some(part("weight")?),
        Some(part("bias")?),
        Some(mean),
        Some(variance),
        false,
        0.1,
        EPSILON,
        true,
    )
}

impl Network for MerlNetwork {
    fn family(&self) -> ModelFamily {
        ModelFamily::Merl
    }

    fn architecture(&self) -> &'static str {
        match self.pooling {
            Some(_) => "ECGCLIP",
            None => "ResNet18",
        }
    }

    fn class_name(&self) -> &'static str {
        "MerlResNet"
    }

    fn labels(&self) -> i64 {
        self.labels
    }

    fn width(&self) -> i64 {
        self.pooling
            .map_or_else(|| self.widths_of(LAYERS), |pooling| pooling.projection_size)
    }

    fn input(&self) -> NetworkInput {
        let free = self.pooling.is_none();
        NetworkInput {
            rows: self.leads,
            samples: SAMPLES,
            seconds: 10.0,
            min_samples: if free { 1 } else { SAMPLES },
            other_samples: free.then_some(1357),
            any_length: free,
            multiple_of: None,
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        let mut names: WeightShapes = Vec::new();
        let mut convolution = |name: String, norm: String, shape: &[i64]| {
            names.push((format!("{name}.weight"), shape.to_vec()));
            for part in ["weight", "bias", "running_mean", "running_var"] {
                names.push((format!("{norm}.{part}"), shape[..1].to_vec()));
            }
        };
        convolution(
            "conv1".to_owned(),
            "bn1".to_owned(),
            &[self.widths_of(1), self.leads, 7],
        );
        for (layer, &blocks) in (1..).zip(&self.blocks) {
            let width = self.widths_of(layer);
            let mut before = self.widths_before(layer);
            for block in 0..blocks {
                let name = block_name(layer, block);
                convolution(
                    format!("{name}.conv1"),
                    format!("{name}.bn1"),
                    &[width, before, 3],
                );
                convolution(format!("{name}.conv2"), format!("{name}.bn2"), &[width, width, 3]);
                if self.has_shortcut(layer, block) {
                    let (projection, norm) = (format!("{name}.shortcut.0"), format!("{name}.shortcut.1"));
                    convolution(projection, norm, &[width, before, 1]);
                }
                before = width;
            }
        }
        let channels = self.widths_of(LAYERS);
        if let Some(pooling) = self.pooling {
            names.extend(pooling.weight_shapes(channels));
        }
        if self.labels > 0 {
            names.push(("linear.weight".to_owned(), vec![self.labels, channels]));
            names.push(("linear.bias".to_owned(), vec![self.labels]));
        }
        names
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        let text_side = ["lm_model.", "linear1.", "linear2.", "proj_t."];
        let own = name.strip_prefix(self.prefix).unwrap_or(name);
        let untrained = own.starts_with("linear.") && (self.labels == 0 || own != name);
        let unused = untrained
            || own.ends_with(".num_batches_tracked")
            || text_side.iter().any(|part| name.starts_with(part));
        (!unused).then(|| own.to_owned())
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        _positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        let map = self.features(weights, signals, observe)?;
        let features = mean_over(&map, 2)?;
        observe("features", &features);
        let logits = match self.labels {
            0 => None,
            _ => Some(linear(weights, "linear", &features)?),
        };
        let embedding = match &self.pooling {
            Some(pooling) => pooling.embed(weights, &map, observe)?,
            None => features,
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
