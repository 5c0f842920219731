//! Seconds of a recording that the model reads.

use crate::error::Result;
use crate::keyed_rows::KeyedRows;
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

/// The segments of every recording of a run.
pub struct ModelSegments(KeyedRows);

impl ModelSegments {
    /// Reads the table of segments in the directory of the signals stage.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn read(signals: &Path) -> Result<Self> {
        let path = signals.join(segments::FILE);
        let frame = segments::read(&path)?;
        let files = table::str_column(&path, &frame, SAVE_FILE)?.iter();
        Ok(Self(KeyedRows::new(
            files.map(Option::unwrap_or_default).collect(),
        )))
    }

    /// Segments of `seconds` of a recording, one after another from its first sample: as many as the table has of it.
    pub fn of_recording(&self, save_file: &str, seconds: f64) -> Vec<Range<f64>> {
        let count = self.0.rows(save_file).len();
        (0..count).map(|at| span(at, seconds)).collect()
    }
}

fn span(at: usize, seconds: f64) -> Range<f64> {
    at as f64 * seconds..(at + 1) as f64 * seconds
}
