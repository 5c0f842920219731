//! Recordings of float32 and of float64: how each is measured and stored.

use ecgfm_artifacts::formats::mat5::MatData;
use ecgfm_artifacts::recipe::sample::Sample;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Bits of numbers of the recording's type: in JSON too NaN is one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Statistics {
    Float32(Box<[u32]>),
    Float64(Box<[u64]>),
}

impl Statistics {
    /// Values as float64, exactly.
    pub(crate) fn as_f64(&self) -> Vec<f64> {
        match self {
            Self::Float32(bits) => bits.iter().map(|bits| f64::from(f32::from_bits(*bits))).collect(),
            Self::Float64(bits) => bits.iter().map(|bits| f64::from_bits(*bits)).collect(),
        }
    }
}

impl Statistics {
    /// Appends them as [`Self::take`] reads them.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Float32(bits) => {
                bytes.extend([4, bits.len() as u8]);
                bits.iter().for_each(|bits| bytes.extend(bits.to_le_bytes()));
            }
            Self::Float64(bits) => {
                bytes.extend([8, bits.len() as u8]);
                bits.iter().for_each(|bits| bytes.extend(bits.to_le_bytes()));
            }
        }
    }

    /// Reads what [`Self::put`] wrote; none where it is something else.
    pub(crate) fn take(bytes: &mut &[u8]) -> Option<Self> {
        let [width, count] = take_bytes(bytes)?;
        match width {
            4 => {
                let bits = (0..count).map(|_| Some(u32::from_le_bytes(take_bytes(bytes)?)));
                Some(Self::Float32(bits.collect::<Option<_>>()?))
            }
            8 => {
                let bits = (0..count).map(|_| Some(u64::from_le_bytes(take_bytes(bytes)?)));
                Some(Self::Float64(bits.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }
}

/// The next bytes, where there are so many.
pub(crate) fn take_bytes<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// A type of samples whose statistics and values can be stored.
pub(crate) trait StoredSample: Sample {
    /// Statistics of this type.
    fn statistics(values: &[Self]) -> Statistics;

    /// Values as an array of a `.mat` file.
    fn mat_data(values: &[Self]) -> MatData<'_>;

    /// Values rounded to float32.
    fn as_f32(values: &[Self]) -> Cow<'_, [f32]>;
}

impl StoredSample for f32 {
    fn statistics(values: &[Self]) -> Statistics {
        Statistics::Float32(values.iter().map(|v| v.to_bits()).collect())
    }

    fn mat_data(values: &[Self]) -> MatData<'_> {
        MatData::F32(values)
    }

    fn as_f32(values: &[Self]) -> Cow<'_, [f32]> {
        Cow::Borrowed(values)
    }
}

impl StoredSample for f64 {
    fn statistics(values: &[Self]) -> Statistics {
        Statistics::Float64(values.iter().map(|v| v.to_bits()).collect())
    }

    fn mat_data(values: &[Self]) -> MatData<'_> {
        MatData::F64(values)
    }

    fn as_f32(values: &[Self]) -> Cow<'_, [f32]> {
        Cow::Owned(values.iter().map(|v| *v as f32).collect())
    }
}
