//! Stages export and infer.

use super::bind::{Bound, any};
use crate::errors::classed;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_model::card::LabelNames;
use ecgfm_model::positions::Positions;
use ecgfm_pipeline::Output;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What to export: a checkpoint, and the name of the label set that it was trained on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The checkpoint, a `.pt` file of the reference's training code.
    checkpoint: PathBuf,
    /// The checkpoint's SHA-256, where it must be a certain file.
    #[serde(default)]
    sha256: Option<String>,
    /// The model's label set, by name or file; its names go into the model's card, and hold from there on.
    #[serde(default)]
    labels: Option<String>,
    /// How the positional convolution is computed on CUDA: `spectrum`, unless `convolution`, `unfolded`, `tiled` or `dense`
    /// was measured to be faster there.
    #[serde(default = "spectrum")]
    positions_on_cuda: Positions,
}

fn spectrum() -> Positions {
    Positions::Spectrum
}

/// The names of a label set, for a model's card.
pub fn label_names(set: &str) -> Result<LabelNames, ecgfm_artifacts::Error> {
    let set = LabelSet::load(set)?;
    let labels = set.names().iter().map(|&name| name.to_owned()).collect();
    Ok(LabelNames {
        name: set.name,
        labels,
    })
}

pub fn export() -> Bound<Export> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "the model and its card"),
        Output::new("model", "model.ts", "the TorchScript file"),
        Output::new("card", "model.json", "what the model is and expects"),
    ];
    Bound {
        name: "export",
        about: "a checkpoint to TorchScript",
        version: 4,
        outputs: OUTPUTS,
        inputs: &["checkpoint"],
        check: any,
        extra: |params| {
            let name = params.labels.iter();
            name.map(|name| super::config_fact("labels", name)).collect()
        },
        resumable: false,
        run: |params, ctx| {
            let labels = params.labels.as_deref().map(label_names).transpose();
            let params = ecgfm_model::Params {
                checkpoint: params.checkpoint.clone(),
                sha256: params.sha256.clone(),
                labels: labels.map_err(classed)?,
                positions_on_cuda: params.positions_on_cuda,
            };
            let card = ecgfm_model::export(&params, ctx.out).map_err(classed)?;
            let labels = usize::try_from(card.labels).unwrap_or_default();
            let outcome = Outcome::default()
                .count("labels", labels)
                .fact("parameters", card.parameters);
            Ok(outcome
                .fact("checkpoint_sha256", card.source.sha256)
                .fact("model_sha256", card.model.sha256))
        },
    }
}

pub fn infer() -> Bound<ecgfm_infer::Params> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "the logits, their header and their keys"),
        // An encoder has none.
        Output::new("logits", "outputs_{subset}.npy", "float32 (segments, labels)").optional(),
        Output::new(
            "header",
            "outputs_{subset}_header.pkl",
            "shape, dtype and offset, for the reference's reader",
        )
        .optional(),
        Output::new("embedding", "embedding_{subset}.npy", "where asked for").optional(),
        Output::new("saliency", "saliency_{subset}.npy", "where asked for").optional(),
        Output::new("index", "outputs_{subset}_index.csv", "the key of every row"),
        Output::new("record", "infer.json", "device, precision, model"),
    ];
    Bound {
        name: "infer",
        about: "logits of every segment of a manifest",
        version: 4,
        outputs: OUTPUTS,
        inputs: &["manifest", "segments", "model"],
        check: any,
        extra: |params| {
            params
                .labels
                .iter()
                .map(|name| super::config_fact("labels", name))
                .collect()
        },
        resumable: false,
        run: |params, ctx| ecgfm_infer::run(params, ctx).map_err(classed),
    }
}
