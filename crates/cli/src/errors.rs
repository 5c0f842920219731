//! Every crate's error as one the engine can class: what failed, whose fault it is, what to do.

use ecgfm_pipeline::{StageError, StageErrorClass, advice};
use std::error::Error;
use std::io;

/// How a stage's error is classed.
pub trait Classed: Error {
    /// Whose fault it is.
    fn class(&self) -> StageErrorClass;

    /// What to do about it, where the message does not say so.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// As the engine wants it. A disk that is full or fails is no fault of the data, whichever crate met it.
pub fn classed(error: impl Classed) -> StageError {
    let message = error.to_string();
    let machine = advice_in(&error).or_else(|| advice_on(&message));
    let (class, hint) = match (error.class(), machine) {
        (StageErrorClass::BadInput, Some(advice)) => (StageErrorClass::Failed, Some(advice.to_owned())),
        (class, machine) => (class, error.hint().or(machine.map(str::to_owned))),
    };
    let staged = StageError::new(class, message);
    match hint {
        Some(hint) => staged.help(hint),
        None => staged,
    }
}

/// What to do about the system's error that this one comes from.
fn advice_in(error: &dyn Error) -> Option<&'static str> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let denied = error.kind() == io::ErrorKind::PermissionDenied;
            return advice(error).filter(|_| !denied);
        }
        source = error.source();
    }
    None
}

/// The same where a library in C or C++ passes the system's error on as text.
fn advice_on(message: &str) -> Option<&'static str> {
    let [eio, enospc, erofs, edquot] = [5, 28, 30, 122].map(io::Error::from_raw_os_error);
    [enospc, edquot, erofs, eio].iter().find_map(|known| {
        let text = known.to_string();
        let text = text.split(" (os error").next().unwrap_or(&text);
        message.contains(text).then(|| advice(known)).flatten()
    })
}

impl Classed for ecgfm_artifacts::Error {
    fn class(&self) -> StageErrorClass {
        match self {
            Self::Io { source, .. } if source.kind() != io::ErrorKind::NotFound => StageErrorClass::Failed,
            Self::Config { .. } => StageErrorClass::Config,
            _ => StageErrorClass::BadInput,
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
