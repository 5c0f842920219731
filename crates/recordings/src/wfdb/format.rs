//! Storage formats of signal files, as signal(5) of WFDB describes them.

use std::fmt;

/// Storage format of the samples of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleFormat {
    /// Format 0: no samples are stored.
    Null,
    /// Format 8: first differences of 8 bits.
    Difference8,
    /// Format 16: 16 bits, two's complement, little-endian.
    Int16,
    /// Format 24: 24 bits, two's complement, little-endian.
    Int24,
    /// Format 32: 32 bits, two's complement, little-endian.
    Int32,
    /// Format 61: 16 bits, two's complement, big-endian.
    Int16BigEndian,
    /// Format 80: 8 bits, 128 added.
    Offset8,
    /// Format 160: 16 bits, 32,768 added, little-endian.
    Offset16,
    /// Format 212: two samples of 12 bits in three bytes.
    Packed12,
    /// Format 310: three samples of 10 bits in two words of 16 bits.
    Packed10Pairs,
    /// Format 311: three samples of 10 bits in one word of 32 bits.
    Packed10Word,
    /// Format 508: FLAC, up to 8 bits.
    Flac8,
    /// Format 516: FLAC, up to 16 bits.
    Flac16,
    /// Format 524: FLAC, up to 24 bits.
    Flac24,
}

use SampleFormat::{
    Difference8, Flac8, Flac16, Flac24, Int16, Int16BigEndian, Int24, Int32, Null, Offset8, Offset16,
    Packed10Pairs, Packed10Word, Packed12,
};

impl SampleFormat {
    /// Every format with its number in headers.
    pub const ALL: [(u32, Self); 14] = [
        (0, Null),
        (8, Difference8),
        (16, Int16),
        (24, Int24),
        (32, Int32),
        (61, Int16BigEndian),
        (80, Offset8),
        (160, Offset16),
        (212, Packed12),
        (310, Packed10Pairs),
        (311, Packed10Word),
        (508, Flac8),
        (516, Flac16),
        (524, Flac24),
    ];

    /// Format of that number; none where no such format is known.
    pub fn from_number(number: u32) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == number).map(|(_, format)| format)
    }

    /// Number of the format in headers.
    pub fn number(self) -> u32 {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, format)| *format == self)
            .map_or(0, |(number, _)| number)
    }

    /// Bits of a FLAC sample at most; none for other formats.
    pub fn flac_bits(self) -> Option<u32> {
        match self {
            Flac8 => Some(8),
            Flac16 => Some(16),
            Flac24 => Some(24),
            _ => None,
        }
    }

    /// Sample value that means "no value": the lowest of the format. Differences have none.
    pub fn invalid_sample(self) -> Option<i32> {
        match self {
            Null | Difference8 => None,
            Offset8 | Flac8 => Some(-(1 << 7)),
            Packed10Pairs | Packed10Word => Some(-(1 << 9)),
            Packed12 => Some(-(1 << 11)),
            Int16 | Int16BigEndian | Offset16 | Flac16 => Some(-(1 << 15)),
            Int24 | Flac24 => Some(-(1 << 23)),
            Int32 => Some(i32::MIN),
        }
    }

    /// Samples in a block, and bytes that it takes. Formats without fixed blocks have one of no bytes.
    fn block(self) -> (u64, u64) {
        match self {
            Null | Flac8 | Flac16 | Flac24 => (1, 0),
            Difference8 | Offset8 => (1, 1),
            Int16 | Int16BigEndian | Offset16 => (1, 2),
            Int24 => (1, 3),
            Int32 => (1, 4),
            Packed12 => (2, 3),
            Packed10Pairs | Packed10Word => (3, 4),
        }
    }

    /// Bytes that hold the last `samples` of a block that is not full.
    fn partial_block_bytes(self, samples: u64) -> u64 {
        match (self, samples) {
            (_, 0) => 0,
            (Packed10Pairs, 2) => 4,
            (Packed10Word, 2) => 3,
            _ => 2,
        }
    }

    /// Bytes that `samples` take at least; none if that exceeds 64 bits.
    pub(super) fn bytes_for(self, samples: u64) -> Option<u64> {
        let (of_block, bytes) = self.block();
        let whole = (samples / of_block).checked_mul(bytes)?;
        whole.checked_add(self.partial_block_bytes(samples % of_block))
    }

    /// Bytes that `samples` take where the last block is filled up; none if that exceeds 64 bits.
    pub(super) fn padded_bytes_for(self, samples: u64) -> Option<u64> {
        let (of_block, bytes) = self.block();
        samples.div_ceil(of_block).checked_mul(bytes)
    }

    /// Samples that `bytes` hold.
    pub(super) fn samples_in(self, bytes: u64) -> u64 {
        let (of_block, size) = self.block();
        let Some(blocks) = bytes.checked_div(size) else {
            return 0;
        };
        let left = bytes % size;
        let partial = (0..of_block).rev().find(|n| self.partial_block_bytes(*n) <= left);
        (blocks * of_block).saturating_add(partial.unwrap_or(0))
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_samples_agree_for_every_number_of_samples() {
        for (number, format) in SampleFormat::ALL {
            assert_eq!(SampleFormat::from_number(number), Some(format));
            assert_eq!(format.number(), number);
            if format == Null || format.flac_bits().is_some() {
                continue;
            }
            for samples in 0..20 {
                let bytes = format.bytes_for(samples).unwrap();
                // Two samples of format 310 take as many bytes as three.
                let held = samples + u64::from(format == Packed10Pairs && samples % 3 == 2);
                assert_eq!(
                    format.samples_in(bytes),
                    held,
                    "{format}: {samples} in {bytes} bytes"
                );
                assert!(
                    bytes == 0 || format.samples_in(bytes - 1) < samples,
                    "{format}: {samples}"
                );
                assert!((bytes..bytes + 3).contains(&format.padded_bytes_for(samples).unwrap()));
            }
        }
        assert_eq!(Int32.bytes_for(u64::MAX), None);
        assert_eq!(SampleFormat::from_number(17), None);
    }
}
