//! Every crate's error as one the engine can class: what failed, whose fault it is, what to do.

use ecgfm_pipeline::{ErrorKind, StageError, StageErrorClass};
use ecgfm_system::Fault;
use std::error::Error;
use std::io;
use std::path::Path;

/// How a stage's error is classed.
pub trait Classed: Error {
    /// Whose fault it is.
    fn class(&self) -> StageErrorClass;

    /// What to do about it, where the message does not say so.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// As the engine wants it. A fault of the system is no fault of the data or the settings, whichever crate met it.
pub fn classed(error: impl Classed + 'static) -> StageError {
    class_of(&error)
}

/// [`classed`] of an error that is kept.
pub fn class_of(error: &(impl Classed + 'static)) -> StageError {
    let message = error.to_string();
    let fault = Fault::in_chain(error).or_else(|| Fault::in_text(&message));
    let advice = fault.map(|fault| fault.advice().to_owned());
    let (class, hint) = match error.class() {
        StageErrorClass::BadInput | StageErrorClass::Config if fault.is_some() => {
            (StageErrorClass::Failed, advice)
        }
        class => (class, error.hint().or(advice)),
    };
    let staged = StageError::new(class, message);
    match hint {
        Some(hint) => staged.help(hint),
        None => staged,
    }
}

/// Why a file that a command was given cannot be used, as the program's error: bad input, unless the system is at fault.
pub fn unusable(error: impl Error + 'static) -> ecgfm_pipeline::Error {
    let message = error.to_string();
    if let Some(fault) = Fault::in_chain(&error) {
        return ecgfm_pipeline::Error::new(ErrorKind::StageFailed, message).help(fault.advice());
    }
    let bad = ecgfm_pipeline::Error::new(ErrorKind::BadInput, message);
    let error = &error as &dyn Error;
    let of_format = error.downcast_ref::<ecgfm_formats::Error>();
    let of_artifact = error.downcast_ref::<ecgfm_artifacts::Error>();
    let help = of_format.and_then(ecgfm_formats::Error::help);
    let help = help.or_else(|| of_artifact.and_then(Classed::hint));
    match help {
        Some(help) => bad.help(help),
        None => bad,
    }
}

/// A failed operation on a file that a command was given: bad input where it is not there, else the system's fault.
pub fn refused(doing: &str, path: &Path, error: &io::Error) -> ecgfm_pipeline::Error {
    let message = format!("cannot {doing} `{}`: {error}", path.display());
    match Fault::of(error) {
        Some(fault) => ecgfm_pipeline::Error::new(ErrorKind::StageFailed, message).help(fault.advice()),
        None if error.kind() == io::ErrorKind::NotFound => {
            ecgfm_pipeline::Error::new(ErrorKind::BadInput, message)
        }
        None => ecgfm_pipeline::Error::new(ErrorKind::StageFailed, message),
    }
}

impl Classed for ecgfm_artifacts::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => StageErrorClass::Failed,
            Self::Config { .. } => StageErrorClass::Config,
            _ => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Format(error) => error.help(),
            _ => self.help().map(str::to_owned),
        }
    }
}

impl Classed for ecgfm_signals::Error {
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
            Self::Format(error) => error.help(),
            _ => None,
        }
    }
}

impl Classed for ecgfm_labels::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::BadInput { .. } => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.hint(),
            Self::BadInput { .. } => None,
        }
    }
}

impl Classed for ecgfm_splits::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::BadInput { .. } => StageErrorClass::BadInput,
            Self::Parameter { .. } => StageErrorClass::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.hint(),
            _ => None,
        }
    }
}

impl Classed for ecgfm_manifests::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Artifact(error) => error.class(),
            Self::Format(_) | Self::BadInput { .. } => StageErrorClass::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.hint(),
            Self::Format(error) => error.help(),
            Self::BadInput { .. } => None,
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

    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.hint(),
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

    fn hint(&self) -> Option<String> {
        match self {
            Self::Artifact(error) => error.hint(),
            _ => None,
        }
    }
}
