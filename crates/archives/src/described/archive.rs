//! An archive that a description tells how to read, open.

use super::description::DatasetDescription;
use super::exam_columns::ExamColumns;
use super::exam_files::ExamFiles;
use super::found_exam::{FoundExams, directory_of};
use super::from_table::{self, ListedExams};
use super::from_tree;
use super::repeated::{find_repeated, name_in_tables};
use crate::archive::{Archive, FoundFile, LocatedExams};
use crate::error::{Error, Result};
use crate::located::RecordingLocation;
use crate::table::ExamTable;
use crate::{Dataset, code15};
use ecgfm_artifacts::presence::{exists, is_dir};
use ecgfm_recordings::{BoxedFile, Encoding, Result as RecordingResult, open_recognized};
use std::path::{Path, PathBuf};

/// An open archive.
pub struct DescribedArchive {
    description: DatasetDescription,
    table: ExamTable,
    exams: FoundExams,
    files: ExamFiles,
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
        let files = match opened {
            Some(files) => ExamFiles::of_open(files, &found),
            None => ExamFiles::of_names(&description, directory, &found)?,
        };
        Ok(Self {
            table: columns.into_table(&from_table::place(&description, raw), description.table.is_some())?,
            notice: code15::read_notice(directory)?,
            description,
            exams: found,
            files,
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

impl Archive for DescribedArchive {
    fn source(&self) -> &str {
        self.description.source()
    }

    fn exams(&self) -> &ExamTable {
        &self.table
    }

    fn file_count(&self) -> usize {
        self.files.count()
    }

    fn file(&self, number: usize) -> FoundFile<'_> {
        self.files.file(number, &self.exams)
    }

    fn encoding(&self, _: usize) -> Option<Encoding> {
        Some(self.description.encoding())
    }

    fn locate(&self) -> LocatedExams {
        let repeated = find_repeated(&self.exams);
        let located = LocatedExams::by_row(&self.table, |idx| {
            let known = self.exams.rejections.get(&idx).or_else(|| repeated.get(&idx));
            if let Some(rejection) = known {
                return Err(rejection.clone());
            }
            self.table.check_row(idx)?;
            Ok(RecordingLocation {
                file: self.files.number_of(idx),
                row: self.exams.row(idx),
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
        format!("{}_{}.mat", self.source(), name_in_tables(self.exams.id(row)))
    }

    fn dataset(&self, row: usize) -> &str {
        let directory = self.exams.id(row).split_once('/').map(|(directory, _)| directory);
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
