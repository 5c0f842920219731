//! The files of an archive, in the order of their names, and which of them each exam is in.

use super::description::DatasetDescription;
use super::found_exam::FoundExams;
use crate::archive::{ArchiveFile, FoundFile};
use crate::error::Result;
use ecgfm_recordings::{Encoding, FileOnDemand, open_recognized};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of an archive.
pub(super) struct ExamFiles {
    /// Number of each exam's file; 0 for one without a file, whose number is not looked at.
    numbers: Vec<usize>,
    files: Files,
}

enum Files {
    /// Files of many recordings each, open.
    Open(Vec<ArchiveFile>),
    /// Files that the exams name.
    Named {
        /// The first exam of each.
        exams: Vec<usize>,
        /// Those of several recordings, open, by number. They are few, and dear to open.
        open: BTreeMap<usize, ArchiveFile>,
        directory: PathBuf,
        encoding: Arc<Encoding>,
    },
}

impl ExamFiles {
    /// These files, of which each exam names one.
    pub(super) fn of_open(files: Vec<ArchiveFile>, exams: &FoundExams) -> Self {
        let numbered = files.iter().enumerate();
        let numbers: HashMap<&str, usize> = numbered
            .map(|(number, file)| (file.name.as_str(), number))
            .collect();
        let number = |file: &str| numbers.get(file).copied().unwrap_or_default();
        Self {
            numbers: exams.files.iter().map(number).collect(),
            files: Files::Open(files),
        }
    }

    /// Every file that an exam names, once, in the order of their names.
    ///
    /// # Errors
    /// A file of several recordings cannot be opened.
    pub(super) fn of_names(
        description: &DatasetDescription,
        directory: &Path,
        exams: &FoundExams,
    ) -> Result<Self> {
        let mut order: Vec<usize> = (0..exams.len()).collect();
        order.sort_unstable_by_key(|idx| (exams.file(*idx), *idx));
        let (mut numbers, mut first) = (vec![0; exams.len()], Vec::new());
        for idx in order {
            if first
                .last()
                .is_none_or(|known| exams.file(*known) != exams.file(idx))
            {
                first.push(idx);
            }
            numbers[idx] = first.len() - 1;
        }
        let several = (0..exams.len()).filter(|idx| exams.row(*idx) > 0);
        let several: BTreeSet<usize> = several.map(|idx| numbers[idx]).collect();
        let encoding = Arc::new(description.encoding());
        let open = several.into_iter().map(|number| {
            let name = exams.file(first[number]).to_owned();
            let path = directory.join(&name);
            let recordings = Ok(open_recognized(&path, &encoding)?);
            let file = ArchiveFile {
                name,
                path,
                recordings,
            };
            Ok((number, file))
        });
        let open = open.collect::<Result<_>>()?;
        Ok(Self {
            numbers,
            files: Files::Named {
                exams: first,
                open,
                directory: directory.to_owned(),
                encoding,
            },
        })
    }

    /// Number of the file of an exam.
    pub(super) fn number_of(&self, idx: usize) -> usize {
        self.numbers[idx]
    }

    /// Number of files.
    pub(super) fn count(&self) -> usize {
        match &self.files {
            Files::Open(files) => files.len(),
            Files::Named { exams, .. } => exams.len(),
        }
    }

    /// File of that number. A file of one recording is open only while it is read.
    pub(super) fn file(&self, number: usize, found: &FoundExams) -> FoundFile<'_> {
        let (exams, open, directory, encoding) = match &self.files {
            Files::Open(files) => return FoundFile::Kept(&files[number]),
            Files::Named {
                exams,
                open,
                directory,
                encoding,
            } => (exams, open, directory, encoding),
        };
        if let Some(file) = open.get(&number) {
            return FoundFile::Kept(file);
        }
        let name = found.file(exams[number]);
        let path = directory.join(name);
        FoundFile::Made(ArchiveFile {
            name: name.to_owned(),
            recordings: Ok(Box::new(FileOnDemand::new(path.clone(), encoding.clone()))),
            path,
        })
    }
}
