//! CODE-15, and anything laid out like it: `exams.csv` and HDF5 parts in one directory.
//!
//! Source: Ribeiro et al., *CODE-15%*, Zenodo 4916206.

mod columns;
mod files;
mod layout;
mod locate;

use crate::archive::{Archive, FoundFile, LocatedExams};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::table::ExamTable;
pub use columns::RULES;
use ecgfm_artifacts::presence::{exists, is_dir};
use ecgfm_recordings::{BoxedFile, Encoding, Hdf5File, Result as RecordingResult};
pub(crate) use files::PartFiles;
pub(crate) use layout::SOURCE;
pub use layout::{ENCODING, EXAMS_FILE};
use layout::{HOW_TO_GET, SYNTHETIC};
pub(crate) use locate::locate;
use std::path::{Path, PathBuf};

/// How the program opens such an archive.
pub struct Code15Layout;

impl Dataset for Code15Layout {
    fn source(&self) -> &str {
        SOURCE
    }

    fn open(&self, raw: &Path) -> Result<Box<dyn Archive>> {
        Ok(Box::new(Code15::open(raw)?))
    }

    fn column_names(&self, raw: &Path) -> Result<Option<Vec<String>>> {
        column_names(raw).map(Some)
    }

    fn open_file(&self, raw: &Path, name: &str) -> RecordingResult<BoxedFile> {
        Ok(Box::new(Hdf5File::open(&raw.join(name), ENCODING)?))
    }

    fn is_inside(&self, name: &str) -> bool {
        Path::new(name).file_name() == Some(name.as_ref())
    }
}

/// An open archive in the shape of CODE-15.
pub struct Code15 {
    pub(crate) table: ExamTable,
    pub(crate) parts: PartFiles,
    pub(crate) notice: Option<String>,
}

impl Code15 {
    /// Opens the archive in the directory `raw`: its table, then all of its parts.
    ///
    /// # Errors
    /// There is no such directory, no table or no part in it; the table is refused; a fault of the system.
    pub fn open(raw: &Path) -> Result<Self> {
        let table = ExamTable::read(&table_in(raw)?, &RULES)?;
        let names = files::part_names(raw)?;
        let paths = names.into_iter().map(|name| (raw.join(&name), name)).collect();
        Ok(Self {
            table,
            parts: PartFiles::open(paths)?,
            notice: read_notice(raw)?,
        })
    }
}

impl Archive for Code15 {
    fn source(&self) -> &str {
        SOURCE
    }

    fn exams(&self) -> &ExamTable {
        &self.table
    }

    fn file_count(&self) -> usize {
        self.parts.files().len()
    }

    fn file(&self, number: usize) -> FoundFile<'_> {
        FoundFile::Kept(&self.parts.files()[number])
    }

    fn encoding(&self, _: usize) -> Option<Encoding> {
        Some(ENCODING)
    }

    fn locate(&self) -> LocatedExams {
        locate(&self.table, &self.parts)
    }

    fn notice(&self) -> Option<String> {
        self.notice.clone()
    }

    fn is_zero_padded(&self, _: usize) -> bool {
        true
    }
}

/// Notice of an archive whose parts are in `dir`. A program that makes an archive writes a file beside its parts that says so.
///
/// # Errors
/// The system does not let this program look for that file: the ECGs must not pass for patients'.
pub(crate) fn read_notice(dir: &Path) -> Result<Option<String>> {
    for name in SYNTHETIC {
        if exists(&dir.join(name))? {
            let notice = "SYNTHETIC: a program made these ECGs, they are no patients'.";
            return Ok(Some(notice.to_owned()));
        }
    }
    Ok(None)
}

fn column_names(raw: &Path) -> Result<Vec<String>> {
    let columns = ExamTable::column_names(&table_in(raw)?, &RULES)?;
    files::part_names(raw)?;
    Ok(columns)
}

/// Path of the table in the directory `raw`.
fn table_in(raw: &Path) -> Result<PathBuf> {
    let path = raw.join(EXAMS_FILE);
    let missing = |at: &Path, what: &str| Error::BadInput {
        // The message says where was looked, also where `raw` is relative.
        path: std::path::absolute(at).unwrap_or_else(|_| at.to_owned()),
        what: what.to_owned(),
        help: Some(HOW_TO_GET.to_owned()),
    };
    for (at, what) in [
        (raw, "there is no such directory of raw data"),
        (&path, "there is no table of exams"),
    ] {
        if !exists(at)? {
            return Err(missing(at, what));
        }
        if at == raw && !is_dir(raw)? {
            return Err(missing(
                raw,
                "is a file; `raw` is the directory that holds exams.csv and the parts",
            ));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthetic_ecgs_never_pass_for_patients_where_their_mark_cannot_be_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_notice(dir.path()).unwrap().is_none());
        // A link that leads to itself cannot be looked at, by no user.
        std::os::unix::fs::symlink("synth.json", dir.path().join("synth.json")).unwrap();
        let error = read_notice(dir.path()).unwrap_err().to_string();
        assert!(error.contains("synth.json"), "{error}");
        std::fs::write(dir.path().join("SYNTHETIC.md"), "").unwrap();
        assert!(read_notice(dir.path()).unwrap().unwrap().starts_with("SYNTHETIC"));
    }
}
