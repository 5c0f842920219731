//! A recording as it is drawn: its standard leads, its unit, and what its file states about it.

use super::super::recording_files::{self, SuppliedLeads, standard_leads};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::strip::strip;
use ecgfm_recordings::{Recording, RecordingFile, RecordingMetadata, Unit};
use ecgfm_report::paper::{Ecg, LEADS, SignalUnit};

/// Number of ids that an error names when the one that was asked for is not there.
pub(super) const IDS_IN_ERROR: usize = 5;

/// Samples a second of CODE-15's files, which do not state it.
pub(in crate::commands) const CODE15_RATE: f64 = 400.0;

/// ECG to plot, with its caveats.
pub(in crate::commands) struct PlottedEcg {
    pub(in crate::commands) ecg: Ecg,
    /// Set where its values are standard deviations.
    pub(super) standardized: bool,
    pub(in crate::commands) notice: Option<String>,
}

pub(super) fn bad_input(error: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, error.to_string())
}

/// Row of an exam in a file.
///
/// # Errors
/// The file does not have it.
pub(super) fn find_row(file: &dyn RecordingFile, id: &str) -> Result<usize, Error> {
    let (path, ids) = (file.path().display(), file.exam_ids());
    let number: Option<i64> = id.parse().ok();
    let is_wanted = |have: &String| have == id || (number.is_some() && have.parse().ok() == number);
    if let Some(row) = ids.iter().position(|have| have.as_ref().is_some_and(is_wanted)) {
        return Ok(row);
    }
    let mut near: Vec<&String> = ids.iter().flatten().collect();
    let distance = |have: &&String| Some(number?.abs_diff(have.parse().ok()?));
    near.sort_by_key(|have| distance(have).unwrap_or_default());
    let near: Vec<&str> = near.into_iter().take(IDS_IN_ERROR).map(String::as_str).collect();
    Err(
        bad_input(format!("{path}: no exam `{id}` among its {}", ids.len()))
            .help(format!("the nearest are {}", near.join(", "))),
    )
}

/// An ECG as its file has it, at CODE-15's rate where the file states none.
///
/// # Errors
/// The leads cannot be arranged.
pub(super) fn plot_recording(
    file: &dyn RecordingFile,
    mut recording: Recording,
    record: &str,
) -> Result<PlottedEcg, Error> {
    let rate_is_assumed = recording.sample_rate == 0.0;
    if rate_is_assumed {
        recording.sample_rate = CODE15_RATE;
    }
    let mut ecg = ecg_to_draw(recording, record, recording_files::is_hdf5(file))?;
    if rate_is_assumed {
        let note = format!("rate not stated by the file: drawn at CODE-15's {CODE15_RATE} Hz");
        ecg.notes.insert(0, note);
    }
    Ok(PlottedEcg {
        ecg,
        standardized: false,
        notice: None,
    })
}

/// Doubts that are written below a drawing.
const SHOWN_DOUBTS: usize = 2;

/// Makes the ECG to draw under the name `record`. Zeros around the values of a `zero_padded` recording are left out.
///
/// # Errors
/// The leads cannot be arranged.
pub(in crate::commands) fn ecg_to_draw(
    mut recording: Recording,
    record: &str,
    zero_padded: bool,
) -> Result<Ecg, Error> {
    let supplied = standard_leads(&mut recording)?;
    let values = recording.samples.to_f32();
    let kept = if zero_padded {
        strip(&values, LEADS.len())
    } else {
        0..recording.len()
    };
    let lead = |at: usize| {
        let samples = kept.clone().map(|sample| values[sample * LEADS.len() + at]);
        samples.collect()
    };
    let metadata = recording.metadata.as_deref();
    Ok(Ecg {
        record: record.to_owned(),
        leads: (0..LEADS.len()).map(lead).collect(),
        rate: recording.sample_rate,
        unit: match recording.unit {
            Unit::Millivolts => SignalUnit::PerMillivolt(1.0),
            Unit::NotStated => SignalUnit::NotStated,
        },
        filters: filters_text(metadata),
        segments: Vec::new(),
        shades: Vec::new(),
        shades_meaning: String::new(),
        notes: notes(metadata, &supplied),
    })
}

/// Filters that the file says were applied.
fn filters_text(metadata: Option<&RecordingMetadata>) -> String {
    match metadata {
        Some(metadata) if !metadata.filters.is_empty() => metadata.filters.join(", "),
        _ => "none stated".to_owned(),
    }
}

/// Leads that are not the file's own, and what is doubtful.
fn notes(metadata: Option<&RecordingMetadata>, supplied: &SuppliedLeads) -> Vec<String> {
    let mut notes = Vec::new();
    if !supplied.computed.is_empty() {
        notes.push(format!(
            "computed from other leads: {}",
            supplied.computed.join(", ")
        ));
    }
    if !supplied.absent.is_empty() {
        notes.push(format!("not in the file: {}", supplied.absent.join(", ")));
    }
    let doubts = metadata.map_or(&[][..], |metadata| metadata.doubts.as_slice());
    let shown = doubts.iter().take(SHOWN_DOUBTS);
    notes.extend(shown.map(|doubt| format!("doubtful: {doubt}")));
    if doubts.len() > SHOWN_DOUBTS {
        notes.push(format!("and {} further doubts", doubts.len() - SHOWN_DOUBTS));
    }
    notes
}
