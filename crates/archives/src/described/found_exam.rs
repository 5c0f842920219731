//! Exams as they were found, by a table or in a directory.

use super::description::DatasetDescription;
use crate::located::Rejection;
use std::path::Path;

/// An exam as it was found: its name, the file that holds it, and the row in that file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundExam {
    /// Name in tables.
    pub(super) id: String,
    /// Path of the file, relative to the archive's directory.
    pub(super) file: String,
    pub(super) row: usize,
    /// Why the exam cannot be used, where that is known already.
    pub(super) rejection: Option<Rejection>,
}

/// Directory to which the paths of files are relative.
pub(super) fn directory_of<'a>(description: &DatasetDescription, raw: &'a Path) -> &'a Path {
    match description.table.as_deref() {
        Some(".") => raw.parent().unwrap_or(Path::new("")),
        _ => raw,
    }
}
