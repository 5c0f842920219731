//! One module a command, or a family of them.

pub mod accept;
pub mod clean;
pub mod compare;
pub mod convert;
pub mod doctor;
pub mod fetch;
pub mod figures;
pub mod init;
pub mod inspect;
pub mod kinds;
pub mod list;
mod models;
mod named_metrics;
pub mod plot;
pub mod predict;
mod recipe_steps;
mod recording_files;
pub mod run;
pub mod schema;
pub mod sensitivity;
pub mod share;
pub mod show;
pub mod sources;
pub mod stage;
pub mod submit;
pub mod table;
pub mod terminal;
pub mod verify;
pub mod view;

use ecgfm_pipeline::{Error, ErrorKind};
use serde::Serialize;

/// Prints a value as JSON on standard output.
///
/// # Errors
/// When the value cannot be said in JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
    crate::console::println_stdout!("{text}");
    Ok(())
}
