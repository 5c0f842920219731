//! Files that are written for a recording.

use super::millivolts::MillivoltRecording;
use crate::errors::{file_error, unusable_file};
use ecgfm_formats::npy::{NpyDtype, NpyWriter};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::wfdb::{LeadToWrite, RecordToWrite};
use serde_json::{Value, json};
use std::path::Path;

/// Comments of a WFDB record that state who the patient is.
const IDENTIFYING: [&str; 4] = ["subject_id", "<subject_id>", "patient_id", "patient"];

/// Writes a record of WFDB.
///
/// # Errors
/// The recording cannot be held by the format; I/O.
pub(super) fn write_wfdb(
    recording: &MillivoltRecording,
    directory: &Path,
    name: &str,
) -> Result<Value, Error> {
    let leads = recording.names.iter().zip(&recording.leads);
    let record = RecordToWrite {
        name,
        sample_rate: recording.sample_rate,
        leads: leads
            .map(|(name, samples)| LeadToWrite { name, samples })
            .collect(),
        comments: comments(recording),
        ..RecordToWrite::default()
    };
    let encoded = record.encode().map_err(unusable_file)?;
    encoded.write_to(directory).map_err(unusable_file)?;
    let mut described = describe(recording);
    described["file"] = json!(directory.join(format!("{name}.hea")).to_string_lossy());
    described["largest_error_mv"] = json!(encoded.largest_error);
    Ok(described)
}

/// Comments of a header: what the file states, a line each.
fn comments(recording: &MillivoltRecording) -> Vec<String> {
    let metadata = &recording.metadata;
    let stated = [
        ("Age", &metadata.age),
        ("Sex", &metadata.sex),
        ("Acquired", &metadata.acquired_at),
    ];
    let stated = stated
        .into_iter()
        .filter(|(name, _)| metadata.comment(name).is_none())
        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    let named = |name: &str, texts: &[String]| {
        let texts = texts.iter().map(|text| (name.to_owned(), text.clone()));
        texts.collect::<Vec<_>>()
    };
    let own = metadata.comments.iter().cloned();
    let own = own.filter(|(name, _)| !IDENTIFYING.iter().any(|known| name.eq_ignore_ascii_case(known)));
    let derived: Vec<String> = metadata
        .derived_leads
        .iter()
        .map(|lead| (*lead).to_owned())
        .collect();
    let all = stated
        .chain(own)
        .chain(named("Statement", &metadata.statements))
        .chain(named("Filter", &metadata.filters))
        .chain(named("Derived lead", &derived))
        .chain(named("Doubtful", &metadata.doubts));
    all.map(|(name, text)| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match name.as_str() {
            "" => text,
            name => format!("{name}: {text}"),
        }
    })
    .collect()
}

/// Writes an array of leads × samples in millivolts, and a JSON file beside it.
///
/// # Errors
/// I/O.
pub(super) fn write_npy(
    recording: &MillivoltRecording,
    directory: &Path,
    name: &str,
) -> Result<Value, Error> {
    let path = directory.join(format!("{name}.npy"));
    let mut array = NpyWriter::create(&path, NpyDtype::F64, &[recording.len()]).map_err(unusable_file)?;
    for lead in &recording.leads {
        array.write(lead).map_err(unusable_file)?;
    }
    array.finish().map_err(unusable_file)?;
    let mut described = describe(recording);
    described["file"] = json!(path.to_string_lossy());
    described["axes"] = json!("leads_samples");
    write_beside(&path, &described)?;
    Ok(described)
}

/// Writes the description of an array into a JSON file beside it.
///
/// # Errors
/// I/O.
pub(super) fn write_beside(path: &Path, described: &Value) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(described)
        .map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
    let beside = path.with_extension("json");
    std::fs::write(&beside, text + "\n").map_err(|e| file_error("write", &beside, &e))
}

/// What is known of a recording, but for who the patient is.
fn describe(recording: &MillivoltRecording) -> Value {
    let metadata = &recording.metadata;
    json!({
        "leads": recording.names, "samples": recording.len(), "sample_rate": recording.sample_rate, "unit": "mV",
        "source": recording.source.0, "row": recording.source.1, "format_of_source": metadata.format, "age": metadata.age, "sex": metadata.sex,
        "acquired_at": metadata.acquired_at, "statements": metadata.statements, "filters": metadata.filters,
        "derived_leads": metadata.derived_leads, "doubts": metadata.doubts,
    })
}
