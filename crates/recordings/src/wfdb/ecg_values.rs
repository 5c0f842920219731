//! Values of the leads of a record, sample by sample.

use super::calibration::Calibration;
use super::ecg_leads::EcgLeads;
use super::interleaved::InterleavedSamples;
use super::record::WfdbRecord;
use super::stored::StoredRecord;

/// Lead in a file.
struct LeadInFile {
    /// Position of its first sample in a frame of the file.
    first: usize,
    /// Position among the leads.
    lead: usize,
    /// Frames that precede the record.
    skew: usize,
    calibration: Calibration,
}

/// Fills `values` with the amplitudes of `leads`, sample by sample with all leads of each, straight from the samples of the
/// files: what [`WfdbRecord::from_stored`] gives lead by lead.
pub(super) fn fill_from_stored(stored: &StoredRecord, leads: &EcgLeads, values: &mut Vec<f64>) {
    let (count, in_frame) = (leads.positions.len(), leads.samples_per_frame as usize);
    values.clear();
    values.resize(stored.frames as usize * in_frame * count, f64::NAN);
    let mut signals = stored.header.signals.iter().enumerate();
    for (of_file, samples) in &stored.files {
        let mut first = 0;
        let mut in_file = Vec::new();
        for (number, signal) in signals.by_ref().take(*of_file) {
            if let Some(lead) = leads.positions.iter().position(|position| *position == number) {
                in_file.push(LeadInFile {
                    first,
                    lead,
                    skew: signal.skew as usize,
                    calibration: Calibration::of(signal).0,
                });
            }
            first += signal.samples_per_frame as usize;
        }
        fill_from_file(samples, &in_file, (count, in_frame), values);
    }
}

/// Fills in the leads of one file; `count` leads there are, and `in_frame` samples of each in a frame.
fn fill_from_file(
    samples: &InterleavedSamples,
    leads: &[LeadInFile],
    (count, in_frame): (usize, usize),
    values: &mut [f64],
) {
    for (number, frame) in samples.samples.chunks_exact(samples.per_frame).enumerate() {
        for lead in leads {
            let Some(number) = number.checked_sub(lead.skew) else {
                continue;
            };
            let start = number * in_frame * count + lead.lead;
            let places = values[start..].iter_mut().step_by(count);
            for (place, sample) in places.zip(&frame[lead.first..lead.first + in_frame]) {
                *place = lead.calibration.amplitude(*sample);
            }
        }
    }
}

/// Fills `values` with the amplitudes of `leads` of a record that was read lead by lead.
pub(super) fn fill_from_record(record: &WfdbRecord, leads: &EcgLeads, values: &mut Vec<f64>) {
    let (count, in_frame) = (leads.positions.len(), leads.samples_per_frame as usize);
    values.clear();
    values.resize(record.frames as usize * in_frame * count, f64::NAN);
    for (lead, position) in leads.positions.iter().enumerate() {
        let places = values.iter_mut().skip(lead).step_by(count);
        for (place, value) in places.zip(&record.signals[*position].samples) {
            *place = *value;
        }
    }
}
