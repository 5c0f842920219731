//! Seconds of a recording that the model reads.

use crate::error::Result;
use ecgfm_artifacts::columns::SAVE_FILE;
use ecgfm_artifacts::recipe::steps::{RecipeStep, Take};
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_artifacts::{segments, table};
use std::ops::Range;
use std::path::Path;

/// True where segments are cut one after another from the first sample.
pub fn is_consecutive(about: &StoreInfo) -> bool {
    let steps = about.recipe.iter().flat_map(|recipe| &recipe.0);
    let other = |step: &RecipeStep| matches!(step, RecipeStep::Segments { take, .. } if *take != Take::Tile);
    !steps.into_iter().any(other)
}

/// Segments of `seconds` of a recording, one after another from its first sample: as many as the table of segments in the
/// directory of the signals stage has of it.
///
/// # Errors
/// The table cannot be read.
pub fn segments_of_recording(signals: &Path, save_file: &str, seconds: f64) -> Result<Vec<Range<f64>>> {
    let path = signals.join(segments::FILE);
    let frame = segments::read(&path)?;
    let files = table::str_column(&path, &frame, SAVE_FILE)?;
    let count = files.iter().filter(|file| *file == Some(save_file)).count();
    Ok((0..count).map(|at| span(at, seconds)).collect())
}

fn span(at: usize, seconds: f64) -> Range<f64> {
    at as f64 * seconds..(at + 1) as f64 * seconds
}
