//! Writes a checkpoint that PyTorch and the reference read.

use crate::archive::{self, TorchArchive};
use crate::pickle::Pickle;
use crate::weights::{self, PositionalNames};
use crate::{Config, Error, Result, Weights, files};
use serde_json::{Value, json};
use std::path::Path;
use tch::Kind;

/// Options of writing a checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct CheckpointOptions {
    /// Names of the positional convolution's weight.
    pub positional_names: PositionalNames,
    /// Element type of the weights.
    pub kind: Kind,
    /// Updates of the weights since training began.
    pub updates: u64,
}

impl Default for CheckpointOptions {
    fn default() -> Self {
        Self {
            positional_names: PositionalNames::Parametrized,
            kind: Kind::Float,
            updates: 0,
        }
    }
}

/// Writes weights in the reference's container: its configuration, its state dict, and no optimizer state.
///
/// The same weights give the same bytes.
///
/// # Errors
/// When a weight of the configuration is missing, the type is not a floating-point one, or the file cannot be written.
pub fn write_checkpoint(
    path: &Path,
    config: &Config,
    weights: &Weights,
    options: &CheckpointOptions,
) -> Result<()> {
    let state = state_dict(config, weights, options).map_err(Error::torch("convert weights"))?;
    let mut pickle = Pickle::new();
    pickle
        .op(b"}(")
        .text("args")
        .value(&Value::Null)
        .text("cfg")
        .value(&checkpoint_config(config))
        .text("model")
        .op(b"}(");
    for (key, (name, tensor)) in state.iter().enumerate() {
        pickle
            .text(name)
            .tensor(&archive::describe_tensor(key, tensor, &tensor.size())?);
    }
    pickle.op(b"u").text("criterion").value(&Value::Null);
    let history = json!([{
        "criterion_name": "BinaryCrossEntropyWithLogitsCriterion", "optimizer_name": "Adam",
        "lr_scheduler_state": {}, "num_updates": options.updates,
    }]);
    pickle.text("optimizer_history").value(&history);
    pickle
        .text("task_state")
        .value(&json!({}))
        .text("extra_state")
        .value(&json!({}));
    pickle.text("last_optimizer_state").value(&Value::Null).op(b"u");
    write_archive(path, &pickle.finish(), &state)
}

/// Writes weights in PyTorch's container as a dictionary of `step`, the number of updates, and `state_dict`, as training scripts do
/// that know no configuration.
///
/// The same weights give the same bytes.
///
/// # Errors
/// When a weight has no floating-point type, or the file cannot be written.
pub fn write_state_dict(path: &Path, weights: &Weights, updates: u64) -> Result<()> {
    let mut pickle = Pickle::new();
    pickle
        .op(b"}(")
        .text("step")
        .value(&json!(updates))
        .text("state_dict")
        .op(b"}(");
    for (key, (name, tensor)) in weights.iter().enumerate() {
        pickle
            .text(name)
            .tensor(&archive::describe_tensor(key, tensor, &tensor.size())?);
    }
    pickle.op(b"uu");
    write_archive(path, &pickle.finish(), weights)
}

/// Writes a checkpoint of a pickle and the tensors that it names.
fn write_archive(path: &Path, pickle: &[u8], weights: &Weights) -> Result<()> {
    files::replace_file(path, |partial| {
        let mut archive = TorchArchive::create(partial, "archive")?;
        archive.entry("data.pkl", pickle)?;
        archive.entry("byteorder", b"little")?;
        archive.tensors(weights)?;
        archive.entry("version", b"3\n")?;
        archive.finish()
    })
}

/// The state dict: every weight in its order, the positional one as lengths and directions.
fn state_dict(
    config: &Config,
    weights: &Weights,
    options: &CheckpointOptions,
) -> Result<Weights, tch::TchError> {
    let [length_name, direction_name] = options.positional_names.factors();
    let mut state = Vec::new();
    for (name, _) in weights::state_dict(config, options.positional_names) {
        let tensor = if name == length_name {
            weights::tap_norms(
                &weights
                    .get(&weights::positional_weight())?
                    .f_to_kind(Kind::Double)?,
            )?
        } else if name == direction_name {
            weights.get(&weights::positional_weight())?.shallow_clone()
        } else {
            weights.get(&name)?.shallow_clone()
        };
        let name = weights::own_name(config, &name).to_owned();
        state.push((name, tensor.detach().f_to_kind(options.kind)?));
    }
    Ok(Weights::new(state))
}

/// `cfg`, as far as loading and running the model needs it.
fn checkpoint_config(config: &Config) -> Value {
    let layers: Vec<String> = config
        .conv_layers
        .iter()
        .map(|layer| format!("({}, {}, {})", layer.channels, layer.kernel, layer.stride))
        .collect();
    json!({
        "_name": null,
        "model": {
            "_name": config.architecture(), "all_gather": false, "normalize": false, "filter": false, "data": null, "args": null,
            "encoder_layers": config.layers, "encoder_embed_dim": config.embed_dim,
            "encoder_ffn_embed_dim": config.ffn_dim, "encoder_attention_heads": config.heads,
            "layer_norm_first": false, "saliency": false, "dropout": 0.0, "attention_dropout": 0.0,
            "activation_dropout": 0.0, "encoder_layerdrop": 0.0, "dropout_input": 0.0, "dropout_features": 0.0,
            "apply_mask": false, "extractor_mode": "default",
            "conv_feature_layers": format!("[{}]", layers.join(", ")), "in_d": config.leads,
            "conv_bias": config.conv_bias, "feature_grad_mult": 0.0, "conv_pos": config.conv_pos,
            "conv_pos_groups": config.conv_pos_groups, "model_path": null, "no_pretrained_weights": true,
            "freeze_finetune_updates": 0, "final_dropout": 0.0, "num_labels": config.has_head().then_some(config.labels),
        },
        "task": {
            "_name": "ecg_classification", "data": null, "sample_rate": null, "filter": false, "normalize": false,
            "enable_padding": true, "enable_padding_leads": false, "label_file": null,
        },
    })
}
