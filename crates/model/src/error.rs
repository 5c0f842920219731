//! What can go wrong between a checkpoint and a model.

use std::path::{Path, PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a checkpoint and a model.
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
        /// What it says.
        value: String,
        /// What is supported.
        supported: String,
    },
    /// The file holds weights and does not say of which network.
    #[error(
        "{}: weights without a configuration: how many heads the attention has, and the strides of the convolutions, no weight's shape tells",
        path.display()
    )]
    NoConfiguration {
        /// The file.
        path: PathBuf,
    },
    /// A configuration file cannot be read.
    #[error("{}: {message}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The state dict does not fit the configuration.
    #[error("{}: the weights do not fit the configuration{}", path.display(), problems(missing, unexpected, mismatched))]
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
        /// What is wrong.
        message: String,
    },
    /// The checkpoint is not the one that was asked for.
    #[error("{}: sha256 is {found}, and {expected} is required: this is another file, or a damaged one", path.display())]
    Sha256 {
        /// The checkpoint.
        path: PathBuf,
        /// What was required.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The labels that are said are not those of the head.
    #[error("{}: the model has {found} labels, and label set `{name}` has {said}; name the set that it was trained on", path.display())]
    Labels {
        /// The checkpoint.
        path: PathBuf,
        /// Labels of its head.
        found: i64,
        /// Name of the set.
        name: String,
        /// Labels of the set.
        said: usize,
    },
    /// Training cannot go on.
    #[error("training, step {step}: {message}")]
    Training {
        /// The step, from 1.
        step: u64,
        /// Why.
        message: String,
    },
    /// Training was told to stop.
    #[error("training was stopped")]
    Stopped,
    /// libtorch refused an operation.
    #[error("libtorch cannot {action}: {source}")]
    Torch {
        /// What was being done.
        action: &'static str,
        /// Its reason.
        source: tch::TchError,
    },
    /// The exported model does not compute what the network computes.
    #[error("{}: the exported model differs from the network: {message}; this is a bug, please report it", path.display())]
    Export {
        /// The model file.
        path: PathBuf,
        /// How it differs.
        message: String,
    },
    /// A file cannot be written or read.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
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

fn problems(missing: &[String], unexpected: &[String], mismatched: &[String]) -> String {
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
