//! Checks of sources of ECGs: `synth`, `signals`.

use super::{facts, refuse_parameter, typed_fact};
use ecgfm_artifacts::{records, table};
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use ecgfm_signals as signals;
use std::path::Path;

/// Promises the columns of the table of exams, where the layout has one.
pub fn synth(options: &ecgfm_synth::SynthOptions, _: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    if let Some(header) = ecgfm_synth::exams_header(options.layout) {
        let columns: Vec<&str> = header.split(',').collect();
        found.promises.add(facts::COLUMNS, columns);
    }
    found
}

/// Columns of the tables of exams of all archives, and what is wrong with any; none where those of one are not known.
fn table_columns(
    params: &signals::Params,
    ahead: &LookAheadContext<'_>,
    found: &mut LookAheadFindings,
) -> Option<Vec<Vec<String>>> {
    // What is wrong with the parameters themselves was said before.
    let archives = params.archives().ok()?;
    let mut tables = Some(Vec::with_capacity(archives.len()));
    for archive in archives {
        let columns = match ahead.promises(&archive.raw) {
            None => archive.column_names(None),
            Some(promises) => match typed_fact::<Vec<String>>(promises.get(facts::COLUMNS)) {
                Some(header) => archive.column_names(Some(&header)),
                None => Ok(None),
            },
        };
        let columns = columns.unwrap_or_else(|error| {
            refuse_parameter(found, &archive.parameter, &error);
            None
        });
        tables = tables.zip(columns).map(|(mut tables, columns)| {
            tables.push(columns);
            tables
        });
    }
    tables
}

/// Promises what the segments will be, as far as that does not depend on a file that is not there yet, or on the recording.
fn promise_segments(params: &signals::Params, found: &mut LookAheadFindings) {
    let (Some(about), Some(rows)) = (params.store_info(), params.segment_rows()) else {
        return;
    };
    found.promises.add(facts::LEADS, rows as u64);
    if let Some(rate) = about.sample_rate {
        found.promises.add(facts::SAMPLE_RATE, rate);
    }
    if let Some(standardized) = about.standardized {
        found.promises.add(facts::STANDARDIZED, standardized);
    }
    if let Some(recipe) = about.recipe {
        found.promises.add(facts::RECIPE, serde_json::json!(recipe));
    }
}

/// The mistake that a recipe cannot be used, or that another parameter does not fit it.
fn refuse_recipe(found: &mut LookAheadFindings, params: &signals::Params, error: &signals::Error) {
    let several = !params.recipes.is_empty();
    match error {
        signals::Error::Parameter { name: "recipe", what } if several => {
            found.add_invalid("recipes", what.clone())
        }
        signals::Error::Parameter { name, what } => found.add_invalid(name, what.clone()),
        other => refuse_parameter(found, if several { "recipes" } else { "recipe" }, other),
    }
}

/// Looks for the table of exams and its header, and for parts.
pub fn signals(params: &signals::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let left = ahead
        .kept_dir()
        .and_then(|dir| table::read_header(&dir.join(records::FILE)).ok());
    let columns = match left {
        Some(left) => Some(left),
        None => table_columns(params, ahead, &mut found).and_then(|tables| params.columns_of(&tables)),
    };
    if let Some(columns) = columns {
        found.promises.add(facts::COLUMNS, columns);
    }
    if ahead.kept_dir().is_none() {
        promise_segments(params, &mut found);
    }
    // A file that a stage before this one leaves is read when it is there.
    let mut files = params.recipe_files();
    if !files.any(|file| ahead.promises(Path::new(file)).is_some())
        && let Err(error) = params.check_recipe_files()
    {
        refuse_recipe(&mut found, params, &error);
    }
    found
}
