//! Summary of the recordings below a directory.

use super::super::recording_files::{is_hdf5, open_file, read_recording};
use super::text::{Lines, number_text};
use crate::args::EncodingArgs;
use crate::errors::unusable_file;
use ecgfm_archives::described::recording_candidates;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::{RecordingFile, Unit};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Values of one property that the text shows; the JSON has all.
const SHOWN: usize = 12;
/// Properties of recordings that are counted: name in JSON, name for people.
const PROPERTIES: [(&str, &str); 6] = [
    ("formats", "formats"),
    ("sample_rates", "sample rates"),
    ("units", "units"),
    ("leads", "leads"),
    ("lengths", "lengths"),
    ("doubts", "doubts"),
];

/// How many recordings have which value of a property, and the first file that has it.
type Counts = BTreeMap<String, (u64, String)>;

/// Properties of the recordings of a file: of each property, the values that its recordings have and how many have each.
struct FileProperties {
    recordings: u64,
    values: Vec<(usize, String, u64)>,
}

/// Summarises the recordings below a directory; none where there is no file that a reader knows.
///
/// # Errors
/// The directory cannot be searched; a fault of the system.
pub(super) fn summarize(directory: &Path, encoding: &EncodingArgs) -> Result<Option<Value>, Error> {
    let names = recording_candidates(directory).map_err(unusable_file)?;
    let read: Vec<(String, Result<FileProperties, Error>)> = names
        .into_par_iter()
        .filter_map(|name| {
            let path = directory.join(&name);
            let file = open_file(&path, encoding)?;
            // A signal file of a WFDB record, whose header is listed, too.
            if file.as_ref().is_ok_and(|file| file.path() != path) {
                return None;
            }
            let properties = file.and_then(|file| properties_of(file.as_ref(), encoding));
            Some((name, properties))
        })
        .collect();
    if read.is_empty() {
        return Ok(None);
    }
    let (files, mut recordings, mut unread) = (read.len(), 0, Vec::new());
    let mut counts = vec![Counts::new(); PROPERTIES.len()];
    for (name, properties) in read {
        match properties {
            Ok(found) => {
                recordings += found.recordings;
                for (property, value, number) in found.values {
                    let count = counts[property].entry(value).or_insert_with(|| (0, name.clone()));
                    count.0 += number;
                }
            }
            Err(error) if error.kind() == ErrorKind::BadInput => {
                unread.push(json!({ "file": name, "why": error.message() }));
            }
            Err(error) => return Err(error),
        }
    }
    let mut summary = Map::new();
    summary.insert("directory".to_owned(), json!(directory.to_string_lossy()));
    summary.insert("files".to_owned(), json!(files));
    summary.insert("recordings".to_owned(), json!(recordings));
    for ((name, _), counts) in PROPERTIES.iter().zip(counts) {
        summary.insert((*name).to_owned(), counts_json(counts));
    }
    summary.insert("not_read".to_owned(), json!(unread));
    Ok(Some(Value::Object(summary)))
}

/// Counts, the most frequent first.
fn counts_json(counts: Counts) -> Value {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let one = |(value, (count, first)): &(String, (u64, String))| json!({ "value": value, "recordings": count, "first_file": first });
    Value::Array(counts.iter().map(one).collect())
}

/// Reads the recordings of a file; of an HDF5 file of many, what is common to all.
fn properties_of(file: &dyn RecordingFile, encoding: &EncodingArgs) -> Result<FileProperties, Error> {
    let facts = file.facts();
    let format = facts
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let rows = file.exam_ids().len();
    let mut values = vec![(0, format, rows as u64)];
    let described = if is_hdf5(file) { rows.min(1) } else { rows };
    for row in 0..described {
        let recording = read_recording(file, row, encoding)?;
        let number = if described == rows { 1 } else { rows as u64 };
        let rate = recording.sample_rate;
        let length = match rate {
            0.0 => format!("{} samples", recording.len()),
            rate => format!("{} s", number_text(recording.len() as f64 / rate)),
        };
        let unit = match recording.unit {
            Unit::Millivolts => "mV",
            Unit::NotStated => "not stated",
        };
        let rate = match rate {
            0.0 => "not stated".to_owned(),
            rate => format!("{} Hz", number_text(rate)),
        };
        let leads = format!("{}: {}", recording.leads.len(), recording.leads.join(", "));
        let stated = [(1, rate), (2, unit.to_owned()), (3, leads), (4, length)];
        values.extend(
            stated
                .into_iter()
                .map(|(property, value)| (property, value, number)),
        );
        let doubts = recording
            .metadata
            .map(|metadata| metadata.doubts)
            .unwrap_or_default();
        values.extend(doubts.into_iter().map(|doubt| (5, doubt, 1)));
    }
    Ok(FileProperties {
        recordings: rows as u64,
        values,
    })
}

/// Text for people of what [`summarize`] returns.
pub(super) fn text(summary: &Value) -> String {
    let heading = format!(
        "{}: {} recordings in {} files",
        summary["directory"].as_str().unwrap_or_default(),
        summary["recordings"],
        summary["files"]
    );
    let mut lines = Lines::new(&heading);
    for (name, title) in PROPERTIES {
        let counts = summary[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let width = counts
            .iter()
            .map(|count| count["recordings"].to_string().len())
            .max();
        let width = width.unwrap_or_default();
        let line = |count: &Value| {
            let value = count["value"].as_str().unwrap_or_default();
            let first = count["first_file"].as_str().unwrap_or_default();
            let first = if name == "doubts" {
                format!(" (first: {first})")
            } else {
                String::new()
            };
            format!("{:>width$} × {value}{first}", count["recordings"].to_string())
        };
        let mut texts: Vec<String> = counts.iter().take(SHOWN).map(line).collect();
        if counts.len() > SHOWN {
            texts.push(format!("and {} more", counts.len() - SHOWN));
        }
        if texts.is_empty() {
            texts.push("none".to_owned());
        }
        lines.lines(title, &texts);
    }
    let unread = summary["not_read"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let why: Vec<&str> = unread
        .iter()
        .take(SHOWN)
        .filter_map(|one| one["why"].as_str())
        .collect();
    lines.lines("not read", &why);
    if unread.len() > SHOWN {
        lines.fact("", &format!("and {} more", unread.len() - SHOWN));
    }
    lines.into_text()
}
