//! `quality.csv`: doubtful recordings among exams that were kept. A flag is no verdict; an exam may have several.

use crate::columns::{CHECK, DETAIL, EXAM_ID, IDX, LEADS, VALUE};
use crate::error::Result;
use crate::pandas::Cell;
use crate::rejected::Reason;
use crate::table;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "quality.csv";

/// Property of a recording that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityCheck {
    /// II = I + III.
    Einthoven,
    /// aVR = −(I + II) / 2.
    GoldbergerAvr,
    /// aVL = (I − III) / 2.
    GoldbergerAvl,
    /// aVF = (II + III) / 2.
    GoldbergerAvf,
    /// A lead that varies by more than any electrocardiograph records.
    Amplitude,
    /// A lead that hardly varies or does not.
    FlatLead,
    /// A heart rate that no heart has.
    HeartRate,
    /// A line of the mains where another sample rate would put it.
    MainsFrequency,
    /// Recordings of the archive that look as if they had another sample rate.
    SampleRate,
    /// A file that contradicts itself or does not state all that it should: a checksum that does not fit, a unit that is absent.
    DoubtfulFile,
}

impl QualityCheck {
    /// Every check.
    pub const ALL: [Self; 10] = [
        Self::Einthoven,
        Self::GoldbergerAvr,
        Self::GoldbergerAvl,
        Self::GoldbergerAvf,
        Self::Amplitude,
        Self::FlatLead,
        Self::HeartRate,
        Self::MainsFrequency,
        Self::SampleRate,
        Self::DoubtfulFile,
    ];

    /// The word written into the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Einthoven => "einthoven",
            Self::GoldbergerAvr => "goldberger_avr",
            Self::GoldbergerAvl => "goldberger_avl",
            Self::GoldbergerAvf => "goldberger_avf",
            Self::Amplitude => "amplitude",
            Self::FlatLead => "flat_lead",
            Self::HeartRate => "heart_rate",
            Self::MainsFrequency => "mains_frequency",
            Self::SampleRate => "sample_rate",
            Self::DoubtfulFile => "doubtful_file",
        }
    }

    /// The reason for which an exam is set aside where this is not only to be flagged.
    pub fn reason(self) -> Reason {
        match self {
            Self::Einthoven | Self::GoldbergerAvr | Self::GoldbergerAvl | Self::GoldbergerAvf => {
                Reason::LimbLeads
            }
            Self::Amplitude => Reason::Amplitude,
            Self::FlatLead => Reason::FlatLead,
            Self::HeartRate => Reason::HeartRate,
            Self::MainsFrequency => Reason::MainsFrequency,
            Self::SampleRate => Reason::SampleRate,
            Self::DoubtfulFile => Reason::DoubtfulFile,
        }
    }

    /// Unit of the value that the check finds.
    pub fn unit(self) -> &'static str {
        match self {
            Self::HeartRate => "/min",
            Self::MainsFrequency | Self::SampleRate => "Hz",
            _ => "mV",
        }
    }
}

/// Finding of a check on an exam.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityRow {
    /// Row number of the exam in the raw table.
    pub idx: usize,
    /// Number of the exam.
    pub exam_id: String,
    /// Check that the recording failed.
    pub check: QualityCheck,
    /// Names of the leads it is about, a blank between two; empty where it is about the recording.
    pub leads: String,
    /// Finding: a standard deviation, of the lead or of what the law leaves over; a heart rate; the frequency of a line; the
    /// sample rate that is stated. In [`QualityCheck::unit`]; NaN where there is none, an empty cell.
    pub value: f32,
    /// Explanation of the value, for a person.
    pub detail: String,
}

/// Writes the table.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, rows: impl IntoIterator<Item = QualityRow>) -> Result<()> {
    table::write_rows(path, [IDX, EXAM_ID, CHECK, LEADS, VALUE, DETAIL], |w| {
        for row in rows {
            w.row([
                Cell::Int(row.idx as i64),
                Cell::Text(&row.exam_id),
                Cell::Text(row.check.as_str()),
                Cell::Text(&row.leads),
                Cell::Float32(row.value),
                Cell::Text(&row.detail),
            ])?;
        }
        Ok(())
    })
}
