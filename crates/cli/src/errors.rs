//! Every crate's error as one the engine can class: what failed, whose fault it is, what to do.

use ecgfm_pipeline::{StageError, StageErrorClass};

/// How a stage's error is classed.
pub trait Classed: std::error::Error {
    /// Whose fault it is.
    fn class(&self) -> StageErrorClass;

    /// What to do about it, where the message does not say so.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// As the engine wants it.
pub fn classed(error: impl Classed) -> StageError {
    let staged = StageError::new(error.class(), error.to_string());
    match error.hint() {
        Some(hint) => staged.help(hint),
        None => staged,
    }
}

impl Classed for ecgfm_artifacts::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Io { source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
                StageErrorClass::Failed
            }
            Self::Config { .. } => StageErrorClass::Config,
            _ => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some("free some disk space and run again".to_owned())
            }
            _ => None,
        }
    }
}

impl Classed for ecgfm_preprocess::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Format(_) | Self::BadInput { .. } => StageErrorClass::BadInput,
            Self::Parameter { .. } => StageErrorClass::Config,
            Self::Interrupted => StageErrorClass::Interrupted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::BadInput { help, .. } => help.clone(),
            Self::Artifact(error) => error.hint(),
            _ => None,
        }
    }
}

impl Classed for ecgfm_evaluate::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Parameter { .. } | Self::LabelCount { .. } | Self::TruthLabel { .. } => {
                StageErrorClass::Config
            }
            Self::Cancelled => StageErrorClass::Interrupted,
            _ => StageErrorClass::BadInput,
        }
    }
}

impl Classed for ecgfm_infer::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Device { .. } => StageErrorClass::Config,
            Self::Model { .. } | Self::Segments { .. } => StageErrorClass::BadInput,
            Self::Cancelled => StageErrorClass::Interrupted,
            _ => StageErrorClass::Failed,
        }
    }
}

impl Classed for ecgfm_model::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Torch { .. } | Self::Export { .. } | Self::Training { .. } => StageErrorClass::Failed,
            Self::Stopped => StageErrorClass::Interrupted,
            Self::Labels { .. } => StageErrorClass::Config,
            Self::Io { source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
                StageErrorClass::Failed
            }
            _ => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        let sources = "`ecgfm sources` says where the published checkpoints are, `ecgfm fetch NAME` gets one";
        match self {
            Self::Checkpoint(_) => Some(format!(
                "set `checkpoint` to a .pt file written by PyTorch; {sources}"
            )),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some(sources.to_owned())
            }
            _ => None,
        }
    }
}

impl Classed for ecgfm_synth::Error {
    fn class(&self) -> StageErrorClass {
        StageErrorClass::Failed
    }
}

impl Classed for ecgfm_fetch::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Unknown { .. } | Self::UnknownPart { .. } | Self::Setting { .. } => StageErrorClass::Config,
            Self::TooLarge { .. }
            | Self::Size { .. }
            | Self::Checksum { .. }
            | Self::Pinned { .. }
            | Self::BadPin { .. }
            | Self::Archive { .. } => StageErrorClass::BadInput,
            Self::Cancelled => StageErrorClass::Interrupted,
            _ => StageErrorClass::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused {
                status: 401 | 403, ..
            } => "set HF_TOKEN to an access token of the model hub",
            Self::TooLarge { .. } => "--max-gib raises the limit",
            Self::Unreachable { .. } => {
                "behind a proxy set HTTPS_PROXY, and SSL_CERT_FILE if it inspects traffic"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Classed for ecgfm_report::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::About { .. } => StageErrorClass::BadInput,
            Self::Template(_) => StageErrorClass::Failed,
        }
    }
}
