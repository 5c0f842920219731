//! Description of a recording: what its file states, and what reading its samples shows.

use super::super::recording_files::{read_recording, standard_leads};
use super::text::{Lines, number_text};
use crate::args::EncodingArgs;
use ecgfm_pipeline::Error;
use ecgfm_recordings::lead_names::standard_name;
use ecgfm_recordings::{Recording, RecordingFile, RecordingMetadata, Unit};
use serde_json::{Map, Value, json};

/// Describes the only recording of a file.
///
/// # Errors
/// The recording cannot be read.
pub(super) fn describe(file: &dyn RecordingFile, encoding: &EncodingArgs) -> Result<Value, Error> {
    let mut recording = read_recording(file, 0, encoding)?;
    let mut facts = Map::new();
    facts.insert("file".to_owned(), json!(file.path().to_string_lossy()));
    facts.extend(file.facts());
    let samples = recording.len();
    let rate = (recording.sample_rate != 0.0).then_some(recording.sample_rate);
    let metadata = recording.metadata.as_deref().cloned().unwrap_or_default();
    let stated = [
        ("samples", json!(samples)),
        ("sample_rate", json!(rate)),
        ("seconds", json!(rate.map(|rate| samples as f64 / rate))),
        (
            "unit",
            json!((recording.unit == Unit::Millivolts).then_some("mV")),
        ),
        ("lead_names", json!(*recording.leads)),
        (
            "standard_leads",
            json!(
                recording
                    .leads
                    .iter()
                    .map(|name| standard_name(name))
                    .collect::<Vec<_>>()
            ),
        ),
    ];
    facts.extend(stated.map(|(name, fact)| (name.to_owned(), fact)));
    facts.extend(describe_values(&recording));
    facts.extend(describe_metadata(&metadata));
    let absent = standard_leads(&mut recording).map(|supplied| supplied.absent);
    facts.insert("absent_leads".to_owned(), json!(absent.ok()));
    Ok(Value::Object(facts))
}

/// Lowest and highest value, and how many are missing.
fn describe_values(recording: &Recording) -> Map<String, Value> {
    let values = recording.samples.to_f64();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let lowest = finite().reduce(f64::min);
    let highest = finite().reduce(f64::max);
    let missing = values.len() - finite().count();
    let facts = [
        ("lowest", json!(lowest)),
        ("highest", json!(highest)),
        ("values_missing", json!(missing)),
    ];
    facts
        .map(|(name, fact)| (name.to_owned(), fact))
        .into_iter()
        .collect()
}

fn describe_metadata(metadata: &RecordingMetadata) -> Map<String, Value> {
    let comment = |(name, value): &(String, String)| match name.as_str() {
        "" => value.clone(),
        name => format!("{name}: {value}"),
    };
    let facts = [
        ("patient_id", json!(metadata.patient_id)),
        ("age", json!(metadata.age)),
        ("sex", json!(metadata.sex)),
        ("acquired_at", json!(metadata.acquired_at)),
        ("statements", json!(metadata.statements)),
        (
            "comments",
            json!(metadata.comments.iter().map(comment).collect::<Vec<_>>()),
        ),
        ("filters", json!(metadata.filters)),
        ("derived_leads", json!(metadata.derived_leads)),
        ("doubts", json!(metadata.doubts)),
    ];
    facts
        .map(|(name, fact)| (name.to_owned(), fact))
        .into_iter()
        .collect()
}

/// Text for people of what [`describe`] returns.
pub(super) fn text(facts: &Value) -> String {
    let mut lines = Lines::new(&word(&facts["file"]));
    lines.fact("format", &word(&facts["format"]));
    lines.fact("storage", &word(&facts["storage"]));
    lines.fact("leads", &leads_text(facts));
    lines.list("not in the file", &facts["absent_leads"], ", ");
    lines.list("derived leads", &facts["derived_leads"], ", ");
    let rate = facts["sample_rate"].as_f64();
    lines.fact(
        "sample rate",
        &rate.map_or("not stated".to_owned(), |rate| {
            format!("{} Hz", number_text(rate))
        }),
    );
    let unit = facts["unit"].as_str();
    lines.fact("unit", unit.unwrap_or("not stated"));
    let seconds = facts["seconds"].as_f64();
    let seconds = seconds.map_or_else(String::new, |seconds| format!(", {} s", number_text(seconds)));
    lines.fact("length", &format!("{} samples{seconds}", facts["samples"]));
    lines.fact("values", &values_text(facts));
    lines.list("filters", &facts["filters"], ", ");
    if facts["filters"].as_array().is_none_or(Vec::is_empty) {
        lines.fact("filters", "none stated");
    }
    for (name, key) in [
        ("patient", "patient_id"),
        ("age", "age"),
        ("sex", "sex"),
        ("acquired", "acquired_at"),
    ] {
        lines.fact(name, &word(&facts[key]));
    }
    for (name, key) in [
        ("statements", "statements"),
        ("comments", "comments"),
        ("doubts", "doubts"),
    ] {
        lines.each(name, &facts[key]);
    }
    if facts["doubts"].as_array().is_none_or(Vec::is_empty) {
        lines.fact("doubts", "none");
    }
    lines.into_text()
}

/// Leads of the file; by both names where they differ.
fn leads_text(facts: &Value) -> String {
    let (names, standard) = (facts["lead_names"].as_array(), facts["standard_leads"].as_array());
    let pairs = names.into_iter().flatten().zip(standard.into_iter().flatten());
    let one = |(name, standard): (&Value, &Value)| match (word(name), standard.as_str()) {
        (name, Some(standard)) if name == standard => name,
        (name, Some(standard)) => format!("{standard} ({name})"),
        (name, None) => format!("{name} (no standard lead)"),
    };
    let leads: Vec<String> = pairs.map(one).collect();
    format!("{}: {}", leads.len(), leads.join(", "))
}

fn values_text(facts: &Value) -> String {
    let unit = facts["unit"].as_str().unwrap_or_default();
    let (lowest, highest) = (facts["lowest"].as_f64(), facts["highest"].as_f64());
    let range = match lowest.zip(highest) {
        Some((lowest, highest)) => format!("{} to {} {unit}", number_text(lowest), number_text(highest)),
        None => "none".to_owned(),
    };
    match facts["values_missing"].as_u64() {
        Some(missing) if missing > 0 => format!("{}; {missing} missing", range.trim_end()),
        _ => range.trim_end().to_owned(),
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
