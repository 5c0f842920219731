//! Files of many recordings, one a row, and where in them each exam of a table is.

use super::description::DatasetDescription;
use super::found_exam::{FoundExam, FoundExams};
use super::row_rule::RowRule;
use crate::archive::ArchiveFile;
use crate::error::{Error, Result};
use crate::located::{RecordingLocation, Rejection};
use ecgfm_artifacts::records::normalize_key;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::open_recognized;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Files of rows, open.
pub(super) struct RowFiles {
    files: Vec<ArchiveFile>,
    /// Identifier of every row of every file; nothing for a file that cannot be read.
    ids: Vec<Vec<Option<String>>>,
    /// Numbers of the files by name.
    numbers: HashMap<String, usize>,
}

/// What a table says of its exams, one a row.
pub(super) struct ListedRows<'a> {
    /// The table.
    pub(super) path: &'a Path,
    /// Names of the exams.
    pub(super) ids: Vec<String>,
    /// Names of their files, where a column has them.
    pub(super) files: Option<&'a [String]>,
    /// Numbers of their rows, where a column has them.
    pub(super) rows: Option<&'a [String]>,
}

impl RowFiles {
    /// Opens the files of these names in `directory`, each in a process of its own where the program asked for that.
    ///
    /// # Errors
    /// A fault of the system. What is wrong with a file is said of its exams.
    pub(super) fn open(
        description: &DatasetDescription,
        directory: &Path,
        names: Vec<String>,
    ) -> Result<Self> {
        let encoding = description.encoding();
        let opened: Vec<Result<ArchiveFile>> = names
            .into_par_iter()
            .map(|name| {
                let path = directory.join(&name);
                let recordings = match open_recognized(&path, &encoding) {
                    Ok(file) => Ok(file),
                    Err(error) if error.fault().is_some() => return Err(error.into()),
                    Err(error) => Err(error.to_string()),
                };
                Ok(ArchiveFile {
                    name,
                    path,
                    recordings,
                })
            })
            .collect();
        let files = opened.into_iter().collect::<Result<Vec<_>>>()?;
        let ids = files.iter().map(|file| match &file.recordings {
            Ok(recordings) => recordings.exam_ids(),
            Err(_) => Vec::new(),
        });
        let numbers = files.iter().enumerate();
        Ok(Self {
            ids: ids.collect(),
            numbers: numbers
                .map(|(number, file)| (file.name.clone(), number))
                .collect(),
            files,
        })
    }

    /// The files, in order.
    pub(super) fn into_files(self) -> Vec<ArchiveFile> {
        self.files
    }

    /// Finds the recording of every exam; and the number of recordings that are no exam's.
    ///
    /// # Errors
    /// Rows are found by position, and there are more or fewer than exams; a column has the number of the row, and nothing says in
    /// which of several files.
    pub(super) fn find(&self, rule: &RowRule<'_>, listed: &ListedRows<'_>) -> Result<(FoundExams, usize)> {
        let located = match rule {
            RowRule::Id => self.by_id(listed),
            RowRule::Position => self.by_position(listed)?,
            RowRule::Column(_) => self.by_column(listed)?,
        };
        let used: HashSet<RecordingLocation> = located.iter().flatten().copied().collect();
        let all: usize = self.ids.iter().map(Vec::len).sum();
        let exams = located.into_iter().zip(&listed.ids).enumerate();
        let exam = |(at, (located, id)): (usize, (LocatedRow, &String))| {
            let named = listed.files.map(|files| files[at].trim().to_owned());
            let (file, row, rejection) = match located {
                Ok(location) => (self.files[location.file].name.clone(), location.row, None),
                Err(rejection) => (named.unwrap_or_default(), 0, Some(rejection)),
            };
            FoundExam {
                id: id.clone(),
                file,
                row,
                rejection,
            }
        };
        Ok((exams.map(exam).collect(), all - used.len()))
    }

    /// Number of the file that the table names for an exam; none where it names none.
    fn named(&self, listed: &ListedRows<'_>, at: usize) -> std::result::Result<Option<usize>, Rejection> {
        let Some(files) = listed.files else {
            return Ok(None);
        };
        let name = files[at].trim();
        let number = self.numbers.get(name).copied().ok_or_else(|| {
            let detail = format!("there is no file `{}` in the archive", name.escape_debug());
            (Reason::UnknownTraceFile, detail)
        })?;
        match &self.files[number].recordings {
            Ok(_) => Ok(Some(number)),
            Err(why) => Err((Reason::UnreadablePart, why.clone())),
        }
    }

    fn by_id(&self, listed: &ListedRows<'_>) -> Vec<LocatedRow> {
        let mut rows: HashMap<&str, Vec<RecordingLocation>> = HashMap::new();
        for (file, ids) in self.ids.iter().enumerate() {
            for (row, id) in ids.iter().enumerate() {
                let id = normalize_key(id.as_deref().unwrap_or_default());
                rows.entry(id).or_default().push(RecordingLocation { file, row });
            }
        }
        let unreadable = self.files.iter().find_map(|file| file.recordings.as_ref().err());
        let exams = listed.ids.iter().enumerate();
        let exam = |(at, id): (usize, &String)| {
            if id.is_empty() {
                return Err((Reason::BadRow, "the row names no exam".to_owned()));
            }
            let named = self.named(listed, at)?;
            let everywhere = rows.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            let here = everywhere
                .iter()
                .filter(|at| named.is_none_or(|file| file == at.file));
            let here: Vec<RecordingLocation> = here.copied().collect();
            match (here.as_slice(), everywhere, unreadable) {
                ([location], ..) => Ok(*location),
                // It may be in the file that cannot be read.
                ([], [], Some(why)) if named.is_none() => Err((Reason::UnreadablePart, why.clone())),
                ([], [], _) => Err((Reason::MissingTracing, format!("no file holds exam {id}"))),
                ([], [other, ..], _) => {
                    let detail = format!("exam {id} is in {}", self.describe(other));
                    Err((Reason::WrongTraceFile, detail))
                }
                (several, ..) => {
                    let places: Vec<String> = several.iter().map(|at| self.describe(at)).collect();
                    let detail = format!("exam {id} is in {}", places.join(" and "));
                    Err((Reason::DuplicateTracing, detail))
                }
            }
        };
        exams.map(exam).collect()
    }

    /// A row of a file, in words.
    fn describe(&self, location: &RecordingLocation) -> String {
        format!("{}, row {}", self.files[location.file].name, location.row)
    }

    /// The exams of the table, or of each file that it names, in the order of the rows.
    fn by_position(&self, listed: &ListedRows<'_>) -> Result<Vec<LocatedRow>> {
        let Some(named) = listed.files else {
            if let Some((file, why)) = self.unreadable() {
                let why = why.trim_start_matches(&format!("{}: ", file.path.display()));
                return Err(bad_files(&file.path, why.to_owned()));
            }
            let all = self.ids.iter().enumerate();
            let all =
                all.flat_map(|(file, ids)| (0..ids.len()).map(move |row| RecordingLocation { file, row }));
            let all: Vec<LocatedRow> = all.map(Ok).collect();
            let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
            check_counts(listed.path, (listed.ids.len(), all.len()), &names.join(", "))?;
            return Ok(all);
        };
        let mut next = vec![0; self.files.len()];
        let located: Vec<LocatedRow> = (0..named.len())
            .map(|at| {
                let file = self.named(listed, at)?.unwrap_or_default();
                next[file] += 1;
                let row = next[file] - 1;
                Ok(RecordingLocation { file, row })
            })
            .collect();
        for (number, count) in next.into_iter().enumerate() {
            let file = &self.files[number];
            if file.recordings.is_ok() {
                check_counts(listed.path, (count, self.ids[number].len()), &file.name)?;
            }
        }
        Ok(located)
    }

    fn by_column(&self, listed: &ListedRows<'_>) -> Result<Vec<LocatedRow>> {
        if listed.files.is_none() && self.files.len() != 1 {
            let what = format!(
                "a column has the number of each recording, and there are {} files",
                self.files.len()
            );
            return Err(bad_files(listed.path, what));
        }
        let cells = listed.rows.unwrap_or_default().iter().enumerate();
        let exam = |(at, cell): (usize, &String)| {
            let file = match self.named(listed, at)? {
                Some(file) => file,
                None => self
                    .unreadable()
                    .map_or(Ok(0), |(_, why)| Err((Reason::UnreadablePart, why.clone())))?,
            };
            let row: usize = normalize_key(cell).parse().map_err(|_| {
                let detail = format!("`{}` is no number of a recording", cell.escape_debug());
                (Reason::BadRow, detail)
            })?;
            let count = self.ids[file].len();
            if row >= count {
                let detail = format!(
                    "{} has {count} recordings, and none of number {row}",
                    self.files[file].name
                );
                return Err((Reason::MissingTracing, detail));
            }
            Ok(RecordingLocation { file, row })
        };
        Ok(cells.map(exam).collect())
    }

    /// The first file that cannot be read, and why.
    fn unreadable(&self) -> Option<(&ArchiveFile, &String)> {
        let mut files = self.files.iter();
        files.find_map(|file| Some((file, file.recordings.as_ref().err()?)))
    }
}

/// Where the recording of an exam is, or why it has none.
type LocatedRow = std::result::Result<RecordingLocation, Rejection>;

/// Checks that a table has as many exams as `of` has recordings: were one missing, all after it would be another's.
fn check_counts(table: &Path, (exams, recordings): (usize, usize), of: &str) -> Result<()> {
    if exams == recordings {
        return Ok(());
    }
    let what = format!(
        "{exams} exams and {recordings} recordings in {of}: they belong together by their position, so there must be as many"
    );
    Err(bad_files(table, what))
}

fn bad_files(path: &Path, what: String) -> Error {
    Error::BadInput {
        path: path.to_owned(),
        what,
        help: Some(
            "give the table and the files as they were published together, or correct the description"
                .to_owned(),
        ),
    }
}
