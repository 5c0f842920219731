//! The networks of the demo models, and how each is written.

use super::params::{CHECKPOINT, DemoParams};
use ecgfm_cli::kinds::DemoNetwork;
use ecgfm_model::families::{Net1d, Net1dStage, Network};
use ecgfm_model::{Config, ConvLayer, Weights, checkpoint};
use ecgfm_pipeline::StageError;
use std::path::Path;

/// Network to train, by its sizes.
pub(super) enum DemoSizes {
    EcgFm(Config),
    Net1d(Net1d),
}

impl DemoSizes {
    pub(super) fn of(network: DemoNetwork, labels: i64) -> Self {
        match network {
            DemoNetwork::EcgFm => Self::EcgFm(small_ecg_fm(labels)),
            DemoNetwork::Net1d => Self::Net1d(small_net1d(labels)),
        }
    }

    pub(super) fn network(&self) -> &dyn Network {
        match self {
            Self::EcgFm(config) => config,
            Self::Net1d(net1d) => net1d,
        }
    }

    /// Writes the checkpoint in the layout of the network's authors.
    pub(super) fn write(&self, out: &Path, weights: &Weights, params: &DemoParams) -> Result<(), StageError> {
        let path = out.join(CHECKPOINT);
        match self {
            Self::EcgFm(config) => {
                let options = checkpoint::CheckpointOptions {
                    updates: params.steps,
                    ..checkpoint::CheckpointOptions::default()
                };
                Ok(checkpoint::write_checkpoint(&path, config, weights, &options)?)
            }
            Self::Net1d(_) => Ok(checkpoint::write_state_dict(&path, weights, params.steps)?),
        }
    }

    /// Title, what it is, recipe and network in words, for the card.
    pub(super) fn words(&self) -> DemoWords {
        match self {
            Self::EcgFm(config) => DemoWords {
                published: "ECG-FM",
                container: "in the reference's checkpoint container",
                input: "500 Hz, standardised per lead over the whole recording, trained on 5 s",
                network: format!(
                    "{} convolutions of {} channels, width {}, {} layers, {} heads, feed-forward {}, positional kernel {} in {} groups",
                    config.conv_layers.len(),
                    config.conv_layers.first().map_or(0, |layer| layer.channels),
                    config.embed_dim,
                    config.layers,
                    config.heads,
                    config.ffn_dim,
                    config.conv_pos,
                    config.conv_pos_groups
                ),
                command: "just demo-model",
                voltages: "Voltages are gone once leads are standardised, so low voltage\n(LQRSV) can only be told by what goes with it",
            },
            Self::Net1d(net1d) => DemoWords {
                published: "ECGFounder",
                container: "a dictionary with `state_dict`, without the batch norms that ECGFounder's class holds and never applies",
                input: "the recipe `configs/recipes/demo_net1d.yaml`: ECGFounder's filters, 500 Hz, the whole recording at mean 0 \
                        and deviation 1, trained on 5 s",
                network: format!(
                    "Net1D: {} channels after the stem, kernel {}, stages of {}",
                    net1d.stem,
                    net1d.kernel,
                    net1d
                        .stages
                        .iter()
                        .map(describe_stage)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                command: "just demo-net1d",
                voltages: "Of voltages, what a deviation of 1 of the whole\n\
                           recording leaves is their ratios to each other, so low voltage\n\
                           (LQRSV) can only be told by what goes with it",
            },
        }
    }
}

/// What the card says of a network and its preparation.
pub(super) struct DemoWords {
    /// The model whose architecture it has.
    pub(super) published: &'static str,
    pub(super) container: &'static str,
    pub(super) input: &'static str,
    pub(super) network: String,
    pub(super) command: &'static str,
    /// What the preparation leaves of voltages.
    pub(super) voltages: &'static str,
}

fn describe_stage(stage: &Net1dStage) -> String {
    let blocks = if stage.blocks == 1 { "block" } else { "blocks" };
    format!(
        "{} channels ({} {blocks}, {} groups)",
        stage.width, stage.blocks, stage.groups
    )
}

/// ECG-FM's shape in small: its convolutions' kernels and strides, fewer channels, layers and heads.
fn small_ecg_fm(labels: i64) -> Config {
    let layer = ConvLayer {
        channels: 64,
        kernel: 2,
        stride: 2,
    };
    Config {
        leads: 12,
        conv_layers: vec![layer; 4],
        conv_bias: false,
        embed_dim: 96,
        ffn_dim: 256,
        layers: 3,
        heads: 4,
        conv_pos: 64,
        conv_pos_groups: 16,
        labels,
    }
}

/// ECGFounder's shape in small: its kernel, strides and order of stages, fewer channels and blocks.
fn small_net1d(labels: i64) -> Net1d {
    let stage = |width, groups| Net1dStage {
        width,
        blocks: 1,
        groups,
    };
    Net1d {
        leads: 12,
        stem: 16,
        kernel: 16,
        stages: vec![
            stage(16, 2),
            stage(16, 2),
            stage(32, 4),
            stage(32, 4),
            stage(48, 6),
            stage(48, 6),
        ],
        labels,
    }
}
