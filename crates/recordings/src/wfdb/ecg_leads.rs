//! Which signals of a record make one recording: those of an ECG, all at one rate.

use super::calibration::Calibration;
use super::error::{HEADER_HELP, unsupported};
use super::specification::SignalSpecification;
use super::unit::WfdbUnit;
use crate::lead_names::standard_name;
use ecgfm_formats::{Error, Result};
use std::path::Path;

/// Signals of a record that become leads of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EcgLeads {
    /// Positions among the signals of the record, at least one.
    pub(super) positions: Vec<usize>,
    /// Names as in the header; `signal N` where it has none.
    pub(super) names: Vec<String>,
    /// Samples in a frame, the same of every lead.
    pub(super) samples_per_frame: u32,
    /// Signals that were left out, in words.
    pub(super) left_out: Vec<String>,
}

impl EcgLeads {
    /// Chooses the signals in a unit of voltage, at the rate of the known leads, or else of the fastest signal. The header at
    /// `path` describes them.
    ///
    /// # Errors
    /// No signal is in a unit of voltage; known leads have several rates.
    pub(super) fn choose(path: &Path, signals: &[SignalSpecification]) -> Result<Self> {
        let in_millivolts = |signal: &SignalSpecification| Calibration::of(signal).1 == WfdbUnit::Millivolts;
        let is_known = |signal: &SignalSpecification| signal.description.as_deref().is_some_and(is_lead);
        let voltages = || signals.iter().filter(|signal| in_millivolts(signal));
        let known = || voltages().filter(|signal| is_known(signal));
        let rate = |signal: &SignalSpecification| signal.samples_per_frame;
        let samples_per_frame = known().map(rate).next().or_else(|| voltages().map(rate).max());
        let samples_per_frame = samples_per_frame.ok_or_else(|| no_voltage(path, signals))?;
        if let Some(other) = known().find(|signal| rate(signal) != samples_per_frame) {
            let what = format!(
                "lead {} has another sample rate than the leads before it",
                other.label()
            );
            return Err(unsupported(
                path,
                format!("line {}", other.line),
                what,
                "resample it to their rate",
            ));
        }
        let mut leads = Self {
            positions: Vec::new(),
            names: Vec::new(),
            samples_per_frame,
            left_out: Vec::new(),
        };
        for (number, signal) in signals.iter().enumerate() {
            let why = if !in_millivolts(signal) {
                format!("its unit is {}", signal.unit.as_deref().unwrap_or_default())
            } else if rate(signal) != samples_per_frame {
                "its sample rate is another than that of the leads".to_owned()
            } else {
                leads.positions.push(number);
                let name = signal.description.clone();
                leads
                    .names
                    .push(name.unwrap_or_else(|| format!("signal {number}")));
                continue;
            };
            leads
                .left_out
                .push(format!("signal {} is left out: {why}", signal.label()));
        }
        Ok(leads)
    }
}

fn is_lead(name: &str) -> bool {
    standard_name(name).is_some()
}

fn no_voltage(path: &Path, signals: &[SignalSpecification]) -> Error {
    let units: Vec<&str> = signals
        .iter()
        .filter_map(|signal| signal.unit.as_deref())
        .collect();
    let what = match units.first() {
        Some(unit) => format!("no signal is in a unit of voltage; the first is in {unit}"),
        None => "the record has no signals".to_owned(),
    };
    unsupported(path, "signals", what, HEADER_HELP)
}
