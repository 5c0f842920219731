//! The export stage: a checkpoint in, `model.ts`, its card, its golden vectors and its recipe out.

use crate::allocation::LargePiecesGivenBack;
use crate::card::{self, Card};
use crate::families::{self, Network};
use crate::outputs::{NetworkOutputs, Saliency, tuple_tensors};
use crate::positions::PositionalForm;
use crate::torchscript::OUTPUTS_METHOD;
use crate::{Error, Result, Weights, files, golden, init, torchscript};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{CardRecipe, LabelNames};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tch::{CModule, IValue, Kind, TchError, Tensor};

/// File name of the exported model.
pub const MODEL_FILE: &str = "model.ts";
/// File name of its card.
pub const CARD_FILE: &str = "model.json";
/// File name of the card's recipe as YAML, which changes when the steps do and not when the weights do.
pub const RECIPE_FILE: &str = "recipe.yaml";

/// Largest difference between the exported model and the network; both run the same kernels.
const TOLERANCE: f64 = 1e-5;

/// Parameters of an export: checkpoint, configuration, labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The checkpoint: a `.pt` file of the reference's training code, a state dict, or a safetensors file.
    pub checkpoint: PathBuf,
    /// The network's configuration, YAML or JSON, where the checkpoint has none or another holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Weights of a head that was trained on the checkpoint's encoder, where they are a file of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<PathBuf>,
    /// The checkpoint's SHA-256, where it must be a certain file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Labels in the order of the logits; goes into the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelNames>,
    /// Form of the positional convolution on CUDA. By its spectrum unless another is asked for: that is a fortieth of the
    /// arithmetic. The others are there to be measured against it.
    #[serde(default = "default_positions")]
    pub positions_on_cuda: PositionalForm,
    /// The steps that the model was trained on, where they are not those of its family's published models; they go into its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<CardRecipe>,
    /// Notice to every reader of the model's results; goes into its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

fn default_positions() -> PositionalForm {
    PositionalForm::Spectrum
}

/// Writes [`MODEL_FILE`], its golden vectors, [`RECIPE_FILE`] where the recipe is known and, last, [`CARD_FILE`] into the
/// existing directory `out_dir`; each appears whole or not at all.
///
/// Only the configuration and the model's weights are read from the checkpoint, never the optimizer's state. The written
/// model is loaded again and compared with the network on batches of three sizes, of another length too where the network
/// takes one, before it is given its name. The same checkpoint gives the same bytes.
///
/// # Errors
/// When the checkpoint cannot be read, is not the required one, configures an unsupported network or does not fit its
/// configuration; when libtorch or the file system refuse; or when the written model does not compute the same.
pub fn export(params: &Params, out_dir: &Path) -> Result<Card> {
    let _pieces = LargePiecesGivenBack::begin();
    let path = &params.checkpoint;
    let mut file = WeightsFile::open(path)?;
    if let Some(head) = &params.head {
        file = file.with_head(WeightsFile::open(head)?);
    }
    for name in file.opaque_names() {
        tracing::warn!(
            "{} asks for `{name}`, which is not known and was not run",
            path.display()
        );
    }
    if !file.skipped_tensors().is_empty() {
        let names = file.skipped_tensors().join(", ");
        tracing::warn!("{}: not of the network, and left out: {names}", path.display());
    }
    let network = families::find_network(&file, params.config.as_deref())?;
    let network = network.as_ref();
    let source = files::describe_file(file.path(), file.path())?;
    if let Some(expected) = &params.sha256
        && !expected.eq_ignore_ascii_case(&source.sha256)
    {
        return Err(Error::Sha256 {
            path: path.clone(),
            expected: expected.clone(),
            found: source.sha256,
        });
    }
    let labels = head_labels(params, network.labels())?;
    let weights = network.read_weights(&file)?;
    // Nothing is read from the checkpoint from here on, and it may hold gigabytes.
    drop(file);
    let target = out_dir.join(MODEL_FILE);
    let mut model = None;
    let checks = compute_checks(network, &weights, params.positions_on_cuda)?;
    files::replace_file(&target, |partial| {
        // The weights go with it, so that they are not in memory beside those of the model that is verified.
        torchscript::write_module(partial, network, weights, params.positions_on_cuda)?;
        verify_export(partial, network, &checks)?;
        model = Some(files::describe_file(partial, &target)?);
        Ok(())
    })?;
    let model = model.map_or_else(|| files::describe_file(&target, &target), Ok)?;
    let notice = params.notice.clone();
    let mut card = Card {
        notice,
        ..card::new(network, labels, source, model)
    };
    if let Some(recipe) = &params.recipe {
        set_recipe(&mut card, recipe);
    }
    let vectors = golden::write_golden_vectors(&target, &GoldenVectors::path_beside(&target), &card)?;
    card.golden = Some(vectors);
    if let Some(recipe) = &card.recipe {
        write_recipe(&out_dir.join(RECIPE_FILE), recipe)?;
    }
    write_card(&out_dir.join(CARD_FILE), &card)?;
    tracing::info!(
        family = %network.family(),
        parameters = card.parameters,
        labels = card.labels,
        "exported {}",
        path.display()
    );
    Ok(card)
}

/// Puts the steps that a model was trained on into its card, with the length of the segments that they cut.
fn set_recipe(card: &mut Card, recipe: &CardRecipe) {
    if let Ok(checked) = recipe.steps.check() {
        let samples = checked.samples();
        card.input.samples = Some(samples);
        card.input.segment_seconds = card.input.sample_rate_hz.map(|rate| samples as f64 / rate);
    }
    card.recipe = Some(recipe.clone());
}

/// The labels that are named, which must be as many as the head has. An encoder has no head, and no labels.
fn head_labels(params: &Params, head: i64) -> Result<Option<LabelNames>> {
    let path = &params.checkpoint;
    match &params.labels {
        Some(named) if head == 0 => {
            let name = &named.name;
            tracing::warn!(
                "{} is an encoder without a head: label set `{name}` is not used",
                path.display()
            );
            Ok(None)
        }
        Some(named) if i64::try_from(named.labels.len()) != Ok(head) => Err(Error::Labels {
            path: path.clone(),
            found: head,
            name: named.name.clone(),
            set_size: named.labels.len(),
        }),
        named => Ok(named.clone()),
    }
}

fn write_card(path: &Path, card: &Card) -> Result<()> {
    files::replace_file(path, |partial| {
        let mut json =
            serde_json::to_vec_pretty(card).map_err(|error| Error::io("write", path)(error.into()))?;
        json.push(b'\n');
        files::write_bytes(partial, &json)
    })
}

/// Writes the steps alone, as in a file of `configs/recipes/`.
///
/// # Errors
/// The file cannot be written.
pub fn write_recipe(path: &Path, recipe: &CardRecipe) -> Result<()> {
    files::replace_file(path, |partial| {
        let invalid = |error: serde_yaml::Error| Error::io("write", path)(std::io::Error::other(error));
        let yaml = serde_yaml::to_string(&recipe.steps).map_err(invalid)?;
        files::write_bytes(partial, yaml.as_bytes())
    })
}

/// What the network says of a batch, to hold the exported model against.
struct ExportCheck {
    /// Method like `outputs` that is to say the same.
    method: String,
    signals: Tensor,
    expected: NetworkOutputs,
}

/// What the network says of batches of 1, 2 and 8 segments, the last of another length where it takes one. Where it does not, 3 are
/// enough: such networks compare every pair of hundreds of tokens, and 8 would take more memory than their weights.
fn compute_checks(
    network: &dyn Network,
    weights: &Weights,
    on_cuda: PositionalForm,
) -> Result<Vec<ExportCheck>> {
    let input = network.input();
    let on_cuda = torchscript::outputs_on_cuda(network, on_cuda);
    let outputs = OUTPUTS_METHOD.to_owned();
    let (most, other) = input.other_samples.map_or((3, input.samples), |other| (8, other));
    let batches = [
        (1, input.samples, outputs.clone()),
        (2, input.samples, on_cuda),
        (most, other, outputs),
    ];
    let check = |(batch, samples, method)| {
        let signals = init::normal_noise(&[batch, input.rows, samples], 1)?;
        let expected = network.run(weights, &signals, PositionalForm::Convolution, &mut |_, _| {});
        Ok(ExportCheck {
            method,
            signals,
            expected: expected.map_err(Error::torch("run the network"))?,
        })
    };
    batches.into_iter().map(check).collect()
}

/// Loads the model again and compares it with what the network said.
fn verify_export(path: &Path, network: &dyn Network, checks: &[ExportCheck]) -> Result<()> {
    let differs = |message: String| Error::Export {
        path: path.to_owned(),
        message,
    };
    let mut module = CModule::load(path).map_err(Error::torch("load the exported model"))?;
    module
        .f_set_eval()
        .map_err(Error::torch("switch the exported model to evaluation"))?;
    for check in checks {
        let compared = run_both(&module, check).map_err(Error::torch("run the exported model"))?;
        for (what, actual, expected) in &compared {
            let (difference, scale) =
                largest_difference(actual, expected).map_err(Error::torch("compare the exported model"))?;
            // A comparison with NaN is false, so NaN does not agree.
            let agrees = difference <= TOLERANCE * scale.max(1.0);
            if !agrees {
                let (family, shape) = (network.family(), check.signals.size());
                return Err(differs(format!(
                    "{what} of {family}: {difference} on signals of shape {shape:?}"
                )));
            }
        }
    }
    Ok(())
}

/// Everything that the exported model says of signals, each with what the network says.
fn run_both(module: &CModule, check: &ExportCheck) -> Result<Vec<(&'static str, Tensor, Tensor)>, TchError> {
    let (signals, expected) = (&check.signals, &check.expected);
    let answer = module.method_is(&check.method, &[&IValue::Tensor(signals.shallow_clone())])?;
    let mut compared = Vec::new();
    let mut answer = tuple_tensors(answer)?.into_iter();
    let mut next = || {
        answer
            .next()
            .ok_or_else(|| TchError::Shape("an answer is missing".to_owned()))
    };
    let mut add = |what, actual, expected: &Tensor| compared.push((what, actual, expected.shallow_clone()));
    if let Some(logits) = &expected.logits {
        add(
            "logits",
            module.forward_ts(std::slice::from_ref(signals))?,
            logits,
        );
        add("logits beside others", next()?, logits);
    }
    add("embedding", next()?, &expected.embedding);
    if let Some(Saliency {
        per_query,
        per_query_of_heads,
        per_key_of_heads,
    }) = &expected.saliency
    {
        add("saliency", next()?, per_query);
        add("saliency per query of heads", next()?, per_query_of_heads);
        add("saliency per key of heads", next()?, per_key_of_heads);
    }
    Ok(compared)
}

/// The largest difference, and the largest value expected.
fn largest_difference(actual: &Tensor, expected: &Tensor) -> Result<(f64, f64), TchError> {
    let largest = |of: Tensor| of.f_abs()?.f_max()?.f_to_kind(Kind::Double)?.f_double_value(&[]);
    if actual.size() != expected.size() {
        return Ok((f64::INFINITY, 0.0));
    }
    Ok((
        largest(actual.f_sub(expected)?)?,
        largest(expected.shallow_clone())?,
    ))
}

#[cfg(test)]
mod tests;
