//! Records in physical units.

use super::calibration::Calibration;
use super::header::WfdbHeader;
use super::specification::SignalSpecification;
use super::stored::StoredRecord;
use super::unit::WfdbUnit;
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
    pub unit: WfdbUnit,
    /// Samples in a frame: the sample rate is so many times that of frames.
    pub samples_per_frame: u32,
    /// Samples in that unit; NaN where the file has none.
    pub samples: Vec<f64>,
}

/// Record in physical units.
///
/// Signals of several samples a frame keep them all, so that a signal has its own rate. Averaging them to one a frame, as
/// wfdb-python does by default, would lose most of the signal: 250 Hz would become 62.5.
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

impl WfdbRecord {
    /// Amplitudes of a record, in millivolts where the unit is one of voltage, shifted by the skew. Samples of the value that
    /// the format has for "no value" are NaN.
    pub(super) fn from_stored(stored: StoredRecord) -> Self {
        let amplitudes = stored.map(|signal| {
            let (calibration, _) = Calibration::of(signal);
            move |sample| calibration.amplitude(sample)
        });
        let numbered = stored.header.signals.iter().zip(amplitudes).enumerate();
        let signals: Vec<WfdbSignal> = numbered
            .map(|(number, (signal, amplitudes))| WfdbSignal::new(number, signal, shift(signal, amplitudes)))
            .collect();
        let mut warnings = stored.warnings;
        warnings.extend(doubts_about(&stored.header.signals));
        Self {
            path: stored.path,
            header: stored.header,
            signals,
            frames: stored.frames,
            warnings,
        }
    }
}

impl WfdbSignal {
    /// Signal that is number `number` of its record, from 0 on.
    pub(super) fn new(number: usize, signal: &SignalSpecification, samples: Vec<f64>) -> Self {
        let name = signal.description.clone();
        Self {
            lead: name.as_deref().and_then(standard_name),
            name: name.unwrap_or_else(|| format!("signal {number}")),
            unit: Calibration::of(signal).1,
            samples_per_frame: signal.samples_per_frame,
            samples,
        }
    }
}

/// Drops the samples that precede the record; there are none at its end then.
fn shift(signal: &SignalSpecification, mut amplitudes: Vec<f64>) -> Vec<f64> {
    let length = amplitudes.len();
    let before = (signal.skew as usize).saturating_mul(signal.samples_per_frame as usize);
    amplitudes.drain(..before.min(length));
    amplitudes.resize(length, f64::NAN);
    amplitudes
}

/// What is odd about signals by their header alone, in words.
pub(super) fn doubts_about(signals: &[SignalSpecification]) -> Vec<String> {
    let mut doubts = assumptions(signals);
    doubts.extend(repeated_leads(signals));
    doubts
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
fn repeated_leads(signals: &[SignalSpecification]) -> Vec<String> {
    let named = signals
        .iter()
        .filter_map(|signal| standard_name(signal.description.as_deref()?));
    let mut leads: Vec<&str> = named.collect();
    leads.sort_unstable();
    let repeated = leads.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
    repeated
        .map(|same| format!("{} signals are called {}", same.len(), same[0]))
        .collect()
}
