//! Stages that make a sample to run on: synthetic ECGs, an untrained checkpoint.

use super::bind::{Bound, any, nothing};
use crate::errors::classed;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_model::{Config, ConvLayer, checkpoint, init};
use ecgfm_pipeline::{Output, ParamError, StageError};
use ecgfm_synth::Options;
use serde::{Deserialize, Serialize};

pub fn synth() -> Bound<Options> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "an archive in CODE-15's shape"),
        Output::new("exams", "exams.csv", "one row an exam"),
        Output::new(
            "truth",
            "synth_truth.csv",
            "rate, intervals and findings of every exam",
        ),
    ];
    Bound {
        name: "synth",
        about: "SYNTHETIC ECGs in CODE-15's shape, with known labels",
        version: 1,
        outputs: OUTPUTS,
        inputs: &[],
        check: |options| {
            options
                .validate()
                .map_err(|e| ParamError::invalid("", format!("are refused: {e}")))
        },
        extra: nothing,
        run: |options, ctx| {
            ctx.progress.begin(options.exams, "exams");
            let done = ecgfm_synth::generate(options, ctx.out, &|n| ctx.progress.advance(n), &|| {
                ctx.cancel.is_cancelled()
            });
            let summary = done.map_err(|e| match e {
                ecgfm_synth::Error::Cancelled { .. } => StageError::interrupted(),
                other => classed(other),
            })?;
            let outcome = Outcome::default()
                .count("exams", summary.exams as usize)
                .fact("synthetic", true);
            Ok(outcome
                .count("patients", summary.patients as usize)
                .count("parts", summary.parts as usize))
        },
    }
}

/// Parameters of the stage `untrained`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Untrained {
    /// The same seed gives the same weights.
    #[serde(default)]
    pub seed: u64,
    /// Width of the output.
    #[serde(default = "default_labels")]
    pub labels: i64,
    /// Transformer layers.
    #[serde(default = "default_layers")]
    pub layers: i64,
}

fn default_labels() -> i64 {
    26
}

fn default_layers() -> i64 {
    2
}

pub fn untrained() -> Bound<Untrained> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "the whole directory"),
        Output::new(
            "checkpoint",
            "untrained.pt",
            "random weights in the reference's container",
        ),
    ];
    Bound {
        name: "untrained",
        about: "a small ECG-FM checkpoint of RANDOM weights, which knows nothing",
        version: 1,
        outputs: OUTPUTS,
        inputs: &[],
        check: any,
        extra: nothing,
        run: |params, ctx| {
            let config = small(params);
            let weights = init::random(&config, params.seed).map_err(classed)?;
            let path = ctx.out.join("untrained.pt");
            checkpoint::write_checkpoint(&path, &config, &weights, &checkpoint::Options::default())
                .map_err(classed)?;
            Ok(Outcome::default().fact("trained", false))
        },
    }
}

/// ECG-FM's shape in small.
fn small(params: &Untrained) -> Config {
    let layer = ConvLayer {
        channels: 32,
        kernel: 2,
        stride: 2,
    };
    Config {
        leads: 12,
        conv_layers: vec![layer; 4],
        conv_bias: false,
        embed_dim: 64,
        ffn_dim: 128,
        layers: params.layers,
        heads: 4,
        conv_pos: 128,
        conv_pos_groups: 16,
        labels: params.labels,
    }
}
