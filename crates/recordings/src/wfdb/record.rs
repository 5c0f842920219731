//! Records in physical units.

use super::digital::DigitalRecord;
use super::header::WfdbHeader;
use super::specification::SignalSpecification;
use super::unit::{Scale, SignalUnit, scale_to_millivolts};
use crate::lead_names::standard_name;
use std::path::PathBuf;

/// Signal of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbSignal {
    /// Name in the header; `signal N` from 0 on where it has none.
    pub name: String,
    /// Standard name of the lead; none where the name is not known as one.
    pub lead: Option<&'static str>,
    /// Unit of the samples.
    pub unit: SignalUnit,
    /// Samples in a frame: the sample rate is so many times that of frames.
    pub samples_per_frame: u32,
    /// Samples in that unit; NaN where the file has none.
    pub samples: Vec<f64>,
}

/// Record in physical units.
///
/// Signals of several samples a frame keep them all, so that a signal has its own rate. Averaging them to one a frame, as
/// wfdb-python does unless told otherwise, would lose most of the signal: 250 Hz would become 62.5.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbRecord {
    /// Path of the header.
    pub path: PathBuf,
    /// Header.
    pub header: WfdbHeader,
    /// Signals in the order of the header.
    pub signals: Vec<WfdbSignal>,
    /// Frames.
    pub frames: u64,
    /// What is odd about the record, in words.
    pub warnings: Vec<String>,
}

impl WfdbRecord {
    /// Samples of that signal a second; none where the header does not state the rate.
    pub fn sample_rate(&self, signal: &WfdbSignal) -> Option<f64> {
        let frames = self.header.frame_rate?;
        Some(frames * f64::from(signal.samples_per_frame))
    }
}

impl DigitalRecord {
    /// Amplitudes: `(sample - baseline) / gain`, in millivolts where the unit is one of voltage, shifted by the skew. Samples
    /// of the value that the format has for "no value" are NaN.
    pub fn into_physical(self) -> WfdbRecord {
        let mut warnings = self.warnings;
        warnings.extend(assumptions(&self.header.signals));
        let numbered = self.header.signals.iter().zip(&self.samples).enumerate();
        let signals: Vec<WfdbSignal> = numbered
            .map(|(number, (signal, samples))| to_physical(number, signal, samples))
            .collect();
        warnings.extend(repeated_leads(&signals));
        WfdbRecord {
            path: self.path,
            header: self.header,
            signals,
            frames: self.frames,
            warnings,
        }
    }
}

fn to_physical(number: usize, signal: &SignalSpecification, samples: &[i32]) -> WfdbSignal {
    let (unit, scale) = unit_and_scale(signal);
    let (gain, baseline) = (signal.effective_gain(), signal.effective_baseline() as f64);
    let invalid = signal.format.invalid_sample();
    let amplitude = |sample: &i32| match Some(*sample) == invalid {
        true => f64::NAN,
        false => scale.apply((f64::from(*sample) - baseline) / gain),
    };
    let skipped = (signal.skew as usize).saturating_mul(signal.samples_per_frame as usize);
    let mut amplitudes: Vec<f64> = samples.iter().skip(skipped).map(amplitude).collect();
    amplitudes.resize(samples.len(), f64::NAN);
    let name = signal.description.clone();
    WfdbSignal {
        lead: name.as_deref().and_then(standard_name),
        name: name.unwrap_or_else(|| format!("signal {number}")),
        unit,
        samples_per_frame: signal.samples_per_frame,
        samples: amplitudes,
    }
}

/// Unit of the samples of a signal, and how they get there. Without a unit they are millivolts, as header(5) has it.
pub(super) fn unit_and_scale(signal: &SignalSpecification) -> (SignalUnit, Scale) {
    let Some(unit) = &signal.unit else {
        return (SignalUnit::Millivolts, Scale::Times(1.0));
    };
    match scale_to_millivolts(unit) {
        Some(scale) => (SignalUnit::Millivolts, scale),
        None => (SignalUnit::Other(unit.clone()), Scale::Times(1.0)),
    }
}

/// What was assumed of signals about which the header is silent, or which it describes oddly.
fn assumptions(signals: &[SignalSpecification]) -> Vec<String> {
    let about = |holds: fn(&SignalSpecification) -> bool, what: &str| {
        let names: Vec<String> = signals
            .iter()
            .filter(|signal| holds(signal))
            .map(SignalSpecification::label)
            .collect();
        (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
    };
    let all = [
        about(
            |signal| !signal.is_calibrated(),
            "no gain is stated, so that amplitudes are uncalibrated; 200 ADC units per unit are assumed, as WFDB does",
        ),
        about(
            |signal| signal.unit.is_none(),
            "no unit is stated; millivolts are assumed, as WFDB does",
        ),
        about(
            |signal| signal.effective_gain() < 0.0,
            "the gain is negative, which turns the signal upside down",
        ),
    ];
    all.into_iter().flatten().collect()
}

/// Leads that several signals claim to be.
fn repeated_leads(signals: &[WfdbSignal]) -> Vec<String> {
    let count = |lead: &str| signals.iter().filter(|signal| signal.lead == Some(lead)).count();
    let mut leads: Vec<&str> = signals.iter().filter_map(|signal| signal.lead).collect();
    leads.sort_unstable();
    leads.dedup();
    let repeated = leads.into_iter().filter(|lead| count(lead) > 1);
    repeated
        .map(|lead| format!("{} signals are called {lead}", count(lead)))
        .collect()
}
