//! The errors of the crates that link libtorch, as ones the engine can class.

use ecgfm_cli::errors::{Classed, classed};
use ecgfm_pipeline::{StageError, StageErrorClass};
use std::io;
use std::path::{Path, PathBuf};

/// An error of the crate `infer`.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct InferError(ecgfm_infer::Error);

/// An error of the crate `model`.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ModelError(#[from] ecgfm_model::Error);

impl Classed for InferError {
    fn class(&self) -> StageErrorClass {
        use ecgfm_infer::Error as Failed;
        match &self.0 {
            Failed::Artifact(error) => error.class(),
            Failed::Device { .. } | Failed::Returns { .. } => StageErrorClass::Config,
            Failed::Model { .. } | Failed::Segments { .. } => StageErrorClass::BadInput,
            Failed::Cancelled => StageErrorClass::Interrupted,
            // `Machine` and `Torch`: the data are not to blame.
            _ => StageErrorClass::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match &self.0 {
            ecgfm_infer::Error::Artifact(error) => error.hint(),
            ecgfm_infer::Error::Returns { .. } => Some(
                "say what it returns: `returns: probabilities` where the model ends in a sigmoid or a softmax, `returns: logits` \
                 where it does not; in its card (model.json), as `infer.returns`, or as `ecgfm predict --returns`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Classed for ModelError {
    fn class(&self) -> StageErrorClass {
        use ecgfm_model::Error as Failed;
        match &self.0 {
            Failed::Torch { .. } | Failed::Export { .. } | Failed::Training { .. } => StageErrorClass::Failed,
            Failed::Stopped => StageErrorClass::Interrupted,
            Failed::Labels { .. } => StageErrorClass::Config,
            Failed::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => StageErrorClass::Failed,
            _ => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        use ecgfm_formats::pt::Error as Unread;
        use ecgfm_model::Error as Failed;
        const SOURCES: &str =
            "`ecgfm sources` says where the published checkpoints are, `ecgfm fetch NAME` gets one";
        const CONFIGURATION: &str = "say it with `--config FILE` (in a pipeline `export.config`): the YAML or JSON that the \
             network was trained with, with `model: {_name: …}` in it, or the `model.json` of an export of the same network";
        let hint = match &self.0 {
            Failed::Checkpoint(Unread::SameName { .. }) => {
                "save the state dict of the one network that is meant: `torch.save(network.state_dict(), FILE)`".to_owned()
            }
            Failed::Checkpoint(Unread::NoWeights { .. }) => {
                format!("save them with `torch.save(network.state_dict(), FILE)` and give FILE; {SOURCES}")
            }
            Failed::Checkpoint(_) => {
                format!("set `checkpoint` to a .pt file written by PyTorch, or a safetensors file; {SOURCES}")
            }
            Failed::NoConfiguration { path } => format!("{CONFIGURATION}{}", beside(path)),
            Failed::ConfigFile { .. } => CONFIGURATION.to_owned(),
            Failed::Config { .. } => {
                "this network is not ECG-FM's as the program builds it; where the configuration is another's, give the right \
                 one with `--config FILE` (in a pipeline `export.config`)"
                    .to_owned()
            }
            Failed::Weights { .. } => {
                "give the configuration that these weights were trained with, `--config FILE` (in a pipeline `export.config`); \
                 `ecgfm inspect` lists names and shapes"
                    .to_owned()
            }
            Failed::Weight { .. } => format!("the file is damaged, or training failed; {SOURCES}"),
            Failed::Sha256 { .. } => format!("get the file again, or correct `sha256`; {SOURCES}"),
            Failed::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => SOURCES.to_owned(),
            _ => return None,
        };
        Some(hint)
    }
}

/// Names of files beside a checkpoint that may be its configuration.
fn beside(checkpoint: &Path) -> String {
    let is_one = |path: &PathBuf| {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        matches!(extension, "yaml" | "yml" | "json")
    };
    let place = checkpoint.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(place.unwrap_or(Path::new(".")))
        .into_iter()
        .flatten();
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_one)
        .collect();
    found.sort();
    let names: Vec<String> = found
        .iter()
        .take(5)
        .map(|path| path.display().to_string())
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("; beside it: {}", names.join(", ")),
    }
}

/// An error of the crate `model` as the engine wants it.
pub fn of_model(error: ecgfm_model::Error) -> StageError {
    classed(ModelError(error))
}

/// An error of the crate `infer` as the engine wants it.
pub fn of_infer(error: ecgfm_infer::Error) -> StageError {
    classed(InferError(error))
}
