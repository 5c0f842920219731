//! The errors of the crates that link libtorch, as ones the engine can class.

use ecgfm_cli::errors::{Classed, classed};
use ecgfm_pipeline::{StageError, StageErrorClass};
use std::io;

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
        matches!(self.0, ecgfm_infer::Error::Returns { .. }).then(|| {
            "say what it returns: `returns: probabilities` where the model ends in a sigmoid or a softmax, `returns: logits` \
             where it does not; in its card (model.json), as `infer.returns`, or as `ecgfm predict --returns`"
                .to_owned()
        })
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
        use ecgfm_model::Error as Failed;
        let sources = "`ecgfm sources` says where the published checkpoints are, `ecgfm fetch NAME` gets one";
        match &self.0 {
            Failed::Checkpoint(_) => Some(format!(
                "set `checkpoint` to a .pt file written by PyTorch; {sources}"
            )),
            Failed::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Some(sources.to_owned()),
            _ => None,
        }
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
