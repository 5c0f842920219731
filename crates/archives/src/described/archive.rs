//! An archive that a description tells how to read, open.

use super::description::DatasetDescription;
use super::exam_columns::ExamColumns;
use super::found_exam::{FoundExam, directory_of};
use super::from_table::{self, ListedExams};
use super::from_tree;
use crate::archive::{Archive, ArchiveFile, LocatedExams};
use crate::error::{Error, Result};
use crate::located::RecordingLocation;
use crate::table::ExamTable;
use crate::{Dataset, code15};
use ecgfm_artifacts::presence::{exists, is_dir};
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::{BoxedFile, Encoding, FileOnDemand, Result as RecordingResult, open_recognized};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open archive.
pub struct DescribedArchive {
    description: DatasetDescription,
    table: ExamTable,
    exams: Vec<FoundExam>,
    files: Vec<ArchiveFile>,
    /// Number of each exam's file.
    file_numbers: Vec<usize>,
    notice: Option<String>,
    /// Number of files that look like recordings and are no exam's.
    unlisted: usize,
}

impl DescribedArchive {
    /// Opens the archive at `raw`: its tables, and where the description asks for it, the start of every file.
    ///
    /// # Errors
    /// There is nothing at `raw`, a table is missing or refused; a fault of the system.
    pub fn open(description: DatasetDescription, raw: &Path) -> Result<Self> {
        check_place(&description, raw)?;
        let mut columns = ExamColumns::default();
        let ListedExams {
            exams: found,
            files: opened,
            unlisted,
        } = match &description.table {
            Some(_) => from_table::exams(&description, raw, &mut columns)?,
            None => {
                let (exams, unlisted) = from_tree::exams(&description, raw, &mut columns)?;
                ListedExams {
                    exams,
                    files: None,
                    unlisted,
                }
            }
        };
        let directory = directory_of(&description, raw);
        let (files, file_numbers) = match opened {
            Some(files) => {
                let numbers = number_files(&files, &found);
                (files, numbers)
            }
            None => list_files(&description, directory, &found)?,
        };
        Ok(Self {
            table: columns.into_table(&from_table::place(&description, raw), description.table.is_some())?,
            notice: code15::read_notice(directory)?,
            description,
            exams: found,
            files,
            file_numbers,
            unlisted,
        })
    }
}

/// Checks that there is something at `raw` of the kind that the description speaks of.
fn check_place(description: &DatasetDescription, raw: &Path) -> Result<()> {
    let refused = |what: &str| {
        let help = format!(
            "give the directory of {}; a dataset of another layout is described in a YAML file: `ecgfm show dataset ptbxl` prints one",
            description.title
        );
        Err(Error::BadInput {
            path: std::path::absolute(raw).unwrap_or_else(|_| raw.to_owned()),
            what: what.to_owned(),
            help: Some(help),
        })
    };
    let is_table = description.table.as_deref() == Some(".");
    match (exists(raw)?, is_dir(raw)?) {
        (false, _) if is_table => refused("there is no such table of exams"),
        (false, _) => refused("there is no such directory of raw data"),
        (true, true) if is_table => refused("this is a directory, and the table of exams is asked for"),
        (true, false) if !is_table => refused("this is a file, and a directory of raw data is asked for"),
        _ => Ok(()),
    }
}

/// Number of each exam's file; 0 for one without a file, whose number is not looked at.
fn number_files(files: &[ArchiveFile], exams: &[FoundExam]) -> Vec<usize> {
    let numbered = files.iter().enumerate();
    let numbers: HashMap<&str, usize> = numbered
        .map(|(number, file)| (file.name.as_str(), number))
        .collect();
    let number = |exam: &FoundExam| numbers.get(exam.file.as_str()).copied().unwrap_or_default();
    exams.iter().map(number).collect()
}

/// Every file that an exam names, once, in the order of their names; and the number of each exam's file.
fn list_files(
    description: &DatasetDescription,
    directory: &Path,
    exams: &[FoundExam],
) -> Result<(Vec<ArchiveFile>, Vec<usize>)> {
    let mut names: Vec<&str> = exams.iter().map(|exam| exam.file.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut numbers: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    numbers.extend(names.iter().enumerate().map(|(number, name)| (*name, number)));
    let file_numbers = exams.iter().map(|exam| numbers[exam.file.as_str()]).collect();
    let mut several = vec![false; names.len()];
    for exam in exams {
        several[numbers[exam.file.as_str()]] |= exam.row > 0;
    }
    let encoding = Arc::new(description.encoding());
    let file = |(name, several): (&&str, bool)| {
        let path = directory.join(name);
        let recordings: Result<BoxedFile> = match several {
            // Files of many recordings are few, and dear to open.
            true => open_recognized(&path, &encoding).map_err(Error::from),
            false => Ok(Box::new(FileOnDemand::new(path.clone(), encoding.clone()))),
        };
        Ok(ArchiveFile {
            name: (*name).to_owned(),
            path,
            recordings: Ok(recordings?),
        })
    };
    let files = names.iter().zip(several).map(file).collect::<Result<Vec<_>>>()?;
    Ok((files, file_numbers))
}

impl Archive for DescribedArchive {
    fn source(&self) -> &str {
        self.description.source()
    }

    fn exams(&self) -> &ExamTable {
        &self.table
    }

    fn file_count(&self) -> usize {
        self.files.len()
    }

    fn file(&self, number: usize) -> &ArchiveFile {
        &self.files[number]
    }

    fn encoding(&self, _: usize) -> Option<Encoding> {
        Some(self.description.encoding())
    }

    fn locate(&self) -> LocatedExams {
        let (mut ids, mut names) = (HashMap::new(), HashMap::new());
        let located = LocatedExams::by_row(&self.table, |idx| {
            let exam = &self.exams[idx];
            if let Some(rejection) = &exam.rejection {
                return Err(rejection.clone());
            }
            if let Some(first) = ids.insert(exam.id.as_str(), idx) {
                let detail = format!("exam {} is in row {} of the table already", exam.id, first + 1);
                return Err((Reason::DuplicateExam, detail));
            }
            if let Some(first) = names.insert(self.save_file(idx), idx) {
                let detail = format!(
                    "{} and {} would have one name in tables",
                    exam.id, self.exams[first].id
                );
                return Err((Reason::DuplicateExam, detail));
            }
            self.table.check_row(idx)?;
            Ok(RecordingLocation {
                file: self.file_numbers[idx],
                row: exam.row,
            })
        });
        LocatedExams {
            unlisted: self.unlisted,
            ..located
        }
    }

    fn notice(&self) -> Option<String> {
        self.notice.clone()
    }

    fn save_file(&self, row: usize) -> String {
        let exam = &self.exams[row].id;
        format!("{}_{}.mat", self.source(), exam.replace(['/', ' '], "_"))
    }

    fn dataset(&self, row: usize) -> &str {
        let directory = self.exams[row].id.split_once('/').map(|(directory, _)| directory);
        directory
            .filter(|_| self.description.dataset_is_directory)
            .unwrap_or(self.source())
    }

    fn is_zero_padded(&self, _: usize) -> bool {
        self.description.zero_padded
    }
}

impl Dataset for DatasetDescription {
    fn source(&self) -> &str {
        Self::source(self)
    }

    fn open(&self, raw: &Path) -> Result<Box<dyn Archive>> {
        Ok(Box::new(DescribedArchive::open(self.clone(), raw)?))
    }

    fn column_names(&self, raw: &Path) -> Result<Option<Vec<String>>> {
        check_place(self, raw)?;
        match &self.table {
            // What the files state is only known when they are read.
            _ if self.reads_comments() => Ok(None),
            Some(_) => from_table::column_names(self, raw).map(Some),
            None => Ok(None),
        }
    }

    fn columns_of_header(&self, raw: &Path, header: &[String]) -> Result<Option<Vec<String>>> {
        match &self.table {
            Some(_) if !self.reads_comments() => {
                let path = from_table::place(self, raw);
                from_table::columns_of_header(self, &path, header).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn open_file(&self, raw: &Path, name: &str) -> RecordingResult<BoxedFile> {
        let path: PathBuf = directory_of(self, raw).join(name);
        open_recognized(&path, &self.encoding())
    }

    fn is_inside(&self, name: &str) -> bool {
        let outside = |part| !matches!(part, std::path::Component::Normal(_));
        self.table.as_deref() == Some(".") || !Path::new(name).components().any(outside)
    }
}
