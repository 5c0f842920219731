//! `rejected.csv`: every exam that was set aside, and why. Read = kept + rejected.

use crate::columns::{DETAIL, EXAM_ID, REASON, SOURCE, TRACE_FILE};
use crate::error::Result;
use crate::pandas::Cell;
use crate::table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "rejected.csv";

/// Reason why an exam was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A cell of its row in the exam table is not what its column promises.
    BadRow,
    /// The exam table names the exam more than once; the first row is kept.
    DuplicateExam,
    /// `trace_file` names no part that is there.
    UnknownTraceFile,
    /// The part cannot be read.
    UnreadablePart,
    /// No part holds the exam.
    MissingTracing,
    /// Another part than the one named holds the exam.
    WrongTraceFile,
    /// The named part holds the exam more than once, so that which one is meant is unknown.
    DuplicateTracing,
    /// Samples that cannot be read.
    UnreadableTracing,
    /// Every sample is zero.
    AllZero,
    /// A sample is NaN or infinite.
    NotFinite,
    /// Shorter than one segment.
    TooShort,
    /// A step of the recipe does not take it: it begins with zeros, or its sample rate does not fit.
    RefusedByRecipe,
    /// The limb leads break the laws that tie them; flagged in `quality.csv` unless this is asked for.
    LimbLeads,
    /// A lead varies by more than any electrocardiograph records; flagged unless this is asked for.
    Amplitude,
    /// A lead hardly varies or does not; flagged unless this is asked for.
    FlatLead,
    /// A heart rate that no heart has; flagged unless this is asked for.
    HeartRate,
    /// A line of the mains where another sample rate would put it; flagged unless this is asked for.
    MainsFrequency,
    /// The archive's recordings look as if they had another sample rate; flagged unless this is asked for.
    SampleRate,
    /// The file contradicts itself or does not state all that it should; flagged unless this is asked for.
    DoubtfulFile,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::BadRow,
        Self::DuplicateExam,
        Self::UnknownTraceFile,
        Self::UnreadablePart,
        Self::MissingTracing,
        Self::WrongTraceFile,
        Self::DuplicateTracing,
        Self::UnreadableTracing,
        Self::AllZero,
        Self::NotFinite,
        Self::TooShort,
        Self::RefusedByRecipe,
        Self::LimbLeads,
        Self::Amplitude,
        Self::FlatLead,
        Self::HeartRate,
        Self::MainsFrequency,
        Self::SampleRate,
        Self::DoubtfulFile,
    ];

    /// Returns true for a doubt about a recording, which is kept and flagged unless something else is asked for.
    pub fn is_doubt(self) -> bool {
        matches!(
            self,
            Self::LimbLeads
                | Self::Amplitude
                | Self::FlatLead
                | Self::HeartRate
                | Self::MainsFrequency
                | Self::SampleRate
                | Self::DoubtfulFile
        )
    }

    /// Meaning of the reason: the text of its documentation above.
    pub fn meaning(self) -> String {
        let schema = schemars::schema_for!(Self);
        let variants = schema.get("oneOf").and_then(|all| all.as_array());
        let own = variants
            .into_iter()
            .flatten()
            .find(|v| v["const"] == self.as_str());
        own.and_then(|own| own["description"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// The word written into the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRow => "bad_row",
            Self::DuplicateExam => "duplicate_exam",
            Self::UnknownTraceFile => "unknown_trace_file",
            Self::UnreadablePart => "unreadable_part",
            Self::MissingTracing => "missing_tracing",
            Self::WrongTraceFile => "wrong_trace_file",
            Self::DuplicateTracing => "duplicate_tracing",
            Self::UnreadableTracing => "unreadable_tracing",
            Self::AllZero => "all_zero",
            Self::NotFinite => "not_finite",
            Self::TooShort => "too_short",
            Self::RefusedByRecipe => "refused_by_recipe",
            Self::LimbLeads => "limb_leads",
            Self::Amplitude => "amplitude",
            Self::FlatLead => "flat_lead",
            Self::HeartRate => "heart_rate",
            Self::MainsFrequency => "mains_frequency",
            Self::SampleRate => "sample_rate",
            Self::DoubtfulFile => "doubtful_file",
        }
    }
}

/// Exam that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// As in the exam table, unparsed, so that a broken id can be found again.
    pub exam_id: String,
    /// As in the exam table.
    pub trace_file: String,
    /// Reason.
    pub reason: Reason,
    /// Details of what was found, for a person.
    pub detail: String,
}

/// Writes the table: exams, and the source of each, which is the last column where there are several.
///
/// # Errors
/// I/O.
pub fn write<'a>(
    path: &Path,
    several: bool,
    rows: impl Iterator<Item = (&'a Rejected, &'a str)>,
) -> Result<()> {
    let header = [EXAM_ID, TRACE_FILE, REASON, DETAIL].into_iter();
    table::write_rows(path, header.chain(several.then_some(SOURCE)), |w| {
        for (exam, source) in rows {
            let cells = [
                Cell::Text(&exam.exam_id),
                Cell::Text(&exam.trace_file),
                Cell::Text(exam.reason.as_str()),
                Cell::Text(&exam.detail),
            ];
            let source = several.then_some(Cell::Text(source));
            w.row(cells.into_iter().chain(source))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_written_in_settings_as_in_the_table_and_all_are_listed() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).ok(), Some(reason.as_str().into()));
        }
        // serde knows them all; its message lists them.
        let known = serde_json::from_str::<Reason>("\"x\"").unwrap_err().to_string();
        assert_eq!(known.matches('`').count(), 2 + 2 * Reason::ALL.len(), "{known}");
    }
}
