//! The steps of a recipe, as they are written in `configs/recipes/`.

use crate::filter::MAX_ORDER;
use crate::standardize::ConstantLeads;
use crate::step::{MAX_SAMPLE_RATE, MAX_SEGMENT_SAMPLES};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step from a recording to what a model is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum RecipeStep {
    /// Drops the samples at both ends in which every lead is 0.
    TrimPadding,
    /// Selects leads by name, in this order. Without this step a model takes all twelve in the standard order.
    Leads {
        /// Names, in any case.
        names: Vec<String>,
        /// What becomes of a lead that the recording lacks.
        #[serde(default)]
        missing: MissingLead,
        /// Whether a missing limb lead is computed from I and II.
        #[serde(default)]
        derive: bool,
    },
    /// Replaces NaN.
    MissingValues {
        /// By what.
        to: MissingValue,
    },
    /// Refuses a recording of which every lead begins with zeros.
    RejectZeroStart {
        /// How many zeros.
        #[schemars(range(min = 1, max = MAX_SEGMENT_SAMPLES))]
        samples: usize,
    },
    /// Multiplies, divides, then rounds: mV to another unit.
    Scale {
        /// Factor.
        #[serde(default = "one")]
        multiply: f64,
        /// Divisor.
        #[serde(default = "one")]
        divide: f64,
        /// Whether values are rounded to whole numbers, halves to even ones.
        #[serde(default)]
        round: bool,
    },
    /// Makes leads of one value throughout zero.
    FlatToZero,
    /// Takes one frequency out, forth and back (`scipy.signal.iirnotch`, `filtfilt`).
    Notch {
        /// The frequency, in Hz, below half the sample rate.
        #[schemars(extend("exclusiveMinimum" = 0))]
        hz: f64,
        /// Quality: the frequency over the width at −3 dB.
        #[schemars(extend("exclusiveMinimum" = 0))]
        q: f64,
    },
    /// Butterworth filter, forth and back (`scipy.signal.butter`, `filtfilt` or `sosfiltfilt`).
    Butterworth {
        /// What passes.
        pass: PassBand,
        /// Order; a band pass has twice as many poles.
        #[schemars(range(min = 1, max = MAX_ORDER))]
        order: usize,
        /// One edge, or for `band` two, in Hz.
        hz: Vec<f64>,
        /// Form of the coefficients.
        form: FilterForm,
    },
    /// Band pass of finite length with a Hamming window, forth and back (`scipy.signal.firwin`, `filtfilt`).
    Fir {
        /// Length in seconds; rounded down to samples, and up to an odd number of them.
        #[schemars(range(max = MAX_WIDTH), extend("exclusiveMinimum" = 0))]
        seconds: f64,
        /// Both edges, in Hz.
        hz: [f64; 2],
    },
    /// Subtracts running medians, the second taken of the first and so on (`scipy.signal.medfilt`).
    MedianBaseline {
        /// Widths in seconds; made odd numbers of samples.
        seconds: Vec<f64>,
        /// How a width becomes a number of samples.
        round: Rounding,
    },
    /// Resamples to a rate, or to a number of samples.
    Resample {
        /// How.
        method: ResampleMethod,
        /// The rate, in Hz; a recording of that rate stays as it is.
        #[schemars(range(min = 1, max = MAX_SAMPLE_RATE))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hz: Option<f64>,
        /// The number of samples that the whole recording, or each segment, becomes.
        #[schemars(range(min = 1, max = MAX_SEGMENT_SAMPLES))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        samples: Option<usize>,
    },
    /// Limits values, lead by lead.
    Clip {
        /// Least value of each lead.
        low: Vec<f64>,
        /// Greatest value of each lead.
        high: Vec<f64>,
    },
    /// Subtracts and divides by fixed numbers, lead by lead.
    Affine {
        /// What is subtracted from each lead.
        subtract: Vec<f64>,
        /// What each lead is then divided by.
        divide: Vec<f64>,
    },
    /// Brings values to mean 0 and deviation 1, or into a range.
    Normalize {
        /// How.
        kind: NormalizeKind,
        /// Over which values mean and deviation, or least and greatest, are taken.
        over: Scope,
        /// The range of `min_max`.
        #[serde(default = "unit", skip_serializing_if = "is_unit")]
        to: [f64; 2],
        /// Added to the divisor.
        #[schemars(range(min = 0.0))]
        #[serde(default)]
        eps: f64,
        /// What becomes of values that are all the same; without it, what the formula gives.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        constant: Option<ConstantLeads>,
    },
    /// Cuts the recording into segments. Steps after this one work on each segment by itself.
    Segments {
        /// Which.
        take: Take,
        /// Samples of a segment.
        #[schemars(range(min = 1, max = MAX_SEGMENT_SAMPLES))]
        samples: usize,
        /// How many, for `even`.
        #[schemars(range(min = 1))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
        /// Samples from one start to the next, for `stride`.
        #[schemars(range(min = 1))]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<usize>,
        /// What becomes of a recording shorter than a segment.
        #[serde(default)]
        short: ShortRecording,
    },
    /// Puts the leads one after another into one row.
    Flatten,
    /// Scales by what other ECGs of the same batch are like. No recipe may: it is here to be refused with the reason.
    #[serde(alias = "batch_scale", alias = "standard_scaler")]
    ScaleByBatch,
}

/// Longest filter or window, in seconds.
pub(super) const MAX_WIDTH: f64 = 60.0;

fn one() -> f64 {
    1.0
}

fn unit() -> [f64; 2] {
    [0.0, 1.0]
}

fn is_unit(range: &[f64; 2]) -> bool {
    *range == unit()
}

/// What becomes of a lead that the recording lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingLead {
    /// The recording is refused.
    #[default]
    Refuse,
    /// Zeros.
    Zero,
    /// NaN.
    Nan,
}

/// What NaN becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingValue {
    /// Zero.
    Zero,
    /// The mean of the lead's other values.
    Mean,
    /// The straight line between the values before and after; at the ends the nearest value.
    Interpolate,
    /// The recording is refused.
    Reject,
}

/// What a filter passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassBand {
    /// Frequencies below an edge.
    Low,
    /// Frequencies above an edge.
    High,
    /// Frequencies between two edges.
    Band,
}

/// Form of a filter's coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterForm {
    /// One fraction of polynomials. In narrow bands the last bits of its coefficients decide the third digit of the result.
    Ba,
    /// Sections of second order.
    Sos,
}

/// How a width in seconds becomes a number of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Rounded down.
    Down,
    /// Rounded to the nearest.
    Nearest,
}

/// How a signal is resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResampleMethod {
    /// Straight lines, the first and last sample kept in place.
    Linear,
    /// Fourier transform (`scipy.signal.resample`).
    Fft,
    /// Finite filter with a Kaiser window (`scipy.signal.resample_poly`).
    Polyphase,
    /// Chebyshev filter forth and back, then every nth sample (`scipy.signal.decimate`).
    IirDecimate,
    /// Every nth sample, unfiltered.
    Stride,
}

/// How values are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NormalizeKind {
    /// To mean 0 and deviation 1 (of the population).
    ZScore,
    /// Into a range.
    MinMax,
}

/// Over which values something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each lead by itself: of the recording before it is cut, of the segment after.
    Lead,
    /// All leads of the recording together, before it is cut.
    Record,
    /// All leads of the segment together, after the cut.
    Segment,
}

/// Which segments are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// One, from the start.
    First,
    /// One after another; what is left at the end is dropped.
    Tile,
    /// `count` of them, the first at the start, the last at the end, in equal steps.
    Even,
    /// One every `every` samples.
    Stride,
}

/// What becomes of a recording shorter than a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortRecording {
    /// It is refused.
    #[default]
    Refuse,
    /// It makes no segment.
    Drop,
    /// Zeros after it.
    PadRight,
    /// Zeros before and after it, the odd one after.
    PadBoth,
}

impl RecipeStep {
    /// Name, as in recipes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TrimPadding => "trim_padding",
            Self::Leads { .. } => "leads",
            Self::MissingValues { .. } => "missing_values",
            Self::RejectZeroStart { .. } => "reject_zero_start",
            Self::Scale { .. } => "scale",
            Self::FlatToZero => "flat_to_zero",
            Self::Notch { .. } => "notch",
            Self::Butterworth { .. } => "butterworth",
            Self::Fir { .. } => "fir",
            Self::MedianBaseline { .. } => "median_baseline",
            Self::Resample { .. } => "resample",
            Self::Clip { .. } => "clip",
            Self::Affine { .. } => "affine",
            Self::Normalize { .. } => "normalize",
            Self::Segments { .. } => "segments",
            Self::Flatten => "flatten",
            Self::ScaleByBatch => "scale_by_batch",
        }
    }
}
