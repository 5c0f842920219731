//! Stages export and infer.

use super::bind::{Bound, any, nothing};
use crate::errors::classed;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_pipeline::Output;

pub fn export() -> Bound<ecgfm_model::Params> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "the model and its card"),
        Output::new("model", "model.ts", "the TorchScript file"),
        Output::new("card", "model.json", "what the model is and expects"),
    ];
    Bound {
        name: "export",
        about: "a checkpoint to TorchScript",
        version: 2,
        outputs: OUTPUTS,
        inputs: &["checkpoint"],
        check: any,
        extra: nothing,
        run: |params, ctx| {
            let card = ecgfm_model::export(params, ctx.out).map_err(classed)?;
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
        Output::new("logits", "outputs_{subset}.npy", "float32 (segments, labels)"),
        Output::new(
            "header",
            "outputs_{subset}_header.pkl",
            "shape, dtype and offset, for the reference's reader",
        ),
        Output::new("index", "outputs_{subset}_index.csv", "the key of every row"),
        Output::new("record", "infer.json", "device, precision, model"),
    ];
    Bound {
        name: "infer",
        about: "logits of every segment of a manifest",
        version: 2,
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
        run: |params, ctx| ecgfm_infer::run(params, ctx).map_err(classed),
    }
}
