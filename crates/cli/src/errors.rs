//! Other crates' errors as the program's: what failed, whose fault it is, what to do.

use ecgfm_pipeline::ErrorKind;
use ecgfm_stage::{StageError, StageFailure};
use ecgfm_system::Fault;
use std::error::Error;
use std::io;
use std::path::Path;

/// A failed stage, or part of one, that a command ran outside a pipeline.
pub fn of_stage(error: &(impl StageFailure + 'static)) -> ecgfm_pipeline::Error {
    StageError::of(error).into()
}

/// Error of a file that a command was given and cannot use: bad input, unless the system is at fault.
pub fn unusable_file(error: impl Error + 'static) -> ecgfm_pipeline::Error {
    let message = error.to_string();
    if let Some(fault) = Fault::in_chain(&error) {
        return ecgfm_pipeline::Error::of_fault(fault, message);
    }
    let bad = ecgfm_pipeline::Error::new(ErrorKind::BadInput, message);
    let error = &error as &dyn Error;
    let of_format = error.downcast_ref::<ecgfm_formats::Error>();
    let of_artifact = error.downcast_ref::<ecgfm_artifacts::Error>();
    let help = of_format.and_then(ecgfm_formats::Error::help);
    let help = help.or_else(|| of_artifact.and_then(StageFailure::help));
    let of_archive = match error.downcast_ref::<ecgfm_archives::Error>() {
        Some(ecgfm_archives::Error::BadInput { help, .. }) => help.clone(),
        _ => None,
    };
    let help = help.or(of_archive);
    match help {
        Some(help) => bad.help(help),
        None => bad,
    }
}

/// A failed operation on a file that a command was given: bad input where it is not there, else the system's fault.
pub fn file_error(doing: &str, path: &Path, error: &io::Error) -> ecgfm_pipeline::Error {
    let message = format!("cannot {doing} `{}`: {error}", path.display());
    match Fault::of(error) {
        Some(fault) => ecgfm_pipeline::Error::of_fault(fault, message),
        None if error.kind() == io::ErrorKind::NotFound => {
            ecgfm_pipeline::Error::new(ErrorKind::BadInput, message)
        }
        None => ecgfm_pipeline::Error::new(ErrorKind::StageFailed, message),
    }
}
