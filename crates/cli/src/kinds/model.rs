//! Stages export and infer. What runs them is in the program `ecgfm-torch`.

use super::bind::{Bound, any};
use crate::torch;
use ecgfm_artifacts::labelset::Definition;
use ecgfm_choices::{Export, Infer};
use ecgfm_pipeline::{Error, Output, StageError};

/// That the half of the program with libtorch is not to be had.
fn failed(error: Error) -> StageError {
    let failed = StageError::failed(error.message());
    match error.help_text() {
        Some(help) => failed.help(help),
        None => failed,
    }
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
        version: 6,
        outputs: OUTPUTS,
        inputs: &["checkpoint"],
        check: any,
        extra: |params| {
            let name = params.labels.iter();
            name.map(|name| super::config_fact("labels", Definition::Labels, name))
                .collect()
        },
        resumable: false,
        run: |params, ctx| torch::required().map_err(failed)?.export(params, ctx),
    }
}

pub fn infer() -> Bound<Infer> {
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
        version: 6,
        outputs: OUTPUTS,
        inputs: &["manifest", "segments", "model"],
        check: any,
        extra: |params| {
            params
                .labels
                .iter()
                .map(|name| super::config_fact("labels", Definition::Labels, name))
                .collect()
        },
        resumable: true,
        run: |params, ctx| torch::required().map_err(failed)?.infer(params, ctx),
    }
}
