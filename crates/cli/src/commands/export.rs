//! `ecgfm export`: a checkpoint to TorchScript, outside a pipeline.

use super::print_json;
use crate::args::Export;
use crate::errors::Classed;
use crate::kinds::label_names;
use ecgfm_model::positions::Positions;
use ecgfm_model::{Params, export as make};
use ecgfm_pipeline::{Error, ErrorKind};
use std::path::Path;

/// Writes the model where it was asked for, and its card beside it.
pub fn export(args: &Export) -> Result<(), Error> {
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
    let made = make(&params, &temporary).map_err(failed).and_then(|mut card| {
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
    crate::out::outln!(
        "{}: {what}, {} parameters",
        args.output.display(),
        card.parameters
    );
    Ok(())
}

fn failed(error: impl Classed + std::fmt::Display) -> Error {
    Error::new(error.class().into(), error.to_string())
}
