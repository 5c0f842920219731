//! A layout of archives, and how one of them is opened.

use crate::archive::Archive;
use crate::error::Result;
use ecgfm_recordings::{RecordingFile, Result as RecordingResult};
use std::path::Path;

/// A layout of archives, and how one of them is opened.
#[derive(Clone, Copy)]
pub struct Dataset {
    /// Name of the layout in parameters.
    pub name: &'static str,
    /// Opens the archive at a path.
    pub open: fn(&Path) -> Result<Box<dyn Archive>>,
    /// Names of the columns of the table of exams of the archive at a path. Looks at no more than the table's header and
    /// the names of the files.
    pub columns: fn(&Path) -> Result<Vec<String>>,
    /// Whether the table of exams names files of the archive's directory, and no paths.
    pub files_are_names: bool,
    /// Opens one file of the archive at a path, by its name in the table of exams.
    pub open_file: fn(&Path, &str) -> RecordingResult<Box<dyn RecordingFile>>,
}
