//! A store without samples: which recordings of which raw files hold the segments, and the recipe that makes them.
//!
//! `view.json` holds the recipe. Of raw files whose rows are float32 at known bytes it also holds path, what tells each from another
//! file, and how its rows lie in it (format 1); files of any other format are listed in `files.csv` and opened by their content
//! (format 2). A recipe that is not ECG-FM's is a list of steps there (format 3 of either). `index.csv` holds segment, part, row and cut: the raw file's place in the list, the row of the recording, and the
//! segment's number in it; in format 2 also the recording's digest. A segment is computed when it is read, to the same bits that a
//! packed store holds.

use super::digest::RecordingDigest;
use super::index::INDEX_FILE;
use super::raw_part::RawPart;
use super::reopened::{RecordingRules, ReopenedFile, write_files};
use crate::columns::{CUT, DIGEST, PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::json::whole_as_integer;
use crate::pandas::Cell;
use crate::recipe::standardize::ConstantLeads;
use crate::recipe::steps::{RecipeForm, RecipeSteps, SegmentRecipe};
use crate::recipe::{self, EcgFm};
use crate::table;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File that makes a directory a view.
pub(super) const FILE: &str = "view.json";
/// Format of a view of rows at known bytes.
const DIRECT_FORMAT: u32 = 1;
/// Format of a view of files that are opened by their content.
const REOPENED_FORMAT: u32 = 2;
/// Format of a view of either, by another recipe than ECG-FM's.
const STEPS_FORMAT: u32 = 3;

/// Recipe and raw files of a view: the content of `view.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewStore {
    format_version: u32,
    /// Recipe of ECG-FM by which recordings become segments; none where `steps` are another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipe: Option<ViewRecipe>,
    /// Any other recipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<ViewSteps>,
    /// Raw files whose rows lie at known bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<RawPart>,
    /// Rules by which raw files are read that are opened by their content; none where `parts` are all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) recordings: Vec<RecordingRules>,
}

/// The recipe of ECG-FM, as a view has it written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewRecipe {
    /// Sample rate of the recordings, in Hz, where their files do not state it.
    #[serde(
        default,
        serialize_with = "whole_as_integer",
        skip_serializing_if = "Option::is_none"
    )]
    source_rate: Option<f64>,
    /// Sample rate of the segments, in Hz.
    target_rate: u32,
    /// Length of a segment, in seconds.
    segment_seconds: f64,
    /// Positions of the leads that are kept; none keeps all twelve.
    leads: Option<Vec<usize>>,
    /// Treatment of constant leads.
    constant_leads: ConstantLeads,
    /// True where leads are standardised.
    standardize: bool,
    /// True where zeros at both ends are cut off, as in every view of CODE-15.
    #[serde(default = "is_true", skip_serializing_if = "Clone::clone")]
    trim_padding: bool,
}

/// Another recipe than ECG-FM's, as a view has it written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewSteps {
    /// Sample rate of the recordings, in Hz, where their files do not state it.
    #[serde(
        default,
        serialize_with = "whole_as_integer",
        skip_serializing_if = "Option::is_none"
    )]
    source_rate: Option<f64>,
    /// The steps, with `trim_padding` first where zeros at both ends are cut off.
    steps: RecipeSteps,
    /// True where zeros at both ends are cut off.
    trim_padding: bool,
}

fn is_true() -> bool {
    true
}

impl ViewRecipe {
    fn new(settings: &EcgFm, source_rate: Option<f64>) -> recipe::Result<Self> {
        Ok(Self {
            source_rate,
            target_rate: settings.sample_rate,
            segment_seconds: settings.segment_seconds,
            leads: settings.lead_positions()?,
            constant_leads: settings.constant_leads,
            standardize: settings.standardize,
            trim_padding: settings.trim_padding,
        })
    }

    fn settings(&self) -> EcgFm {
        EcgFm {
            trim_padding: self.trim_padding,
            sample_rate: self.target_rate,
            segment_seconds: self.segment_seconds,
            leads: self.leads.as_deref().map(EcgFm::lead_names),
            constant_leads: self.constant_leads,
            standardize: self.standardize,
        }
    }
}

/// A segment in the index of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// Key of the segment.
    pub segment: String,
    /// Place of the raw file in the view's list.
    pub part: usize,
    /// Row of the recording in it.
    pub row: usize,
    /// Number of the segment in the recording.
    pub cut: usize,
    /// Digest of the recording, where its file is opened by its content.
    pub digest: Option<RecordingDigest>,
}

impl ViewStore {
    /// Segments made by `recipe` from the rows of these files, twelve leads in the standard order of `source_rate` Hz.
    ///
    /// # Errors
    /// The recipe names an unknown lead.
    pub fn of_rows(recipe: &SegmentRecipe, source_rate: f64, parts: Vec<RawPart>) -> recipe::Result<Self> {
        Ok(Self {
            parts,
            ..Self::new(DIRECT_FORMAT, recipe, Some(source_rate))?
        })
    }

    /// Segments made by `recipe` from recordings of files that are opened by their content, and by the rules that each names.
    ///
    /// # Errors
    /// The recipe names an unknown lead.
    pub fn of_files(recipe: &SegmentRecipe, rules: Vec<RecordingRules>) -> recipe::Result<Self> {
        Ok(Self {
            recordings: rules,
            ..Self::new(REOPENED_FORMAT, recipe, None)?
        })
    }

    /// A view of no files.
    fn new(format_version: u32, recipe: &SegmentRecipe, source_rate: Option<f64>) -> recipe::Result<Self> {
        let (format_version, of_ecg_fm, steps) = match recipe.form() {
            RecipeForm::EcgFm(settings) => (
                format_version,
                Some(ViewRecipe::new(settings, source_rate)?),
                None,
            ),
            RecipeForm::Steps(_) => {
                let steps = ViewSteps {
                    source_rate,
                    steps: recipe.steps(),
                    trim_padding: recipe.trims_padding(),
                };
                (STEPS_FORMAT, None, Some(steps))
            }
        };
        Ok(Self {
            format_version,
            recipe: of_ecg_fm,
            steps,
            parts: Vec::new(),
            recordings: Vec::new(),
        })
    }

    /// Reads `view.json` in the directory `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let view: Self = crate::json::read_json(&path)?;
        if !(DIRECT_FORMAT..=STEPS_FORMAT).contains(&view.format_version) {
            let what = format!(
                "format {}; this version reads {DIRECT_FORMAT} to {STEPS_FORMAT}: run the signals stage again",
                view.format_version
            );
            return Err(Error::invalid(&path, what));
        }
        if view.recipe.is_some() == view.steps.is_some() {
            let what = "says `recipe` and `steps`, or neither: run the signals stage again";
            return Err(Error::invalid(&path, what));
        }
        Ok(view)
    }

    /// The recipe, for recordings that are filled with zeros at both ends or not.
    pub(super) fn recipe(&self, zero_padded: bool) -> recipe::Result<SegmentRecipe> {
        match (&self.recipe, &self.steps) {
            (_, Some(view)) => SegmentRecipe::of_steps(&view.steps, zero_padded),
            (recipe, None) => SegmentRecipe::of_ecg_fm(EcgFm {
                trim_padding: zero_padded,
                ..recipe.as_ref().map(ViewRecipe::settings).unwrap_or_default()
            }),
        }
    }

    /// True where the rows of `parts` are filled with zeros at both ends.
    pub(super) fn trims_padding(&self) -> bool {
        let steps = self.steps.as_ref().map(|view| view.trim_padding);
        steps
            .or(self.recipe.as_ref().map(|recipe| recipe.trim_padding))
            .unwrap_or_default()
    }

    /// Sample rate of the rows of `parts`, in Hz.
    pub(super) fn source_rate(&self) -> f64 {
        let steps = self.steps.as_ref().and_then(|view| view.source_rate);
        steps
            .or(self.recipe.as_ref().and_then(|recipe| recipe.source_rate))
            .unwrap_or_default()
    }

    /// Writes the store into the existing directory `dir`; `files` are those that are opened by their content.
    ///
    /// # Errors
    /// I/O; a file that is not there.
    pub fn write(
        &self,
        dir: &Path,
        rows: impl IntoIterator<Item = ViewRow>,
        files: impl IntoIterator<Item = Result<ReopenedFile>>,
    ) -> Result<()> {
        let columns = [SEGMENT, PART, ROW, CUT, DIGEST];
        let columns = match self.recordings.is_empty() {
            true => &columns[..4],
            false => &columns[..],
        };
        table::write_rows(&dir.join(INDEX_FILE), columns, |w| {
            for row in rows {
                let place = [row.part, row.row, row.cut].map(|n| Cell::Int(n as i64));
                let digest = row.digest.map(|digest| digest.to_string());
                let digest = digest.as_deref().map(Cell::Text);
                w.row(
                    std::iter::once(Cell::Text(&row.segment))
                        .chain(place)
                        .chain(digest),
                )?;
            }
            Ok(())
        })?;
        if !self.recordings.is_empty() {
            write_files(dir, files)?;
        }
        let path = dir.join(FILE);
        let mut json = serde_json::to_vec(self).map_err(|e| Error::io("write", &path)(e.into()))?;
        json.push(b'\n');
        crate::atomic::write_bytes(&path, &json)
    }
}
