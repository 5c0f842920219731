//! What can go wrong between a checkpoint and a model.

use ecgfm_stage::{FailureClass, StageFailure};
use ecgfm_stage_params::FamilyMismatch;
use std::io;
use std::path::{Path, PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Failure between a checkpoint and a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] ecgfm_formats::pt::Error),
    /// The checkpoint configures a network that is not supported.
    #[error("{}: {key} = {value}: {supported}", path.display())]
    Config {
        /// The checkpoint.
        path: PathBuf,
        /// Dotted key inside it, as in `cfg.model.encoder_layers`.
        key: String,
        /// Value of the key, as the checkpoint has it.
        value: String,
        /// Values that are supported, in words.
        supported: String,
    },
    /// The file holds weights of no network that is known.
    #[error("{}: weights of no family that is known; they begin with {}; tried were{}", path.display(), names.join(", "), list_families(tried))]
    NoFamily {
        /// The file.
        path: PathBuf,
        /// The first names of its weights.
        names: Vec<String>,
        /// Families that were tried, with the names that they have and the file lacks.
        tried: Vec<FamilyMismatch>,
    },
    /// The file holds weights and does not say all of their network's sizes.
    #[error(
        "{}: weights without a configuration: {missing}, no weight's shape tells",
        path.display()
    )]
    NoConfiguration {
        /// The file.
        path: PathBuf,
        /// Sizes that are missing, in words.
        missing: String,
    },
    /// A configuration file cannot be read.
    #[error("{}: {message}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// Fault of the file.
        message: String,
    },
    /// The state dict does not fit the configuration.
    #[error("{}: the weights do not fit the configuration{}", path.display(), list_problems(missing, unexpected, mismatched))]
    Weights {
        /// The checkpoint.
        path: PathBuf,
        /// Names that the configuration needs and the state dict lacks.
        missing: Vec<String>,
        /// Names that the state dict has and the configuration does not know.
        unexpected: Vec<String>,
        /// Names, with the shape found and the shape needed.
        mismatched: Vec<String>,
    },
    /// A weight's values cannot be right.
    #[error("{}: weight {name}: {message}", path.display())]
    Weight {
        /// The checkpoint.
        path: PathBuf,
        /// The weight's name.
        name: String,
        /// Fault of the values.
        message: String,
    },
    /// The checkpoint is not the one that was asked for.
    #[error("{}: sha256 is {found}, and {expected} is required: this is another file, or a damaged one", path.display())]
    Sha256 {
        /// The checkpoint.
        path: PathBuf,
        /// SHA-256 that was required.
        expected: String,
        /// SHA-256 of the file.
        found: String,
    },
    /// The labels that are said are not those of the head.
    #[error("{}: the model has {found} labels, and label set `{name}` has {set_size}; name the set that it was trained on", path.display())]
    Labels {
        /// The checkpoint.
        path: PathBuf,
        /// Labels of its head.
        found: i64,
        /// Name of the set.
        name: String,
        /// Labels of the set.
        set_size: usize,
    },
    /// Training cannot go on.
    #[error("training, step {step}: {message}")]
    Training {
        /// The step, from 1.
        step: u64,
        /// Reason to stop.
        message: String,
    },
    /// Training was told to stop.
    #[error("training was stopped")]
    Stopped,
    /// libtorch refused an operation.
    #[error("libtorch cannot {action}: {source}")]
    Torch {
        /// Action that failed, as in "cannot ACTION".
        action: &'static str,
        /// Reason that libtorch gives.
        source: tch::TchError,
    },
    /// The exported model does not compute what the network computes.
    #[error("{}: the exported model differs from the network: {message}; this is a bug, please report it", path.display())]
    Export {
        /// The model file.
        path: PathBuf,
        /// Difference between the model and the network.
        message: String,
    },
    /// A file cannot be written or read.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// Action that failed, as in "cannot ACTION".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Torch { .. } | Self::Export { .. } | Self::Training { .. } => FailureClass::Failed,
            Self::Stopped => FailureClass::Interrupted,
            Self::Labels { .. } => FailureClass::Config,
            Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => FailureClass::Failed,
            Self::Io { .. }
            | Self::Checkpoint(_)
            | Self::Config { .. }
            | Self::NoFamily { .. }
            | Self::NoConfiguration { .. }
            | Self::ConfigFile { .. }
            | Self::Weights { .. }
            | Self::Weight { .. }
            | Self::Sha256 { .. } => FailureClass::BadInput,
        }
    }

    fn help(&self) -> Option<String> {
        use ecgfm_formats::pt::Error as Unread;
        const SOURCES: &str =
            "`ecgfm sources` says where the published checkpoints are, `ecgfm fetch NAME` gets one";
        const CONFIGURATION: &str = "say it with `--config FILE` (in a pipeline `export.config`): the YAML or JSON that the \
             network was trained with, with `model: {_name: …}` in it, or the `model.json` of an export of the same network";
        let hint = match self {
            Self::Checkpoint(Unread::SameName { .. }) => {
                "save the state dict of the one network that is meant: `torch.save(network.state_dict(), FILE)`".to_owned()
            }
            Self::Checkpoint(Unread::NoWeights { .. }) => {
                format!("save them with `torch.save(network.state_dict(), FILE)` and give FILE; {SOURCES}")
            }
            Self::Checkpoint(_) => {
                format!("set `checkpoint` to a .pt file written by PyTorch, or a safetensors file; {SOURCES}")
            }
            Self::NoFamily { .. } => {
                "`ecgfm inspect` lists names and shapes; a model of another kind runs as TorchScript, which `infer` and \
                 `predict` take as it is"
                    .to_owned()
            }
            Self::NoConfiguration { path, .. } => format!("{CONFIGURATION}{}", possible_configurations(path)),
            Self::ConfigFile { .. } => CONFIGURATION.to_owned(),
            Self::Config { .. } => {
                "this network is not ECG-FM's as the program builds it; where the configuration is another's, give the right \
                 one with `--config FILE` (in a pipeline `export.config`)"
                    .to_owned()
            }
            Self::Weights { .. } => {
                "give the configuration that these weights were trained with, `--config FILE` (in a pipeline `export.config`); \
                 `ecgfm inspect` lists names and shapes"
                    .to_owned()
            }
            Self::Weight { .. } => format!("the file is damaged, or training failed; {SOURCES}"),
            Self::Sha256 { .. } => format!("get the file again, or correct `sha256`; {SOURCES}"),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => SOURCES.to_owned(),
            _ => return None,
        };
        Some(hint)
    }
}

/// Names of files beside a checkpoint that may be its configuration.
fn possible_configurations(checkpoint: &Path) -> String {
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

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn torch(action: &'static str) -> impl FnOnce(tch::TchError) -> Self {
        move |source| Self::Torch { action, source }
    }
}

fn list_families(tried: &[FamilyMismatch]) -> String {
    tried.iter().map(|mismatch| format!("\n  {mismatch}")).collect()
}

fn list_problems(missing: &[String], unexpected: &[String], mismatched: &[String]) -> String {
    let named = [
        ("missing", missing),
        ("unexpected", unexpected),
        ("of another shape", mismatched),
    ];
    named
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("\n  {} {what}: {}", names.len(), names.join(", ")))
        .collect()
}
