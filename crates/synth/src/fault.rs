//! Faults of real archives that a synthetic one can have.

/// Fault that an exam of a release can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchiveFault {
    /// A lead is 0 throughout.
    FlatLead,
    /// NaN in a stretch of one lead.
    Nan,
    /// Electrodes exchanged.
    SwappedLeads,
    /// Under 5 s.
    ShortRecording,
    /// Listed in exams.csv, and in no part.
    MissingExam,
    /// Every sample is 0.
    AllZero,
    /// exams.csv names another part.
    WrongTraceFile,
    /// Twice in exams.csv.
    DuplicateId,
    /// Twice in its part, first with an inverted tracing.
    DuplicateTracing,
}

impl ArchiveFault {
    /// Name in faults.csv and in the options.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlatLead => "flat_lead",
            Self::Nan => "nan",
            Self::SwappedLeads => "swapped_leads",
            Self::ShortRecording => "short_recording",
            Self::MissingExam => "missing_exam",
            Self::AllZero => "all_zero",
            Self::WrongTraceFile => "wrong_trace_file",
            Self::DuplicateId => "duplicate_id",
            Self::DuplicateTracing => "duplicate_tracing",
        }
    }
}
