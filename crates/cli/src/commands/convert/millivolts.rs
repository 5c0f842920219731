//! A recording in millivolts, lead by lead, with what its file states.

use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::strip::strip;
use ecgfm_recordings::lead_names::standard_name;
use ecgfm_recordings::{Recording, RecordingMetadata, Unit};

/// A recording in millivolts.
pub(super) struct MillivoltRecording {
    /// Names of the leads: the standard ones where they are known.
    pub(super) names: Vec<String>,
    /// Values of each lead.
    pub(super) leads: Vec<Vec<f64>>,
    /// Samples a second.
    pub(super) sample_rate: f64,
    pub(super) metadata: RecordingMetadata,
    /// Path of the file that it comes from, and the row in it.
    pub(super) source: (String, usize),
}

/// Refuses a recording of which nobody states rate or unit.
///
/// # Errors
/// Rate or unit are not known.
pub(super) fn require_rate_and_unit(recording: &Recording) -> Result<(), Error> {
    let path = recording.file().display();
    let unknown =
        |what: &str, help: &str| Err(Error::new(ErrorKind::BadInput, format!("{path}: {what}")).help(help));
    if recording.sample_rate == 0.0 {
        return unknown("the file states no sample rate", "state it: --rate HZ");
    }
    if recording.unit == Unit::NotStated {
        return unknown("the file states no unit", "state it: --unit mV");
    }
    Ok(())
}

impl MillivoltRecording {
    /// The values of a recording, without the zeros around those of a `zero_padded` one.
    ///
    /// # Errors
    /// Rate or unit are not known.
    pub(super) fn of(recording: Recording, zero_padded: bool) -> Result<Self, Error> {
        require_rate_and_unit(&recording)?;
        let path = recording.file().display().to_string();
        let (values, count) = (recording.samples.to_f64(), recording.leads.len());
        let kept = if zero_padded {
            strip(&values, count)
        } else {
            0..recording.len()
        };
        let lead = |at: usize| {
            let samples = kept.clone().map(|sample| values[sample * count + at]);
            samples.collect::<Vec<f64>>()
        };
        let name = |name: &String| standard_name(name).map_or_else(|| name.clone(), str::to_owned);
        Ok(Self {
            names: recording.leads.iter().map(name).collect(),
            leads: (0..count).map(lead).collect(),
            sample_rate: recording.sample_rate,
            source: (path, recording.provenance.row),
            metadata: recording.metadata.map(|metadata| *metadata).unwrap_or_default(),
        })
    }

    /// Number of samples of each lead.
    pub(super) fn len(&self) -> usize {
        self.leads.first().map_or(0, Vec::len)
    }
}
