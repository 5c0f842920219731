//! Files anywhere, listed in a table of two columns: `exam_id` and `trace_file`, the path of the file that holds the
//! exam. The files are those of CODE-15, one archive's or several's; their other tables are not read.

use crate::archive::Archive;
use crate::code15::{Code15, ENCODING, PartFiles, RULES, SOURCE, read_notice};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::table::ExamTable;
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::table;
use ecgfm_recordings::{BoxedFile, Hdf5File, Result as RecordingResult};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How the program opens such a list.
pub struct ListedFiles;

/// Name of the layout in parameters.
pub const NAME: &str = "listed";

impl Dataset for ListedFiles {
    fn source(&self) -> &str {
        SOURCE
    }

    fn open(&self, table: &Path) -> Result<Box<dyn Archive>> {
        Ok(Box::new(open(table)?))
    }

    fn column_names(&self, table: &Path) -> Result<Option<Vec<String>>> {
        ExamTable::column_names(table, &RULES).map(Some)
    }

    fn open_file(&self, table: &Path, name: &str) -> RecordingResult<BoxedFile> {
        Ok(Box::new(Hdf5File::open(&resolve_path(table, name), ENCODING)?))
    }

    fn is_inside(&self, _: &str) -> bool {
        true
    }
}

/// Opens the table at `path`, and every file that it names, as one archive.
///
/// # Errors
/// The table is missing or refused; a fault of the system.
pub fn open(path: &Path) -> Result<Code15> {
    let table = ExamTable::read(path, &RULES)?;
    let (mut names, mut files) = (HashSet::new(), Vec::new());
    for row in 0..table.len() {
        let name = table.recording_file(row).trim();
        if !name.is_empty() && names.insert(name) {
            files.push((resolve_path(path, name), name.to_owned()));
        }
    }
    let folders: HashSet<&Path> = files.iter().filter_map(|(file, _)| file.parent()).collect();
    let notice = (folders.into_iter())
        .find_map(|folder| read_notice(folder).transpose())
        .transpose()?;
    Ok(Code15 {
        parts: PartFiles::open(files)?,
        table,
        notice,
    })
}

/// Writes a table of exams: the number of each, and the file that holds it.
///
/// # Errors
/// I/O.
pub fn write(path: &Path, exams: &[(i64, String)]) -> Result<()> {
    let written = table::write_rows(path, [EXAM_ID, TRACE_FILE], |w| {
        for (exam_id, file) in exams {
            w.row([Cell::Int(*exam_id), Cell::Text(file)])?;
        }
        Ok(())
    });
    Ok(written?)
}

/// Path of a file that a table names: relative ones are relative to the table.
fn resolve_path(table: &Path, name: &str) -> PathBuf {
    table.parent().unwrap_or(Path::new("")).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Archive;
    use ecgfm_artifacts::formats::code15::{PartWriter, WriteLayout, WriteOptions};

    #[test]
    fn files_of_two_directories_are_one_archive() {
        let dir = tempfile::tempdir().unwrap();
        let options = WriteOptions {
            layout: WriteLayout::Contiguous,
            rows: 2,
            samples: 3,
            leads: 12,
        };
        for (folder, id) in [("a", 7), ("b, c", 9)] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            let path = dir.path().join(folder).join("exams_part0.hdf5");
            let mut writer = PartWriter::create(&path, options).unwrap();
            writer.write_row(0, 0, &[0.0; 36]).unwrap();
            writer.write_row(1, id, &[id as f32; 36]).unwrap();
            writer.finish().unwrap();
        }
        std::fs::write(dir.path().join("b, c/SYNTHETIC.md"), "").unwrap();
        let (table, absolute) = (dir.path().join("list.csv"), dir.path().join("a/exams_part0.hdf5"));
        let rows = [
            (9, "b, c/exams_part0.hdf5".to_owned()),
            (7, absolute.display().to_string()),
            (7, "b, c/exams_part0.hdf5".to_owned()),
        ];
        write(&table, &rows).unwrap();
        let listed = open(&table).unwrap();
        let located = listed.locate();
        assert_eq!(
            located.found.iter().map(|exam| exam.idx).collect::<Vec<_>>(),
            [0, 1]
        );
        assert_eq!(located.rejected[0].entry.reason.as_str(), "duplicate_exam");
        assert_eq!(listed.save_file(1), "code_15_7.mat");
        assert!(listed.notice().unwrap().starts_with("SYNTHETIC"));
        let file = listed.file(located.found[1].location.file);
        let file = file.recordings.as_ref().unwrap();
        let mut recording = ecgfm_recordings::Recording::default();
        file.read(located.found[1].location.row, &mut recording).unwrap();
        assert_eq!(
            (recording.sample_rate, recording.samples.to_f64()[0]),
            (400.0, 7.0)
        );
    }
}
