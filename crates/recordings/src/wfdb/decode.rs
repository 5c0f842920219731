//! Samples out of the bytes of a signal file.

use super::format::SampleFormat;

/// Decodes the first `count` samples of `bytes`, in the order of the file; fewer where `bytes` end before. Format 8 gives
/// differences. FLAC is decoded elsewhere.
pub(super) fn decode_samples(format: SampleFormat, bytes: &[u8], count: usize) -> Vec<i32> {
    let mut samples: Vec<i32> = match format {
        SampleFormat::Difference8 => bytes.iter().map(|byte| i32::from(*byte as i8)).collect(),
        SampleFormat::Offset8 => bytes.iter().map(|byte| i32::from(*byte) - 128).collect(),
        SampleFormat::Int16 => words(bytes, |word| i32::from(i16::from_le_bytes(word))),
        SampleFormat::Int16BigEndian => words(bytes, |word| i32::from(i16::from_be_bytes(word))),
        SampleFormat::Offset16 => words(bytes, |word| i32::from(u16::from_le_bytes(word)) - 32768),
        SampleFormat::Int24 => words(bytes, |[low, middle, high]| {
            sign_extend(u32::from_le_bytes([low, middle, high, 0]), 24)
        }),
        SampleFormat::Int32 => words(bytes, i32::from_le_bytes),
        SampleFormat::Packed12 => blocks(bytes, unpack_12),
        SampleFormat::Packed10Pairs => blocks(bytes, unpack_10_pairs),
        SampleFormat::Packed10Word => blocks(bytes, unpack_10_word),
        SampleFormat::Null | SampleFormat::Flac8 | SampleFormat::Flac16 | SampleFormat::Flac24 => Vec::new(),
    };
    samples.truncate(count);
    samples
}

/// Decodes words of `N` bytes.
fn words<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> i32) -> Vec<i32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| decode(*word)).collect()
}

/// Decodes blocks of `N` bytes and `M` samples. The last block may be cut short; its samples past the end come out as if zeros
/// followed.
fn blocks<const N: usize, const M: usize>(bytes: &[u8], unpack: impl Fn([u8; N]) -> [i32; M]) -> Vec<i32> {
    let (whole, rest) = bytes.as_chunks();
    let mut samples = Vec::with_capacity((whole.len() + 1) * M);
    for block in whole {
        samples.extend(unpack(*block));
    }
    if !rest.is_empty() {
        let mut last = [0; N];
        last[..rest.len()].copy_from_slice(rest);
        samples.extend(unpack(last));
    }
    samples
}

/// Format 212: the low bits of the first sample, the high bits of both, the low bits of the second.
fn unpack_12([first, high, second]: [u8; 3]) -> [i32; 2] {
    let (first, high, second) = (u32::from(first), u32::from(high), u32::from(second));
    [(first | (high & 0xf) << 8), (second | (high >> 4) << 8)].map(|bits| sign_extend(bits, 12))
}

/// Format 310: two words of 16 bits, each with ten bits of a sample above an unused one, and half of the third sample above
/// those.
fn unpack_10_pairs([a, b, c, d]: [u8; 4]) -> [i32; 3] {
    let [low, high] = [[a, b], [c, d]].map(|word| u32::from(u16::from_le_bytes(word)));
    [low >> 1 & 0x3ff, high >> 1 & 0x3ff, low >> 11 | high >> 11 << 5].map(|bits| sign_extend(bits, 10))
}

/// Format 311: three samples of ten bits in one word, from the lowest bit on.
fn unpack_10_word(word: [u8; 4]) -> [i32; 3] {
    let word = u32::from_le_bytes(word);
    [0, 10, 20].map(|shift| sign_extend(word >> shift & 0x3ff, 10))
}

/// Number of `bits` bits in two's complement.
fn sign_extend(value: u32, bits: u32) -> i32 {
    let unused = 32 - bits;
    ((value << unused) as i32) >> unused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wfdb::testing::{ENCODED, encode_samples, sample_range};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(values in prop::collection::vec(any::<i32>(), 0..50)) {
            for format in ENCODED {
                let range = sample_range(format);
                let width = i64::from(*range.end()) - i64::from(*range.start()) + 1;
                let fit = |v: &i32| (i64::from(*v).rem_euclid(width) + i64::from(*range.start())) as i32;
                let samples: Vec<i32> = values.iter().map(fit).collect();
                let bytes = encode_samples(format, &samples);
                prop_assert_eq!(bytes.len() as u64, format.bytes_for(samples.len() as u64).unwrap());
                prop_assert_eq!(decode_samples(format, &bytes, samples.len()), samples, "{}", format);
            }
        }

        #[test]
        fn any_bytes_are_samples_in_the_range_of_the_format(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            for format in ENCODED {
                let samples = decode_samples(format, &bytes, usize::MAX);
                let held = format.samples_in(bytes.len() as u64);
                prop_assert!(samples.len() as u64 >= held);
                prop_assert!(samples.iter().all(|sample| sample_range(format).contains(sample)));
            }
        }
    }
}
