//! Outcomes of exams: kept, with what was measured, or rejected.

use crate::measured::{Statistics, StoredSample, take_bytes};
use crate::quality_flags::QualityFlag;
use ecgfm_archives::RejectedExam;
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::quality::QualityRow;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::store::RecordingDigest;
use serde::{Deserialize, Serialize};
use std::io;

/// An exam that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptExam {
    pub(crate) idx: usize,
    /// Number of its file in the archive.
    pub(crate) file: usize,
    /// Row in that file.
    pub(crate) row: usize,
    /// Sample rate of the recording, in Hz.
    pub(crate) sample_rate: f64,
    /// Samples per lead of the trimmed recording.
    pub(crate) sample_size: usize,
    /// Number of segments.
    pub(crate) segments: usize,
    pub(crate) measured: Measurements,
    /// What is doubtful about it.
    pub(crate) flags: Vec<QualityFlag>,
}

impl KeptExam {
    /// Digest of its trimmed recording, by which a store without samples knows it again.
    pub(crate) fn digest(&self) -> RecordingDigest {
        RecordingDigest::new(
            self.sample_rate,
            self.sample_size,
            self.measured.statistics.as_f64(),
        )
    }

    /// Appends it as [`Self::take`] reads it: bytes of this process's own file.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let counts = [self.idx, self.file, self.row, self.sample_size, self.segments];
        counts
            .iter()
            .for_each(|n| bytes.extend((*n as u64).to_le_bytes()));
        bytes.extend(self.sample_rate.to_bits().to_le_bytes());
        self.measured.put(bytes);
        if !self.flags.is_empty() {
            serde_json::to_writer(bytes, &self.flags)?;
        }
        Ok(())
    }

    /// Reads what [`Self::put`] wrote; none where it is something else.
    pub(crate) fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut count = || Some(u64::from_le_bytes(take_bytes(bytes)?) as usize);
        let (idx, file, row, sample_size, segments) = (count()?, count()?, count()?, count()?, count()?);
        Some(Self {
            idx,
            file,
            row,
            sample_rate: f64::from_bits(u64::from_le_bytes(take_bytes(bytes)?)),
            sample_size,
            segments,
            measured: Measurements::take(bytes)?,
            flags: match bytes.is_empty() {
                true => Vec::new(),
                false => serde_json::from_slice(bytes).ok()?,
            },
        })
    }

    /// Rows of `quality.csv` about it.
    pub(crate) fn quality_rows(&self, exam_id: &str) -> impl Iterator<Item = QualityRow> {
        self.flags.iter().map(|flag| flag.row(self.idx, exam_id))
    }
}

/// Measurements of the trimmed recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measurements {
    /// Means of all leads, then deviations.
    statistics: Statistics,
    /// Bit `i` is set where lead `i` is nothing but NaN.
    nan: u16,
    /// Bit `i` is set where lead `i` is constant.
    constant: u16,
    /// Whether any value is NaN.
    pub(crate) any_nan: bool,
}

impl Measurements {
    pub(crate) fn new<S: StoredSample>(quality: &Quality<S>) -> Self {
        let bits = |flags: &[bool]| {
            flags
                .iter()
                .rev()
                .fold(0, |bits, flag| bits << 1 | u16::from(*flag))
        };
        let statistics = [&quality.mean[..], &quality.std].concat();
        Self {
            statistics: S::statistics(&statistics),
            nan: bits(&quality.nan),
            constant: bits(&quality.constant),
            any_nan: quality.any_nan,
        }
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.nan.to_le_bytes());
        bytes.extend(self.constant.to_le_bytes());
        bytes.push(u8::from(self.any_nan));
        self.statistics.put(bytes);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            nan: u16::from_le_bytes(take_bytes(bytes)?),
            constant: u16::from_le_bytes(take_bytes(bytes)?),
            any_nan: take_bytes::<1>(bytes)? != [0],
            statistics: Statistics::take(bytes)?,
        })
    }

    /// Cells of the means of all leads, then of the deviations.
    pub(crate) fn statistics(&self) -> Vec<Cell<'static>> {
        match &self.statistics {
            Statistics::Float32(bits) => bits
                .iter()
                .map(|bits| Cell::Float32(f32::from_bits(*bits)))
                .collect(),
            Statistics::Float64(bits) => bits
                .iter()
                .map(|bits| Cell::Float(f64::from_bits(*bits)))
                .collect(),
        }
    }

    /// For each lead, whether it is nothing but NaN.
    pub(crate) fn nan(&self) -> impl Iterator<Item = bool> {
        flags(self.nan)
    }

    /// For each lead, whether it is constant.
    pub(crate) fn constant(&self) -> impl Iterator<Item = bool> {
        flags(self.constant)
    }

    /// Whether a lead is constant.
    pub(crate) fn any_constant_lead(&self) -> bool {
        self.constant != 0
    }
}

fn flags(bits: u16) -> impl Iterator<Item = bool> {
    (0..leads::COUNT).map(move |lead| bits >> lead & 1 == 1)
}

/// Outcome of one exam.
pub(crate) enum ExamOutcome {
    /// Kept; its segments are in the store.
    Kept(KeptExam),
    /// Set aside.
    Rejected(RejectedExam),
}

/// Outcomes of the exams of one part of the store, in the order in which they are stored.
#[derive(Default)]
pub(crate) struct PartOutcome {
    pub(crate) kept: Vec<KeptExam>,
    pub(crate) rejected: Vec<RejectedExam>,
    /// The largest difference between a value and what is stored of it.
    pub(crate) largest_error: f32,
}
