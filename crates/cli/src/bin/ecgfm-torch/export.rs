//! A checkpoint to TorchScript, as a stage and outside a pipeline.

use crate::errors::{ModelError, of_model};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_choices::{Export, Positions};
use ecgfm_cli::args::Export as Arguments;
use ecgfm_cli::errors::{Classed, classed};
use ecgfm_cli::print_json;
use ecgfm_model::card::LabelNames;
use ecgfm_model::{Params, export as make};
use ecgfm_pipeline::{Error, ErrorKind, StageError};
use std::path::Path;

/// The names of a label set, for a model's card.
fn label_names(set: &str) -> Result<LabelNames, ecgfm_artifacts::Error> {
    let set = LabelSet::load(set)?;
    let labels = set.names().iter().map(|&name| name.to_owned()).collect();
    Ok(LabelNames {
        name: set.name,
        labels,
    })
}

/// The stage `export`.
pub fn stage(params: &Export, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let labels = params.labels.as_deref().map(label_names).transpose();
    let params = Params {
        checkpoint: params.checkpoint.clone(),
        sha256: params.sha256.clone(),
        labels: labels.map_err(classed)?,
        positions_on_cuda: params.positions_on_cuda,
    };
    let card = make(&params, ctx.out).map_err(of_model)?;
    let labels = usize::try_from(card.labels).unwrap_or_default();
    let outcome = Outcome::default()
        .count("labels", labels)
        .fact("parameters", card.parameters);
    Ok(outcome
        .fact("checkpoint_sha256", card.source.sha256)
        .fact("model_sha256", card.model.sha256))
}

/// Writes the model where it was asked for, and its card beside it.
pub fn command(args: &Arguments) -> Result<(), Error> {
    let labels = args.labels.as_deref().map(label_names).transpose();
    let place = args
        .output
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let io =
        |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", args.output.display()));
    std::fs::create_dir_all(place).map_err(io)?;
    let temporary = place.join(format!(".{}.export", std::process::id()));
    std::fs::create_dir_all(&temporary).map_err(io)?;
    let params = Params {
        checkpoint: args.checkpoint.clone(),
        sha256: None,
        labels: labels.map_err(failed)?,
        positions_on_cuda: Positions::Spectrum,
    };
    let made = make(&params, &temporary)
        .map_err(|e| failed(ModelError::from(e)))
        .and_then(|mut card| {
            card.model.file = args
                .output
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = serde_json::to_vec_pretty(&card).unwrap_or_default();
            std::fs::write(temporary.join("model.json"), text).map_err(io)?;
            std::fs::rename(temporary.join("model.json"), args.output.with_extension("json")).map_err(io)?;
            std::fs::rename(temporary.join("model.ts"), &args.output).map_err(io)?;
            Ok(card)
        });
    let _ = std::fs::remove_dir_all(&temporary);
    let card = made?;
    if args.json {
        return print_json(&card);
    }
    let what = match (card.labels, &card.label_set) {
        (0, _) => "an encoder".to_owned(),
        (labels, None) => format!("{labels} labels (which, `--labels SET` would tell)"),
        (labels, Some(set)) => format!("{labels} labels of {}", set.name),
    };
    ecgfm_cli::emit(format_args!(
        "{}: {what}, {} parameters\n",
        args.output.display(),
        card.parameters
    ));
    Ok(())
}

fn failed(error: impl Classed + std::fmt::Display) -> Error {
    Error::new(error.class().into(), error.to_string())
}
