//! Every format, sound and damaged.

use super::*;
use crate::wfdb::read_digital;
use crate::wfdb::testing::sample_range;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Every format that has samples.
fn formats() -> impl Iterator<Item = SampleFormat> {
    let all = SampleFormat::ALL.into_iter().map(|(_, format)| format);
    all.filter(|format| *format != SampleFormat::Null)
}

fn range(format: SampleFormat) -> std::ops::RangeInclusive<i32> {
    // Differences of samples from -64 to 63 fit in eight bits.
    match format {
        SampleFormat::Difference8 => -64..=63,
        other => sample_range(other),
    }
}

/// Bytes of a signal file: those of the samples, or of their differences.
fn stored(format: SampleFormat, signals: &[Vec<i32>]) -> Vec<u8> {
    if format != SampleFormat::Difference8 {
        return file_of(format, signals);
    }
    let differences = |signal: &Vec<i32>| {
        let before = signal[..1].iter().chain(signal);
        signal
            .iter()
            .zip(before)
            .map(|(now, before)| now - before)
            .collect()
    };
    file_of(format, &signals.iter().map(differences).collect::<Vec<_>>())
}

#[test]
fn what_is_written_in_any_format_is_read() {
    let values = (1..300usize)
        .prop_flat_map(|length| prop::collection::vec(prop::collection::vec(any::<i32>(), length), 1..4));
    let mut runner = TestRunner::new(Config::with_cases(24));
    let ran = runner.run(&values, |values| {
        for format in formats() {
            let range = range(format);
            let width = i64::from(*range.end()) - i64::from(*range.start()) + 1;
            let fit = |v: &i32| (i64::from(*v).rem_euclid(width) + i64::from(*range.start())) as i32;
            let signals: Vec<Vec<i32>> = values
                .iter()
                .map(|signal| signal.iter().map(fit).collect())
                .collect();
            let records = Records::new();
            records.write("r.hea", header_of(format, &signals));
            records.write("r.dat", stored(format, &signals));
            let digital = read_digital(&records.path("r.dat")).unwrap();
            prop_assert_eq!(&digital.samples, &signals, "{}", format);
            let read = records.read().unwrap();
            prop_assert_eq!(&read.warnings, &[""; 0], "{}", format);
            for (amplitudes, samples) in read.signals.iter().zip(&signals) {
                for (amplitude, sample) in amplitudes.samples.iter().zip(samples) {
                    let expected = (f64::from(*sample) - 5.0) / 200.0;
                    let invalid = format.invalid_sample() == Some(*sample);
                    let right = if invalid {
                        amplitude.is_nan()
                    } else {
                        *amplitude == expected
                    };
                    prop_assert!(right, "{}: {} of {}", format, amplitude, sample);
                }
            }
        }
        Ok(())
    });
    ran.unwrap();
}

/// Numbers that look random and are the same every time.
fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn a_flipped_bit_gives_an_error_a_warning_or_other_numbers() {
    let mut state = 1;
    for format in formats() {
        let range = range(format);
        let middle = |t: i32| (t * 37 % 64 - 32).clamp(*range.start(), *range.end());
        let signals = vec![
            (0..250).map(middle).collect(),
            (7..257).map(middle).collect::<Vec<_>>(),
        ];
        let sound = [header_of(format, &signals).into_bytes(), stored(format, &signals)];
        let records = Records::new();
        let read = |files: &[Vec<u8>; 2]| {
            records.write("r.hea", &files[0]);
            records.write("r.dat", &files[1]);
            records.read()
        };
        let expected = read(&sound).unwrap();
        let (mut silent, mut errors) = (0, 0);
        for round in 0..1000 {
            let mut files = sound.clone();
            let file = &mut files[round % 2];
            let at = random(&mut state) % file.len();
            file[at] ^= 1 << (random(&mut state) % 8);
            match read(&files) {
                Ok(read) => {
                    let values: usize = read.signals.iter().map(|signal| signal.samples.len()).sum();
                    assert!(values <= 500, "{format}: {values}");
                    // Bits of the stream that change no sample: FLAC's block sizes and sums, the padding of others.
                    silent += usize::from(read.warnings == expected.warnings && round % 2 == 1);
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    errors += 1;
                }
            }
        }
        assert!(errors > 20, "{format}: {errors}");
        // The checksum has sixteen bits: higher ones of wider samples are not in it.
        let unsummed = match format {
            SampleFormat::Int24 => 500 / 3,
            SampleFormat::Int32 => 500 / 2,
            _ => 0,
        };
        assert!(silent < unsummed + 50, "{format}: {silent} of 500 went unnoticed");
    }
}
