//! Checks of the parameters that need no data.

use crate::error::{Error, Result};
use crate::meta;
use crate::params::Params;
use crate::policy::Policy;
use crate::recipe_source::is_built_in_recipe;
use crate::recipes::{StoreTarget, check_together, store_targets};
use ecgfm_artifacts::store::StoreInfo;

impl Params {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// An unknown data set or lead, archives of one name, a rate or length that makes no sense, no threads, an `on_bad` that
    /// contradicts itself.
    pub fn check(&self) -> Result<()> {
        Policy::new(self)?;
        self.archives()?;
        self.check_recipes()
    }

    /// Names of the columns of `meta.csv`, given those of the raw table; none while the recipe's file is not there yet, and for
    /// several recipes, each of which has a table of its own.
    pub fn columns(&self, raw: &[String]) -> Option<Vec<String>> {
        let target = self.single_target()?;
        Some(meta::header(raw, target.recipes.any().selection().leads().len()))
    }

    /// What the store will say of its segments, but for the archive's part; none while the recipe's file is not there yet, and
    /// for several recipes.
    pub fn store_info(&self) -> Option<StoreInfo> {
        Some(StoreInfo::of_recipe(self.single_target()?.recipes.any()))
    }

    /// Rows of a segment; none as for [`Self::store_info`].
    pub fn segment_rows(&self) -> Option<usize> {
        Some(self.single_target()?.recipes.any().rows())
    }

    fn single_target(&self) -> Option<StoreTarget> {
        let mut targets = store_targets(self).ok()?;
        match targets.len() {
            1 => targets.pop(),
            _ => None,
        }
    }

    /// Checks the recipes, where all are built in: files are looked for where the pipeline file says.
    fn check_recipes(&self) -> Result<()> {
        check_threads(self)?;
        check_together(self)?;
        match self.recipe_files().next() {
            Some(_) => Ok(()),
            None => self.check_recipe_files(),
        }
    }

    /// Checks the recipes with their files.
    ///
    /// # Errors
    /// A recipe that cannot be read or makes no sense, settings or a store that do not fit it.
    pub fn check_recipe_files(&self) -> Result<()> {
        store_targets(self).map(drop)
    }

    /// Recipes that are files.
    pub fn recipe_files(&self) -> impl Iterator<Item = &str> {
        let names = self.recipe.iter().chain(self.recipes.values());
        names.map(String::as_str).filter(|name| !is_built_in_recipe(name))
    }
}

/// Refuses no threads.
pub(crate) fn check_threads(params: &Params) -> Result<()> {
    match params.threads {
        Some(0) => Err(Error::parameter(
            "threads",
            "is 0; leave it out to use every processor",
        )),
        _ => Ok(()),
    }
}
