//! One exam of an archive: where its recording is, or why it is not used.

use ecgfm_artifacts::rejected::{Reason, Rejected};

/// Where a recording is. Ordered as recordings are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingLocation {
    /// Number of the file in [`Archive::files`](crate::Archive::files).
    pub file: usize,
    /// Row in the file.
    pub row: usize,
}

/// An exam whose recording was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocatedExam {
    /// Row of the exam in the table.
    pub idx: usize,
    /// Where its recording is.
    pub location: RecordingLocation,
}

/// An exam that is not used: its row in the table, and what `rejected.csv` says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedExam {
    /// Row of the exam in the table.
    pub idx: usize,
    /// Its row of `rejected.csv`.
    pub entry: Rejected,
}

/// Why an exam is not used, and what exactly was seen, for a person.
pub type Rejection = (Reason, String);
