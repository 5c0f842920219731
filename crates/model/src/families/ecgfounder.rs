//! ECGFounder: Net1D, a convolutional network of grouped blocks with squeeze and excitation.
//!
//! Batch norms are in every checkpoint and in no forward pass: the published models were trained without them.

use super::family::{Family, Network, NetworkInput, WeightShapes};
use super::layers::{linear, mean_over};
use super::shapes::Shapes;
use crate::outputs::{IntermediateObserver, NetworkOutputs};
use crate::positions::PositionalForm;
use crate::{Result, Weights};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::ModelFamily;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use tch::{TchError, Tensor};

/// Stride of the stem and of the first block of every stage.
const STRIDE: i64 = 2;

/// The family ECGFounder.
#[derive(Debug)]
pub struct EcgFounder;

impl Family for EcgFounder {
    fn kind(&self) -> ModelFamily {
        ModelFamily::EcgFounder
    }

    fn configure(&self, file: &WeightsFile, _given: Option<&Path>) -> Result<Box<dyn Network>> {
        Ok(Box::new(Net1d::of_shapes(&Shapes::new(file, ""))?))
    }
}

/// Stage of blocks of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Net1dStage {
    /// Channels that leave every block.
    pub width: i64,
    /// Blocks; the first halves the length.
    pub blocks: i64,
    /// Groups of every block's wide convolution.
    pub groups: i64,
}

/// Sizes of a Net1D.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Net1d {
    /// Leads of the input.
    pub leads: i64,
    /// Channels that leave the stem.
    pub stem: i64,
    /// Width of the wide convolutions' kernels, in samples of their input; even.
    pub kernel: i64,
    /// The stages in order.
    pub stages: Vec<Net1dStage>,
    /// Labels of the head; 0 without one.
    pub labels: i64,
}

impl Net1d {
    fn of_shapes(shapes: &Shapes<'_>) -> Result<Self> {
        let [stem, leads, kernel] = shapes.of("first_conv.conv.weight")?;
        if kernel % 2 != 0 {
            let what = format!(
                "has a kernel of {kernel}, which would be padded by another width for every other length; supported are even ones"
            );
            return Err(shapes.refuse("first_conv.conv.weight", what));
        }
        let count = shapes.count(|stage| format!("{}.conv3.conv.weight", block_name(stage, 0)));
        let stage = |stage: i64| -> Result<Net1dStage> {
            let block = block_name(stage, 0);
            let [width, _, _] = shapes.of(&format!("{block}.conv3.conv.weight"))?;
            let name = format!("{block}.conv2.conv.weight");
            let [channels, inputs, _] = shapes.of(&name)?;
            if channels % inputs != 0 {
                let what = format!("has {channels} channels, which are not groups of {inputs}");
                return Err(shapes.refuse(&name, what));
            }
            Ok(Net1dStage {
                width,
                blocks: shapes.count(|block| format!("{}.conv3.conv.weight", block_name(stage, block))),
                groups: channels / inputs,
            })
        };
        let stages = (0..count).map(stage).collect::<Result<Vec<_>>>()?;
        let mut before = stem;
        for (at, stage) in stages.iter().enumerate() {
            if stage.width < before {
                let name = format!("{}.conv3.conv.weight", block_name(at as i64, 0));
                let width = stage.width;
                let what = format!(
                    "has {width} channels, fewer than the {before} before it: no stage of a Net1D narrows"
                );
                return Err(shapes.refuse(&name, what));
            }
            before = stage.width;
        }
        let labels = match shapes.has("dense.weight") {
            true => shapes.of::<2>("dense.weight")?[0],
            false => 0,
        };
        Ok(Self {
            leads,
            stem,
            kernel,
            stages,
            labels,
        })
    }

    /// Runs the stem and all blocks: (batch, leads, samples) to (batch, width, steps).
    fn features(
        &self,
        weights: &Weights,
        signals: &Tensor,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<Tensor, TchError> {
        let mut x =
            same_convolution(weights, "first_conv.conv", signals, self.kernel, STRIDE, 1)?.f_silu()?;
        observe("stem", &x);
        let mut before = self.stem;
        for (at, stage) in self.stages.iter().enumerate() {
            for block in 0..stage.blocks {
                let place = BlockPlace {
                    name: block_name(at as i64, block),
                    first_of_network: at == 0 && block == 0,
                    halves: block == 0,
                    widened_by: stage.width - before,
                    groups: stage.groups,
                };
                before = stage.width;
                x = self.block(weights, &place, &x)?;
                if place.first_of_network {
                    observe("stage0_block0", &x);
                }
            }
            observe(&format!("stage{at}"), &x);
        }
        Ok(x)
    }

    fn block(&self, weights: &Weights, place: &BlockPlace, x: &Tensor) -> Result<Tensor, TchError> {
        let name = &place.name;
        let part = |which: &str| format!("{name}.{which}");
        let stride = if place.halves { STRIDE } else { 1 };
        let mut h = match place.first_of_network {
            true => x.shallow_clone(),
            false => x.f_silu()?,
        };
        h = same_convolution(weights, &part("conv1.conv"), &h, 1, 1, 1)?.f_silu()?;
        h = same_convolution(
            weights,
            &part("conv2.conv"),
            &h,
            self.kernel,
            stride,
            place.groups,
        )?
        .f_silu()?;
        h = same_convolution(weights, &part("conv3.conv"), &h, 1, 1, 1)?;
        let squeezed = linear(weights, &part("se_fc1"), &mean_over(&h, 2)?)?.f_silu()?;
        let gates = linear(weights, &part("se_fc2"), &squeezed)?.f_sigmoid()?;
        h.f_mul(&gates.f_unsqueeze(2)?)?.f_add(&place.shortcut(x)?)
    }
}

/// Place of a block in the network.
struct BlockPlace {
    name: String,
    first_of_network: bool,
    /// True where the block halves the length.
    halves: bool,
    /// Channels that the block adds.
    widened_by: i64,
    groups: i64,
}

impl BlockPlace {
    /// The block's input as it is added to its output: pooled where the block halves the length, with channels of zeros on both
    /// sides where it widens.
    fn shortcut(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let mut x = x.shallow_clone();
        if self.halves {
            // Of an odd length the last value meets the zero; of an even one the zero meets nothing and is dropped.
            x = x
                .f_constant_pad_nd([0, 1])?
                .f_max_pool1d([2i64], [2i64], [0i64], [1i64], false)?;
        }
        if self.widened_by > 0 {
            let before = self.widened_by / 2;
            x = x.f_constant_pad_nd([0, 0, before, self.widened_by - before])?;
        }
        Ok(x)
    }
}

/// Name of a block, without its parts.
fn block_name(stage: i64, block: i64) -> String {
    format!("stage_list.{stage}.block_list.{block}")
}

/// Convolution whose output has ⌈length / stride⌉ steps, of a kernel of width 1 or an even one.
///
/// The reference pads n samples by p = max(0, (⌈n/s⌉ - 1)·s + k - n) zeros, ⌊p/2⌋ of them on the left. For an even kernel that is
/// k/2 - 1 on the left whatever n is, and on the right k/2 or one less, by which no output changes. So every length is padded alike,
/// and a trace of one length holds for all.
fn same_convolution(
    weights: &Weights,
    name: &str,
    x: &Tensor,
    kernel: i64,
    stride: i64,
    groups: i64,
) -> Result<Tensor, TchError> {
    let weight = weights.get(&format!("{name}.weight"))?;
    let bias = weights.get(&format!("{name}.bias"))?;
    let half = kernel / 2;
    let padded = match half {
        0 => x.shallow_clone(),
        _ => x.f_constant_pad_nd([half - 1, half])?,
    };
    padded.f_conv1d(weight, Some(bias), [stride], [0i64], [1i64], groups)
}

impl Network for Net1d {
    fn family(&self) -> ModelFamily {
        ModelFamily::EcgFounder
    }

    fn architecture(&self) -> &'static str {
        "Net1D"
    }

    fn class_name(&self) -> &'static str {
        "EcgFounderNet1d"
    }

    fn labels(&self) -> i64 {
        self.labels
    }

    fn width(&self) -> i64 {
        self.stages.last().map_or(self.stem, |stage| stage.width)
    }

    fn input(&self) -> NetworkInput {
        NetworkInput {
            rows: self.leads,
            samples: 5000,
            seconds: 10.0,
            min_samples: 1,
            other_samples: Some(1249),
            any_length: true,
            multiple_of: None,
        }
    }

    fn sizes(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn weight_shapes(&self) -> WeightShapes {
        let mut names = Vec::new();
        let mut add = |name: String, shape: &[i64]| {
            names.push((format!("{name}.weight"), shape.to_vec()));
            names.push((format!("{name}.bias"), shape[..1].to_vec()));
        };
        add(
            "first_conv.conv".to_owned(),
            &[self.stem, self.leads, self.kernel],
        );
        let mut before = self.stem;
        for (at, stage) in self.stages.iter().enumerate() {
            let width = stage.width;
            for block in 0..stage.blocks {
                let name = block_name(at as i64, block);
                add(format!("{name}.conv1.conv"), &[width, before, 1]);
                add(
                    format!("{name}.conv2.conv"),
                    &[width, width / stage.groups, self.kernel],
                );
                add(format!("{name}.conv3.conv"), &[width, width, 1]);
                add(format!("{name}.se_fc1"), &[width / 2, width]);
                add(format!("{name}.se_fc2"), &[width, width / 2]);
                before = width;
            }
        }
        if self.labels > 0 {
            add("dense".to_owned(), &[self.labels, before]);
        }
        names
    }

    fn wanted_name(&self, name: &str) -> Option<String> {
        let is_norm = |part: &str| matches!(part, "first_bn" | "bn1" | "bn2" | "bn3");
        let norm = name.rsplit('.').nth(1).is_some_and(is_norm);
        (!norm).then(|| name.to_owned())
    }

    fn run(
        &self,
        weights: &Weights,
        signals: &Tensor,
        _positions: PositionalForm,
        observe: &mut IntermediateObserver<'_>,
    ) -> Result<NetworkOutputs, TchError> {
        let embedding = mean_over(&self.features(weights, signals, observe)?, 2)?;
        let logits = match self.labels {
            0 => None,
            _ => Some(linear(weights, "dense", &embedding)?),
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
