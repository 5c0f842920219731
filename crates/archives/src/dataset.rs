//! A layout of archives, and how one of them is opened.

use crate::archive::Archive;
use crate::error::Result;
use ecgfm_recordings::{BoxedFile, Result as RecordingResult};
use std::path::Path;

/// A layout of archives.
pub trait Dataset: Send + Sync {
    /// Name of its archives in tables, as [`Archive::source`].
    fn source(&self) -> &str;

    /// Opens the archive at a path.
    ///
    /// # Errors
    /// There is none, or it is refused.
    fn open(&self, raw: &Path) -> Result<Box<dyn Archive>>;

    /// Names of the columns of the table of exams of the archive at a path, looking at no more than headers of tables and names
    /// of files; none where only the recordings tell.
    ///
    /// # Errors
    /// There is no archive, or no usable table.
    fn column_names(&self, raw: &Path) -> Result<Option<Vec<String>>>;

    /// Names of the columns of the table of exams of the archive that will be at `raw`, where the table there will have the columns
    /// `header`; none where only the recordings tell.
    ///
    /// # Errors
    /// A column that is needed is not among them.
    fn columns_of_header(&self, raw: &Path, header: &[String]) -> Result<Option<Vec<String>>> {
        let _ = raw;
        Ok(Some(header.to_vec()))
    }

    /// Opens one file of the archive at a path, by its name in the table of exams.
    ///
    /// # Errors
    /// The file cannot be read.
    fn open_file(&self, raw: &Path, name: &str) -> RecordingResult<BoxedFile>;

    /// True for a name in the table of exams that does not lead out of the archive.
    fn is_inside(&self, name: &str) -> bool;
}
