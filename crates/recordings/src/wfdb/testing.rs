//! Signal files for tests.

use super::format::SampleFormat;
use std::ops::RangeInclusive;

/// Formats that [`encode_samples`] writes.
pub(super) const ENCODED: [SampleFormat; 10] = [
    SampleFormat::Difference8,
    SampleFormat::Int16,
    SampleFormat::Int24,
    SampleFormat::Int32,
    SampleFormat::Int16BigEndian,
    SampleFormat::Offset8,
    SampleFormat::Offset16,
    SampleFormat::Packed12,
    SampleFormat::Packed10Pairs,
    SampleFormat::Packed10Word,
];

/// Values that a sample of the format may have; of format 8, those of a difference.
pub(super) fn sample_range(format: SampleFormat) -> RangeInclusive<i32> {
    let lowest = match format {
        SampleFormat::Difference8 => -128,
        other => other.invalid_sample().unwrap(),
    };
    lowest..=!lowest
}

/// Bytes of samples, by the text of signal(5).
pub(super) fn encode_samples(format: SampleFormat, samples: &[i32]) -> Vec<u8> {
    let each = |encode: &dyn Fn(i32) -> Vec<u8>| samples.iter().flat_map(|sample| encode(*sample)).collect();
    match format {
        SampleFormat::Difference8 => each(&|s| vec![s as u8]),
        SampleFormat::Offset8 => each(&|s| vec![(s + 128) as u8]),
        SampleFormat::Int16 => each(&|s| (s as i16).to_le_bytes().to_vec()),
        SampleFormat::Int16BigEndian => each(&|s| (s as i16).to_be_bytes().to_vec()),
        SampleFormat::Offset16 => each(&|s| ((s + 32768) as u16).to_le_bytes().to_vec()),
        SampleFormat::Int24 => each(&|s| s.to_le_bytes()[..3].to_vec()),
        SampleFormat::Int32 => each(&|s| s.to_le_bytes().to_vec()),
        SampleFormat::Packed12 => in_blocks(samples, 2, &[0, 2, 3], |b| {
            let (x, y) = (b[0] as u32 & 0xfff, b[1] as u32 & 0xfff);
            vec![x as u8, (x >> 8 | y >> 8 << 4) as u8, y as u8]
        }),
        SampleFormat::Packed10Pairs => in_blocks(samples, 3, &[0, 2, 4, 4], |b| {
            let [x, y, z] = [b[0], b[1], b[2]].map(|s| s as u32 & 0x3ff);
            let words = [x << 1 | (z & 0x1f) << 11, y << 1 | z >> 5 << 11];
            words
                .iter()
                .flat_map(|word| (*word as u16).to_le_bytes())
                .collect()
        }),
        SampleFormat::Packed10Word => in_blocks(samples, 3, &[0, 2, 3, 4], |b| {
            let [x, y, z] = [b[0], b[1], b[2]].map(|s| s as u32 & 0x3ff);
            (x | y << 10 | z << 20).to_le_bytes().to_vec()
        }),
        other => panic!("format {other}"),
    }
}

fn in_blocks(samples: &[i32], of: usize, sizes: &[usize], encode: impl Fn(&[i32]) -> Vec<u8>) -> Vec<u8> {
    let blocks = samples.chunks(of).flat_map(|block| {
        let mut whole = block.to_vec();
        whole.resize(of, 0);
        let mut bytes = encode(&whole);
        bytes.truncate(sizes[block.len()]);
        bytes
    });
    blocks.collect()
}

/// FLAC stream of verbatim subframes: `signals[s][t]`, so many bits a sample, blocks of at most 192 samples.
pub(super) fn encode_flac(signals: &[Vec<i32>], bits: u32) -> Vec<u8> {
    const BLOCK: usize = 192;
    let (channels, samples) = (signals.len() as u64, signals[0].len() as u64);
    let mut stream = b"fLaC\x80\0\0\x22".to_vec();
    stream.extend([[0, BLOCK as u8], [0, BLOCK as u8]].concat());
    stream.extend([0; 6]);
    let packed = 96_000u64 << 44 | (channels - 1) << 41 | u64::from(bits - 1) << 36 | samples;
    stream.extend(packed.to_be_bytes());
    stream.extend([0; 16]);
    for (number, start) in (0..signals[0].len()).step_by(BLOCK).enumerate() {
        let end = signals[0].len().min(start + BLOCK);
        let size = match bits {
            8 => 1,
            16 => 4,
            _ => 6,
        };
        let mut frame = vec![
            0xff,
            0xf8,
            0x60,
            ((channels - 1) << 4 | size << 1) as u8,
            number as u8,
        ];
        frame.push((end - start - 1) as u8);
        frame.push(crc(&frame, 8, 0x07) as u8);
        for signal in signals {
            frame.push(0x02);
            let width = bits as usize / 8;
            frame.extend(
                signal[start..end]
                    .iter()
                    .flat_map(|s| s.to_be_bytes()[4 - width..].to_vec()),
            );
        }
        let sum = crc(&frame, 16, 0x8005);
        frame.extend((sum as u16).to_be_bytes());
        stream.extend(frame);
    }
    stream
}

fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << (bits - 8), |sum, _| {
            let out = sum >> (bits - 1) & 1;
            ((sum << 1) ^ (out * polynomial)) & ((1 << bits) - 1)
        })
    })
}

/// Head of a level-4 MATLAB file of 16-bit numbers.
pub(super) fn level_4_head(rows: u32, columns: u32) -> Vec<u8> {
    let words = [30, rows, columns, 0, 4];
    let mut head: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    head.extend(b"val\0");
    head
}
