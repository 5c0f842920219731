//! Checks of the parameters that need no data.

use crate::error::{Error, Result};
use crate::meta;
use crate::params::Params;
use crate::policy::Policy;
use ecgfm_archives::{Archive, Dataset, datasets};
use ecgfm_artifacts::recipe::{Error as RecipeError, Recipe, leads};

impl Params {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// An unknown data set or lead, a rate or length that makes no sense, no threads, an `on_bad` that contradicts itself.
    pub fn check(&self) -> Result<()> {
        Policy::new(self)?;
        self.known_dataset()?;
        self.check_recipe()
    }

    /// Names of the columns of `meta.csv`, given those of the raw table.
    pub fn columns(&self, raw: &[String]) -> Vec<String> {
        meta::header(raw, self.lead_count())
    }

    /// Names of the columns of the raw table, by headers of tables alone; none where only the recordings tell.
    ///
    /// # Errors
    /// There is no archive at `raw`, or no usable table or no part in it.
    pub fn raw_columns(&self) -> Result<Option<Vec<String>>> {
        Ok(self.known_dataset()?.column_names(&self.raw)?)
    }

    /// Names of the columns of the raw table, where the table of exams at `raw` will have the columns `header`; none where only
    /// the recordings tell.
    ///
    /// # Errors
    /// A column that the archive needs is not among them.
    pub fn raw_columns_of_header(&self, header: &[String]) -> Result<Option<Vec<String>>> {
        Ok(self.known_dataset()?.columns_of_header(&self.raw, header)?)
    }

    /// Number of leads that are kept.
    pub fn lead_count(&self) -> usize {
        self.leads.as_ref().map_or(leads::COUNT, Vec::len)
    }

    pub(crate) fn known_dataset(&self) -> Result<Box<dyn Dataset>> {
        datasets::find_dataset(&self.dataset)?.ok_or_else(|| {
            let known = datasets::dataset_names().join("`, `");
            Error::parameter(
                "dataset",
                format!(
                    "is `{}`; known are `{known}`, and the path of a YAML file that describes one",
                    self.dataset
                ),
            )
        })
    }

    /// Checks the settings of the recipe.
    pub(crate) fn check_recipe(&self) -> Result<()> {
        self.recipe(true).map(drop)
    }

    /// The recipe for the recordings of an archive.
    pub(crate) fn recipe_of(&self, archive: &dyn Archive) -> Result<Recipe> {
        self.recipe(archive.is_zero_padded())
    }

    fn recipe(&self, zero_padded: bool) -> Result<Recipe> {
        if self.threads == Some(0) {
            return Err(Error::parameter(
                "threads",
                "is 0; leave it out to use every processor",
            ));
        }
        self.recipe_settings(zero_padded).recipe().map_err(refused)
    }
}

/// An error of the recipe as one of the parameter, which it names itself: `leads: …`.
pub(crate) fn refused(error: RecipeError) -> Error {
    let name = match error {
        RecipeError::SampleRate { .. } => "sample_rate",
        RecipeError::SegmentLength { .. } => "segment_seconds",
        _ => "leads",
    };
    let text = error.to_string();
    let what = text
        .strip_prefix(name)
        .and_then(|t| t.strip_prefix(": "))
        .unwrap_or(&text);
    Error::parameter(name, format!("is refused: {what}"))
}
