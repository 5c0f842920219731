//! What a model is given of a recording, by its recipe.

use super::millivolts::require_rate_and_unit;
use super::written::write_beside;
use crate::args::{ConvertArgs, ConvertFormat};
use crate::commands::recording_files::load_recipe;
use crate::errors::unusable_file;
use ecgfm_artifacts::store::{StoreInfo, lead_supply, withheld_leads};
use ecgfm_formats::npy::{NpyDtype, NpyWriter};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::sample::Sample;
use ecgfm_recipe::steps::{RecipeForm, RecipeStep, SegmentRecipe, Workspace};
use ecgfm_recipe::{Result as RecipeResult, Scratch};
use ecgfm_recordings::{MissingLeads, Recording, Samples};
use serde_json::{Value, json};
use std::path::Path;

/// A recipe, for recordings that are filled with zeros at both ends and for others.
pub(super) struct TensorRecipe {
    padded: SegmentRecipe,
    unpadded: SegmentRecipe,
}

/// The recipe of the arguments; none where none is asked for.
///
/// # Errors
/// A recipe that cannot be read or makes no sense; another format than npy.
pub(super) fn load_tensor_recipe(args: &ConvertArgs) -> Result<Option<TensorRecipe>, Error> {
    let Some(name) = &args.recipe else {
        return Ok(None);
    };
    let refused = |what: String| Error::new(ErrorKind::Config, format!("--recipe {what}"));
    if args.to != ConvertFormat::Npy {
        return Err(refused("makes arrays, which `--to npy` writes".to_owned()).help("say --to npy"));
    }
    let steps = load_recipe(name)?;
    let form = |zero_padded| SegmentRecipe::of_steps(&steps, zero_padded).map_err(|e| refused(e.to_string()));
    Ok(Some(TensorRecipe {
        padded: form(true)?,
        unpadded: form(false)?,
    }))
}

impl TensorRecipe {
    /// Writes the segments of a recording, float32 of shape (segments, rows, samples), and a JSON file beside them.
    ///
    /// # Errors
    /// The recipe does not take the recording; I/O.
    pub(super) fn write(
        &self,
        mut recording: Recording,
        zero_padded: bool,
        directory: &Path,
        name: &str,
    ) -> Result<Value, Error> {
        require_rate_and_unit(&recording)?;
        let recipe = if zero_padded { &self.padded } else { &self.unpadded };
        let source = recording.file().display().to_string();
        let refused = |what: String| Error::new(ErrorKind::BadInput, format!("{source}: {what}"));
        let supply = lead_supply(recipe, MissingLeads::Derive);
        recording
            .use_standard_leads(supply)
            .map_err(|e| refused(e.to_string()))?;
        let segments = match &recording.samples {
            Samples::Float32(samples) => make_segments(recipe, &recording, samples),
            Samples::Float64(samples) => make_segments(recipe, &recording, samples),
        };
        let segments = segments.map_err(|e| refused(e.to_string()))?;
        let shape = [recipe.rows(), recipe.samples()];
        let count = segments.len() / recipe.segment_values().max(1);
        if count == 0 {
            return Err(refused("it is too short for a segment".to_owned()));
        }
        let path = directory.join(format!("{name}.npy"));
        let mut array = NpyWriter::create(&path, NpyDtype::F32, &shape).map_err(unusable_file)?;
        array.write(&segments).map_err(unusable_file)?;
        array.finish().map_err(unusable_file)?;
        let described = describe(recipe, &recording, count, &path);
        write_beside(&path, &described)?;
        Ok(described)
    }
}

fn make_segments<S: Sample>(
    recipe: &SegmentRecipe,
    recording: &Recording,
    samples: &[S],
) -> RecipeResult<Vec<f32>> {
    let (mut scratch, mut work, mut segments) = (Scratch::default(), Workspace::default(), Vec::new());
    let trimmed = recipe.trim(samples, recording.sample_rate, &mut scratch)?;
    let without = withheld_leads(recipe, recording);
    recipe.make_segments(trimmed, samples, without, &mut work, &mut segments)?;
    Ok(segments)
}

/// What is known of the tensor, but for who the patient is.
fn describe(recipe: &SegmentRecipe, recording: &Recording, segments: usize, path: &Path) -> Value {
    let metadata = recording.metadata.as_deref();
    let own = metadata
        .map(|metadata| metadata.derived_leads.clone())
        .unwrap_or_default();
    let leads = match recipe.form() {
        RecipeForm::EcgFm(_) => recipe.selection().lead_names(),
        RecipeForm::Steps(steps) => steps.lead_names(),
    };
    let derived = recording.supplied_leads.iter().copied();
    let derived = derived.filter(|lead| !recording.absent_leads.contains(lead) && leads.contains(lead));
    let derived: Vec<&str> = derived.chain(own.iter().copied()).collect();
    let absent = recording.absent_leads.iter().filter(|lead| leads.contains(lead));
    let about = StoreInfo::of_recipe(recipe);
    let steps = recipe.steps();
    let resamples = steps
        .0
        .iter()
        .any(|step| matches!(step, RecipeStep::Resample { .. }));
    let sample_rate = about
        .sample_rate
        .or((!resamples).then_some(recording.sample_rate));
    json!({
        "file": path.to_string_lossy(), "axes": "segments_rows_samples", "segments": segments, "rows": recipe.rows(),
        "samples": recipe.samples(), "leads": leads, "sample_rate": sample_rate,
        "segment_seconds": about.segment_seconds, "recipe": steps,
        "source": recording.file().display().to_string(), "row": recording.provenance.row,
        "sample_rate_of_source": recording.sample_rate, "derived_leads": derived,
        "absent_leads": absent.collect::<Vec<_>>(),
        "doubts": metadata.map(|metadata| metadata.doubts.clone()).unwrap_or_default(),
    })
}
