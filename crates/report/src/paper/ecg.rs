//! An ECG as it is drawn, and the paper it is drawn on.

use std::ops::Range;

pub use ecgfm_artifacts::recipe::leads::NAMES as LEADS;

/// Seconds across the paper.
pub const SECONDS: f64 = 10.0;

/// Unit of the values of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SignalUnit {
    /// So many of them are a millivolt.
    PerMillivolt(f64),
    /// The archive does not say; one is drawn as a millivolt.
    NotStated,
    /// Standard deviations of the lead; one is drawn as half a millivolt.
    Standardized,
}

impl SignalUnit {
    /// Millivolts that a value is drawn as.
    pub(super) fn millivolts(self) -> f64 {
        match self {
            Self::PerMillivolt(units) => 1.0 / units,
            Self::NotStated => 1.0,
            Self::Standardized => 0.5,
        }
    }

    pub(super) fn scale_text(self) -> String {
        match self {
            Self::PerMillivolt(1.0) => "in mV".to_owned(),
            Self::PerMillivolt(units) => format!("{units} units a mV"),
            Self::NotStated => "unit not stated by the archive: 1 unit drawn as 1 mV".to_owned(),
            Self::Standardized => "standardised, no unit: 1 standard deviation drawn as 0.5 mV".to_owned(),
        }
    }
}

/// Something laid behind the traces, from `from` to `to` seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShadedSpan {
    /// Begin, in seconds.
    pub from: f64,
    /// End, in seconds.
    pub to: f64,
    /// Strength, 0 … 1.
    pub weight: f64,
}

/// A recording to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Ecg {
    /// Name of the recording.
    pub record: String,
    /// [`LEADS`], each of the same number of samples; values that are not finite leave a gap.
    pub leads: Vec<Vec<f32>>,
    /// Samples a second.
    pub rate: f64,
    /// Unit of the values.
    pub unit: SignalUnit,
    /// Processing of the signal, such as `none` or `resampled from 400 Hz`.
    pub filters: String,
    /// Segments that the model reads, each from and to in seconds; empty where they are not known.
    pub segments: Vec<Range<f64>>,
    /// Spans to which the model attended, where that is known.
    pub shades: Vec<ShadedSpan>,
    /// Meaning of the shaded spans, in a few words.
    pub shades_meaning: String,
    /// Further lines of text below the traces.
    pub notes: Vec<String>,
}

/// Scale of a drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaperScale {
    /// Millimetres a second.
    pub speed: f64,
    /// Millimetres a millivolt.
    pub gain: f64,
}

impl Default for PaperScale {
    fn default() -> Self {
        Self {
            speed: 25.0,
            gain: 10.0,
        }
    }
}
