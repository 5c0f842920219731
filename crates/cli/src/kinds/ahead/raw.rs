//! Checks of sources of ECGs: `synth`, `signals`.

use super::{facts, refuse_parameter, typed_fact};
use ecgfm_artifacts::{records, table};
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use ecgfm_signals as signals;

/// Promises the columns of the table of exams, where the layout has one.
pub fn synth(options: &ecgfm_synth::SynthOptions, _: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    if let Some(header) = ecgfm_synth::exams_header(options.layout) {
        let columns: Vec<&str> = header.split(',').collect();
        found.promises.add(facts::COLUMNS, columns);
    }
    found
}

/// Looks for the table of exams and its header, and for parts.
pub fn signals(params: &signals::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let left = ahead
        .kept_dir()
        .and_then(|dir| table::read_header(&dir.join(records::FILE)).ok());
    let raw = match (&left, ahead.promises(&params.raw)) {
        (Some(_), _) => Ok(None),
        (None, Some(promises)) => {
            let header = typed_fact::<Vec<String>>(promises.get(facts::COLUMNS));
            header.map_or(Ok(None), |header| params.raw_columns_of_header(&header))
        }
        (None, None) => params.raw_columns(),
    };
    let columns = match raw {
        Ok(raw) => raw.map(|raw| params.columns(&raw)).or(left),
        Err(error) => {
            refuse_parameter(&mut found, "raw", &error);
            None
        }
    };
    if let Some(columns) = columns {
        found.promises.add(facts::COLUMNS, columns);
    }
    if ahead.kept_dir().is_none() {
        found.promises.add(facts::SAMPLE_RATE, params.sample_rate);
        found.promises.add(facts::LEADS, params.lead_count() as u64);
        found.promises.add(facts::STANDARDIZED, params.standardize);
    }
    found
}
