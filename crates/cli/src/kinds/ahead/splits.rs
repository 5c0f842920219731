//! Checks of splits and manifests: `splits`, `manifests`.

use super::paths::{ExpectedPath, check_path};
use super::{facts, name_list, typed_fact};
use ecgfm_artifacts::splits as artifact;
use ecgfm_manifests as manifests;
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use ecgfm_splits as splits;
use std::path::Path;

/// Holds the named columns against those of the records.
pub fn splits(params: &splits::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let is_there = check_path(
        &mut found,
        ahead,
        "records",
        &params.records,
        ExpectedPath::File("the table of records"),
    );
    if let Some(segments) = &params.segments {
        check_path(
            &mut found,
            ahead,
            "segments",
            segments,
            ExpectedPath::File("the table of segments"),
        );
    }
    if let Some(promises) = ahead.promises(&params.records) {
        found.promises.pass_on(promises);
    }
    let columns = record_columns(ahead, &params.records).filter(|_| is_there);
    if let Some(columns) = columns {
        for (parameter, name) in params.columns() {
            if !columns.contains(&name.to_owned()) {
                let phrase = format!(
                    "names the column `{name}`, which the records do not have; they have {}",
                    name_list(&columns)
                );
                found.add_invalid(&parameter, phrase);
            }
        }
    }
    // What an earlier run left may be of other splits.
    if ahead.kept_dir().is_none() {
        found.promises.add(facts::SPLITS, params.split_names());
        found.promises.add(facts::SEGMENTED, params.segments.is_some());
    }
    found
}

/// The columns of a table of records, promised or read off its header.
pub(super) fn record_columns(ahead: &LookAheadContext<'_>, records: &Path) -> Option<Vec<String>> {
    match ahead.promises(records) {
        Some(promises) => typed_fact(promises.get(facts::COLUMNS)),
        None => ecgfm_artifacts::table::read_header(records).ok(),
    }
}

/// Passes on what is known of the splits.
pub fn manifests(params: &manifests::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    check_path(
        &mut found,
        ahead,
        "splits",
        &params.splits,
        ExpectedPath::File("the table of the segments' splits"),
    );
    expect_segment_table(&mut found, ahead, "splits", &params.splits);
    if let Some(promises) = ahead.promises(&params.splits) {
        found.promises.pass_on(promises);
    }
    found
}

/// Says if the stage before will leave the table of the segments' splits, where that is what a parameter names.
pub(super) fn expect_segment_table(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    parameter: &str,
    path: &Path,
) {
    let named = path
        .file_name()
        .is_some_and(|name| name == artifact::SEGMENTED_FILE);
    let promised = ahead
        .fact(path, facts::SEGMENTED)
        .and_then(serde_json::Value::as_bool);
    if named && promised == Some(false) {
        let phrase = "refers to the splits of segments, and the stage that makes them is given no `segments`";
        found.add_invalid(parameter, phrase);
    }
}
