//! Stages export and infer. What runs them is in the program `ecgfm-torch`.

use super::ahead;
use super::binding::{StageBinding, holds_all_inputs, no_check, no_further_inputs, nothing_made_again};
use super::definitions::{LABELS, MODEL, config_fact, model_fact};
use crate::torch;
use ecgfm_artifacts::labelset::Definition;
use ecgfm_artifacts::manifests;
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_pipeline::{CodeChange, Error, OutputSpec, StageError};
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{ExportParams, InferParams, ModelCard, ModelDescription};
use std::path::PathBuf;

/// Error of a stage that finds no half of the program with libtorch.
fn missing_torch(error: Error) -> StageError {
    let failed = StageError::failed(error.message());
    match error.help_text() {
        Some(help) => failed.help(help),
        None => failed,
    }
}

pub fn export() -> StageBinding<ExportParams> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the model and its card"),
        OutputSpec::new("model", "model.ts", "the TorchScript file"),
        OutputSpec::new("card", "model.json", "what the model is and expects"),
        OutputSpec::new(
            "golden",
            "model.golden.npz",
            "a few inputs, and what the model returned for them",
        ),
        OutputSpec::new(
            "recipe",
            "recipe.yaml",
            "the steps from a recording to the model's input",
        )
        .optional(),
    ];
    StageBinding {
        name: "export",
        about: "a checkpoint to TorchScript",
        version: 8,
        changes: &[
            CodeChange(2, "the card says what the model expects"),
            CodeChange(3, "the labels are bound to the model"),
            CodeChange(4, "the positional convolution is computed by spectra"),
            CodeChange(5, "the card says that a model is the demo model"),
            CodeChange(6, "the card says what the model returns"),
            CodeChange(7, "saliency per query, as ECG-FM's, and per key"),
            CodeChange(8, "the card says recipe and golden vectors"),
        ],
        outputs: OUTPUTS,
        inputs: &["checkpoint", "config", "head"],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LABELS, MODEL],
        check: no_check,
        look_ahead: ahead::export,
        extra: |params| {
            let described = params
                .model
                .as_ref()
                .and_then(|name| ModelDescription::load(name).ok());
            let labels = params.labels.clone().or(described.and_then(|model| model.labels));
            let labels = labels
                .iter()
                .map(|name| config_fact("labels", Definition::Labels, name));
            let model = params.model.iter().map(|name| model_fact(name));
            Ok(labels.chain(model).collect())
        },
        chunked: false,
        run: |params, ctx| torch::require_torch().map_err(missing_torch)?.export(params, ctx),
    }
}

/// The model's card and golden vectors beside it; the store that the manifest's first line names, where no parameter does; and what that store
/// says of its segments, beside it.
fn beside_and_below(params: &InferParams) -> Vec<(&'static str, PathBuf)> {
    let mut found = vec![
        ("model", ModelCard::path_beside(&params.model)),
        ("model", GoldenVectors::path_beside(&params.model)),
    ];
    let below = || manifests::read_root(&params.manifest, &params.subset);
    if let Some(store) = params.segments.clone().or_else(below) {
        found.extend(StoreInfo::path(&store).ok().map(|about| ("store", about)));
        found.push(("manifest", store));
    }
    found
}

pub fn infer() -> StageBinding<InferParams> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the logits, their header and their keys"),
        // An encoder has none.
        OutputSpec::new("logits", "outputs_{subset}.npy", "float32 (segments, labels)").optional(),
        OutputSpec::new(
            "header",
            "outputs_{subset}_header.pkl",
            "shape, dtype and offset, for the reference's reader",
        )
        .optional(),
        OutputSpec::new("embedding", "embedding_{subset}.npy", "where asked for").optional(),
        OutputSpec::new("saliency", "saliency_{subset}.npy", "where asked for").optional(),
        OutputSpec::new("index", "outputs_{subset}_index.csv", "the key of every row"),
        OutputSpec::new("record", "infer.json", "device, precision, model"),
    ];
    StageBinding {
        name: "infer",
        about: "logits of every segment of a manifest",
        version: 8,
        changes: &[
            CodeChange(2, "infer.json is written"),
            CodeChange(3, "the labels of the model are recorded"),
            CodeChange(4, "the positional convolution is computed by spectra"),
            CodeChange(5, "synthetic ECGs and the demo model are named"),
            CodeChange(6, "what the model returns is recorded"),
            CodeChange(
                7,
                "saliency is per query by default, and idx is taken from .mat files",
            ),
            CodeChange(8, "a model is held against its golden vectors and its recipe"),
        ],
        outputs: OUTPUTS,
        inputs: &["manifest", "segments", "model"],
        idle: &[],
        separate: &[],
        further: beside_and_below,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LABELS],
        check: no_check,
        look_ahead: ahead::infer,
        extra: |params| {
            let name = params.labels.iter();
            Ok(name
                .map(|name| config_fact("labels", Definition::Labels, name))
                .collect())
        },
        chunked: true,
        run: |params, ctx| torch::require_torch().map_err(missing_torch)?.infer(params, ctx),
    }
}
