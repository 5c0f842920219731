//! Whole records, written by these tests.

mod damage;
mod file;
mod headers;
mod limits;
mod segments;
mod write;

use super::format::SampleFormat;
use super::testing::{encode_flac, encode_samples};
use super::{WfdbRecord, read};
use ecgfm_formats::Result;
use std::path::PathBuf;

/// Directory of records.
struct Records(tempfile::TempDir);

impl Records {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        // A file that is cut to nothing and written again is synced by some file systems; a new one is not.
        let _ = std::fs::remove_file(self.path(name));
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Reads the record `r`.
    fn read(&self) -> Result<WfdbRecord> {
        read(&self.path("r.hea"))
    }
}

/// Bytes of the samples in that format, signals interleaved.
fn file_of(format: SampleFormat, signals: &[Vec<i32>]) -> Vec<u8> {
    match format.flac_bits() {
        Some(bits) => encode_flac(signals, bits),
        None => {
            let frames = 0..signals[0].len();
            let flat: Vec<i32> = frames
                .flat_map(|t| signals.iter().map(move |signal| signal[t]))
                .collect();
            encode_samples(format, &flat)
        }
    }
}

/// Header of the record `r` of two signals with right checksums and first values.
fn header_of(format: SampleFormat, signals: &[Vec<i32>]) -> String {
    let mut text = format!("r {} 500 {}\n", signals.len(), signals[0].len());
    for (signal, name) in signals.iter().zip(["I", "V2", "aVF"]) {
        let sum = signal
            .iter()
            .fold(0i16, |sum, sample| sum.wrapping_add(*sample as i16));
        text += &format!("r.dat {format} 200(5)/mV 0 0 {} {sum} 0 {name}\n", signal[0]);
    }
    text
}

fn message(read: Result<WfdbRecord>) -> String {
    read.unwrap_err().to_string()
}
