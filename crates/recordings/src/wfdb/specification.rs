//! What a header states of a signal and of a segment.

use super::format::SampleFormat;

/// Description of a signal in a header: what the header states, and none where it states nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSpecification {
    /// Line of the header, from 1 on.
    pub line: usize,
    /// Name of the file that holds the samples.
    pub file: String,
    /// Storage format of the samples.
    pub format: SampleFormat,
    /// Samples in a frame, from 1 on: the sample rate is so many times that of frames.
    pub samples_per_frame: u32,
    /// Frames of the file that precede the first sample of the record.
    pub skew: u32,
    /// Bytes of the file before its samples; for FLAC, samples.
    pub byte_offset: u64,
    /// ADC units per physical unit, finite and possibly 0, which means uncalibrated.
    pub gain: Option<f64>,
    /// Sample value of 0 physical units.
    pub baseline: Option<i64>,
    /// Physical unit.
    pub unit: Option<String>,
    /// Bits of the analog-to-digital converter.
    pub adc_resolution: Option<i64>,
    /// Sample value in the middle of the converter's range.
    pub adc_zero: Option<i64>,
    /// Value of the first sample.
    pub initial: Option<i64>,
    /// Sum of all samples, modulo 2^16.
    pub checksum: Option<u16>,
    /// Bytes in which the file must be read; always 0 on disks.
    pub block_size: Option<i64>,
    /// Name of the lead or of another signal.
    pub description: Option<String>,
}

impl SignalSpecification {
    /// Gain that WFDB's documentation gives to signals without one: 200 ADC units per physical unit.
    pub const DEFAULT_GAIN: f64 = 200.0;

    /// Returns true if the header states a gain, not 0.
    pub fn is_calibrated(&self) -> bool {
        self.gain.is_some_and(|gain| gain != 0.0)
    }

    /// Gain in use: the one stated, or [`Self::DEFAULT_GAIN`].
    pub fn effective_gain(&self) -> f64 {
        self.gain
            .filter(|gain| *gain != 0.0)
            .unwrap_or(Self::DEFAULT_GAIN)
    }

    /// Baseline in use: the one stated, or the ADC zero, or 0.
    pub fn effective_baseline(&self) -> i64 {
        self.baseline.or(self.adc_zero).unwrap_or(0)
    }

    /// Name for messages: the description, or the line.
    pub fn label(&self) -> String {
        let line = || format!("of line {}", self.line);
        self.description.clone().unwrap_or_else(line)
    }
}

/// Segment of a multi-segment record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSpecification {
    /// Line of the header, from 1 on.
    pub line: usize,
    /// Record that is the segment; `~` where there was none.
    pub name: String,
    /// Frames; 0 in the first segment of a variable layout, which only describes the signals.
    pub frames: u64,
}

impl SegmentSpecification {
    /// Returns true for a gap without samples.
    pub fn is_null(&self) -> bool {
        self.name == "~"
    }
}
