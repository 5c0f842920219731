//! Archives of ECGs: a table of exams, and files that hold their recordings.
//!
//! | module | holds |
//! |---|---|
//! | [`archive`] | [`Archive`]: what every stage and command asks of an archive |
//! | [`located`] | one exam: where its recording is, or why it is not used |
//! | [`table`] | [`ExamTable`]: the table of exams, checked by rules for its columns |
//! | [`mod@column`] | the rules: what a column holds, and what it is for |
//! | [`dataset`] | [`Dataset`]: a layout of archives, and how one of them is opened |
//! | [`datasets`] | the archives known, by the name that the parameter `dataset` gives |
//! | [`code15`] | CODE-15, and anything laid out like it |
//! | [`listed`] | files anywhere, listed in a table |
//!
//! An archive that is added here is a module that implements [`Archive`], and its line in [`datasets::DATASETS`].

pub mod archive;
pub mod code15;
pub mod column;
pub mod dataset;
pub mod datasets;
mod error;
pub mod listed;
pub mod located;
pub mod table;

pub use archive::{Archive, ArchiveFile, LocatedExams};
pub use dataset::Dataset;
pub use datasets::DATASETS;
pub use error::{Error, Result};
pub use located::{LocatedExam, RecordingLocation, RejectedExam, Rejection};
pub use table::{ExamTable, TableRules};
