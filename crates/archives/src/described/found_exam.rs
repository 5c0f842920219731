//! Exams as they were found, by a table or in a directory.

use super::description::DatasetDescription;
use crate::located::Rejection;
use ecgfm_artifacts::table::TextColumn;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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

/// All exams of an archive, in the order of its table: some bytes each beside their texts.
#[derive(Debug, Default)]
pub(super) struct FoundExams {
    /// Names in tables.
    pub(super) ids: Arc<TextColumn>,
    /// Paths of files, relative to the archive's directory.
    pub(super) files: Arc<TextColumn>,
    /// Rows in the files; all 0 beyond the last.
    rows: Vec<usize>,
    /// Why exams cannot be used, where that is known already.
    pub(super) rejections: BTreeMap<usize, Rejection>,
}

impl FoundExams {
    /// Adds exams after those that are there.
    pub(super) fn extend(&mut self, exams: impl IntoIterator<Item = FoundExam>) {
        let (ids, files) = (Arc::make_mut(&mut self.ids), Arc::make_mut(&mut self.files));
        for exam in exams {
            let idx = ids.len();
            ids.push(&exam.id);
            files.push(&exam.file);
            if exam.row > 0 {
                self.rows.resize(idx, 0);
                self.rows.push(exam.row);
            }
            if let Some(rejection) = exam.rejection {
                self.rejections.insert(idx, rejection);
            }
        }
    }

    /// Number of exams.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Name of an exam in tables.
    pub(super) fn id(&self, idx: usize) -> &str {
        self.ids.get(idx).unwrap_or_default()
    }

    /// Path of the file of an exam, relative to the archive's directory.
    pub(super) fn file(&self, idx: usize) -> &str {
        self.files.get(idx).unwrap_or_default()
    }

    /// Row of an exam in its file.
    pub(super) fn row(&self, idx: usize) -> usize {
        self.rows.get(idx).copied().unwrap_or_default()
    }
}

impl FromIterator<FoundExam> for FoundExams {
    fn from_iter<I: IntoIterator<Item = FoundExam>>(exams: I) -> Self {
        let mut all = Self::default();
        all.extend(exams);
        all
    }
}

/// Directory to which the paths of files are relative.
pub(super) fn directory_of<'a>(description: &DatasetDescription, raw: &'a Path) -> &'a Path {
    match description.table.as_deref() {
        Some(".") => raw.parent().unwrap_or(Path::new("")),
        _ => raw,
    }
}
