//! `segments.store.json`, `segmented.store.json`: rate, length and unit of the samples of the segment store of that name beside it.
//! The file is not in the store, where the reference has nothing but segments.

use crate::error::{Error, Result};
use crate::json::whole_as_integer;
use crate::presence::exists;
use crate::recipe::steps::{RecipeForm, RecipeSteps, SegmentRecipe};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FORMAT_VERSION: u32 = 1;

/// Properties that all segments of a store have in common. A store that other programs made has no such file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreInfo {
    format_version: u32,
    /// Samples a second; none where they depend on the recording.
    #[serde(
        default,
        serialize_with = "whole_as_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub sample_rate: Option<f64>,
    /// Length of a segment, in seconds; none where it depends on the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_seconds: Option<f64>,
    /// True where every lead was brought to mean 0 and deviation 1 over its recording; false where values are in the archive's unit;
    /// none where the recipe makes something else of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardized: Option<bool>,
    /// Steps by which the segments were made; none in files of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<RecipeSteps>,
    /// Notice to every reader of results, where the archive has one: that the ECGs are synthetic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Warnings about most of the recordings that the segments were made from, such as a sample rate that looks wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl StoreInfo {
    /// Segments made by that recipe.
    pub fn of_recipe(recipe: &SegmentRecipe) -> Self {
        let (sample_rate, segment_seconds, standardized) = match recipe.form() {
            RecipeForm::EcgFm(settings) => (
                Some(settings.sample_rate.into()),
                Some(settings.segment_seconds),
                Some(settings.standardize),
            ),
            RecipeForm::Steps(steps) => (steps.sample_rate(), steps.seconds(), steps.is_standardized()),
        };
        Self {
            format_version: FORMAT_VERSION,
            sample_rate,
            segment_seconds,
            standardized,
            recipe: Some(recipe.steps()),
            notice: None,
            warnings: Vec::new(),
        }
    }

    /// Path of the file about the store in the existing directory `root`.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn path(root: &Path) -> Result<PathBuf> {
        // The store may be the current directory, by no name of its own.
        let root = root.canonicalize().map_err(Error::io("open", root))?;
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        Ok(root.with_file_name(format!("{name}.store.json")))
    }

    /// Writes the file beside `root`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, root: &Path) -> Result<()> {
        crate::json::write_json(&Self::path(root)?, self)
    }

    /// Reads the file beside `root`; none where there is none.
    ///
    /// # Errors
    /// The file cannot be read, is something else, or of another version.
    pub fn read(root: &Path) -> Result<Option<Self>> {
        let path = Self::path(root)?;
        if !exists(&path)? {
            return Ok(None);
        }
        let info: Self = crate::json::read_json(&path)?;
        if info.format_version != FORMAT_VERSION {
            let what = format!(
                "format version {}; known is {FORMAT_VERSION}",
                info.format_version
            );
            return Err(Error::invalid(&path, what));
        }
        Ok(Some(info))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::EcgFm;
    use crate::recipe::steps::built_in;

    #[test]
    fn what_is_written_is_read_and_another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("segments");
        std::fs::create_dir(&root).unwrap();
        assert_eq!(StoreInfo::read(&root).unwrap(), None);
        let merl = SegmentRecipe::of_steps(&built_in("merl").unwrap(), false).unwrap();
        StoreInfo::of_recipe(&merl).write(&root).unwrap();
        assert_eq!(StoreInfo::read(&root).unwrap(), Some(StoreInfo::of_recipe(&merl)));
        let recipe = SegmentRecipe::of_ecg_fm(EcgFm::default()).unwrap();
        let mut info = StoreInfo::of_recipe(&recipe);
        assert_eq!(info.recipe, built_in("ecg_fm").ok());
        for notice in [None, Some("SYNTHETIC".to_owned())] {
            info.notice = notice;
            info.write(&root).unwrap();
            assert_eq!(StoreInfo::read(&root).unwrap().as_ref(), Some(&info));
        }
        let path = dir.path().join("segments.store.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(
            &path,
            text.replace("\"format_version\": 1", "\"format_version\": 9"),
        )
        .unwrap();
        let message = StoreInfo::read(&root).unwrap_err().to_string();
        assert!(message.contains("format version 9"), "{message}");
    }
}
