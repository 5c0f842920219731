//! `ecgfm export`: a checkpoint to TorchScript, outside a pipeline.

use super::print_json;
use crate::args::Export;
use ecgfm_model::{Params, export as make};
use ecgfm_pipeline::{Error, ErrorKind};
use std::path::Path;

/// Writes the model where it was asked for, and its card beside it.
pub fn export(args: &Export) -> Result<(), Error> {
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
    crate::out::outln!(
        "{}: {} labels, {} parameters",
        args.output.display(),
        card.labels,
        card.parameters
    );
    Ok(())
}

fn failed(error: ecgfm_model::Error) -> Error {
    use crate::errors::Classed;
    Error::new(error.class().into(), error.to_string())
}
