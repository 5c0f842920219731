//! A recording as it is drawn: its standard leads, its unit, and what its file states about it.

use super::super::recording_files::{SuppliedLeads, standard_leads};
use ecgfm_pipeline::Error;
use ecgfm_recipe::strip::strip;
use ecgfm_recordings::{Recording, RecordingMetadata, Unit};
use ecgfm_report::paper::{Ecg, LEADS, SignalUnit};

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
