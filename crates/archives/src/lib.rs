//! Archives of ECGs: a table of exams, and files that hold their recordings.
//!
//! | module | holds |
//! |---|---|
//! | [`archive`] | [`Archive`]: what every stage and command asks of an archive |
//! | [`located`] | one exam: where its recording is, or why it is not used |
//! | [`table`] | [`ExamTable`]: the table of exams, checked by rules for its columns |
//! | [`mod@column`] | the rules: what a column holds, and what it is for |
//! | [`dataset`] | [`Dataset`]: a layout of archives, and how one of them is opened |
//! | [`joined`] | [`JoinedArchives`]: several archives as one |
//! | [`datasets`] | the archives known, by the name that the parameter `dataset` gives |
//! | [`code15`] | CODE-15, and anything laid out like it |
//! | [`listed`] | files of CODE-15 anywhere, listed in a table |
//! | [`described`] | archives that a YAML file describes |
//!
//! An archive that is added is a description in `configs/datasets`. One that no description fits is a module that implements
//! [`Dataset`] and [`Archive`], and its line in [`datasets`].

pub mod archive;
pub mod code15;
pub mod column;
pub mod dataset;
pub mod datasets;
pub mod described;
mod error;
pub mod joined;
pub mod listed;
pub mod located;
pub mod table;

pub use archive::{Archive, ArchiveFile, FoundFile, LocatedExams};
pub use dataset::Dataset;
pub use described::DatasetDescription;
pub use error::{Error, Result};
pub use joined::{JoinedArchives, NamedArchive};
pub use located::{LocatedExam, RecordingLocation, RejectedExam, Rejection};
pub use table::{ExamRows, ExamTable, TableRules};
