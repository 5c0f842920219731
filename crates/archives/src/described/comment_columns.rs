//! What the files of an archive state besides samples, as columns of its table of exams.

use super::description::DatasetDescription;
use super::exam_columns::{ACQUIRED_AT, ExamColumns};
use super::found_exam::FoundExams;
use crate::table::TableColumn;
use ecgfm_recordings::{RecordingMetadata, open_recognized};
use rayon::prelude::*;
use std::path::Path;

/// What the files of an archive state besides samples, as columns.
pub(super) struct CommentColumns<'a> {
    description: &'a DatasetDescription,
    metadata: Vec<RecordingMetadata>,
}

impl<'a> CommentColumns<'a> {
    pub(super) fn new(description: &'a DatasetDescription, metadata: Vec<RecordingMetadata>) -> Self {
        Self {
            description,
            metadata,
        }
    }

    /// Reads the start of every exam's file.
    pub(super) fn read(description: &'a DatasetDescription, directory: &Path, exams: &FoundExams) -> Self {
        let encoding = description.encoding();
        let metadata = (0..exams.len()).into_par_iter().map(|idx| {
            let file = open_recognized(&directory.join(exams.file(idx)), &encoding);
            file.ok()
                .and_then(|file| file.metadata(exams.row(idx)))
                .unwrap_or_default()
        });
        Self::new(description, metadata.collect())
    }

    /// One cell an exam: a comment, or what every format calls `patient_id`, `age`, `sex`; none where no file states it.
    pub(super) fn stated(&self, name: &str) -> Option<TableColumn> {
        let of_one = |one: &RecordingMetadata| {
            let named = match name {
                "patient_id" => one.patient_id.clone(),
                "age" => one.age.clone(),
                "sex" => one.sex.clone(),
                _ => None,
            };
            let comment = || one.comment(name).map(str::to_owned);
            named.or_else(comment).unwrap_or_default()
        };
        let cells: Vec<String> = self.metadata.iter().map(of_one).collect();
        let is_stated = cells.iter().any(|cell| !cell.is_empty());
        is_stated.then(|| cells.into_iter().collect())
    }

    /// Adds the columns that the description makes of comments, date and statements where any file states them.
    pub(super) fn add_to(&self, columns: &mut ExamColumns) {
        for (column, comment) in &self.description.comments {
            let cells = self.stated(comment);
            let nothing = || self.metadata.iter().map(|_| "").collect();
            columns.add_raw(column, cells.unwrap_or_else(nothing));
        }
        let dates: Vec<String> = (self.metadata.iter())
            .map(|one| one.acquired_at.clone().unwrap_or_default())
            .collect();
        if dates.iter().any(|date| !date.is_empty()) {
            columns.add_raw(ACQUIRED_AT, dates.into_iter().collect());
        }
        let statements: Vec<String> = self
            .metadata
            .iter()
            .map(|one| one.statements.join("; "))
            .collect();
        if statements.iter().any(|text| !text.is_empty()) {
            columns.add_raw("statements", statements.into_iter().collect());
        }
    }
}
