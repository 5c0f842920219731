//! Digests by which a view tells a recording from another one in its place.

use crate::recipe::quality::Quality;
use crate::recipe::sample::Sample;
use std::fmt;
use std::str::FromStr;

/// Digest of the sample rate, the length and the statistics of a recording: 64 bits of a BLAKE3 hash. What is measured
/// anyway, in sums over all samples, costs no further reading; a sample that differs changes the sums of its lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingDigest(u64);

impl RecordingDigest {
    /// Digest of a recording of `sample_rate` Hz with `samples` samples a lead. `statistics` are the means of all leads, then
    /// their deviations.
    pub fn new(sample_rate: f64, samples: usize, statistics: impl IntoIterator<Item = f64>) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&sample_rate.to_le_bytes());
        hash.update(&(samples as u64).to_le_bytes());
        for value in statistics {
            // There are many NaN, which mean the same.
            let value = if value.is_nan() { f64::NAN } else { value };
            hash.update(&value.to_le_bytes());
        }
        let first = hash.finalize().as_bytes().first_chunk().copied();
        Self(u64::from_be_bytes(first.unwrap_or_default()))
    }

    /// Digest of a recording on which `quality` was measured.
    pub(super) fn of_quality<S: Sample>(sample_rate: f64, samples: usize, quality: &Quality<S>) -> Self {
        let statistics = quality.mean.iter().chain(&quality.std);
        Self::new(sample_rate, samples, statistics.map(|value| value.to_f64()))
    }
}

impl fmt::Display for RecordingDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for RecordingDigest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written_and_anything_else_gives_another() {
        let digest = RecordingDigest::new(500.0, 5000, [0.1, f64::NAN, 0.2]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.to_string().len(), 16);
        assert_eq!(RecordingDigest::new(500.0, 5000, [0.1, -f64::NAN, 0.2]), digest);
        let next = 0.2f64.next_up();
        for other in [
            RecordingDigest::new(400.0, 5000, [0.1, f64::NAN, 0.2]),
            RecordingDigest::new(500.0, 4999, [0.1, f64::NAN, 0.2]),
            RecordingDigest::new(500.0, 5000, [0.1, f64::NAN, next]),
        ] {
            assert_ne!(other, digest);
        }
    }
}
