//! What every stage and command asks of an archive.

use crate::located::{LocatedExam, RecordingLocation, RejectedExam, Rejection};
use crate::table::ExamTable;
use ecgfm_recordings::{Encoding, RecordingFile};
use std::ops::Deref;
use std::path::PathBuf;

/// An open archive: a table of exams, and the files that hold their recordings.
///
/// An exam is known by its row in the table, from 0 on, whatever happens to other rows.
pub trait Archive: Send + Sync {
    /// Name of the archive in tables, and start of the file names made from its exams: `code_15`.
    fn source(&self) -> &str;

    /// Names of the archives that this one is made of, in order: its own, unless it is [`JoinedArchives`](crate::JoinedArchives).
    fn sources(&self) -> Vec<&str> {
        vec![self.source()]
    }

    /// Name of the archive that the exam in `row` is of: one of [`Self::sources`].
    fn source_of(&self, row: usize) -> &str {
        let _ = row;
        self.source()
    }

    /// Table of exams.
    fn exams(&self) -> &ExamTable;

    /// Number of files of recordings.
    fn file_count(&self) -> usize;

    /// File of that number, in the order in which they are best read.
    fn file(&self, number: usize) -> FoundFile<'_>;

    /// Files of recordings, in the order of their numbers.
    fn files(&self) -> Box<dyn Iterator<Item = FoundFile<'_>> + '_> {
        Box::new((0..self.file_count()).map(|number| self.file(number)))
    }

    /// What the format of the file of that number does not state, where [`ecgfm_recordings::open()`] opens it as it is opened here; none
    /// where the archive has a reader of its own.
    fn encoding(&self, file: usize) -> Option<Encoding> {
        let _ = file;
        None
    }

    /// Finds the recording of every exam.
    fn locate(&self) -> LocatedExams;

    /// Notice that every result made from these ECGs must carry: that they are synthetic.
    fn notice(&self) -> Option<String> {
        None
    }

    /// Name of the dataset that the exam in `row` comes from, where an archive is of several.
    fn dataset(&self, row: usize) -> &str {
        let _ = row;
        self.source()
    }

    /// Returns true where the recordings of a file, by its number, are filled with zeros at both ends, which are to be cut off.
    fn is_zero_padded(&self, file: usize) -> bool {
        let _ = file;
        false
    }

    /// File name of the recording of the exam in `row`, its key in every table: `code_15_7.mat`.
    fn save_file(&self, row: usize) -> String {
        format!("{}_{}.mat", self.source(), self.exams().exam_id(row))
    }
}

/// A file of recordings, or why it cannot be read.
pub struct ArchiveFile {
    /// Name of the file in the table of exams.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// The open file, or why it cannot be read.
    pub recordings: std::result::Result<Box<dyn RecordingFile>, String>,
}

/// A file of recordings of an archive, which keeps it or makes it when it is asked for: there may be millions.
pub enum FoundFile<'a> {
    /// Kept by the archive.
    Kept(&'a ArchiveFile),
    /// Made now.
    Made(ArchiveFile),
}

impl Deref for FoundFile<'_> {
    type Target = ArchiveFile;

    fn deref(&self) -> &ArchiveFile {
        match self {
            Self::Kept(file) => file,
            Self::Made(file) => file,
        }
    }
}

/// Exams of an archive, by whether their recordings were found.
pub struct LocatedExams {
    /// Exams whose recording was found, in the order in which recordings are stored.
    pub found: Vec<LocatedExam>,
    /// Exams without a recording, in the order of the table.
    pub rejected: Vec<RejectedExam>,
    /// Number of recordings of exams that the table does not name.
    pub unlisted: usize,
}

impl LocatedExams {
    /// Asks `locate` for every row of `table`; the exams found come in the order of their recordings.
    pub fn by_row(
        table: &ExamTable,
        mut locate: impl FnMut(usize) -> std::result::Result<RecordingLocation, Rejection>,
    ) -> Self {
        let (mut found, mut rejected) = (Vec::with_capacity(table.len()), Vec::new());
        for idx in 0..table.len() {
            match locate(idx) {
                Ok(location) => found.push(LocatedExam { idx, location }),
                Err(rejection) => rejected.push(table.rejected(idx, rejection)),
            }
        }
        found.sort_by_key(|exam| (exam.location, exam.idx));
        Self {
            found,
            rejected,
            unlisted: 0,
        }
    }
}
