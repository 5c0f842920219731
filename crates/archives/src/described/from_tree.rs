//! Exams that are the files below a directory, of any format that is read.

use super::comment_columns::CommentColumns;
use super::description::DatasetDescription;
use super::exam_columns::ExamColumns;
use super::found_exam::{FoundExam, FoundExams};
use crate::error::{Error, Result};
use crate::table::TableColumn;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::presence::is_dir;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::{ListedRecording, RecordingMetadata};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Endings of files that are no recordings by themselves: signal files and annotations of WFDB, text, tables of lists.
const NO_RECORDINGS: [&str; 12] = [
    "dat", "mat", "atr", "qrs", "xyz", "md", "txt", "html", "pdf", "json", "tsv", "sha256",
];
/// Levels of directories that are searched.
const MAX_DEPTH: usize = 32;

/// A file that is one, and the recordings in it.
struct OpenedFile {
    name: String,
    recordings: std::result::Result<Vec<ListedRecording>, String>,
}

/// Searches the directory `raw`, and fills `columns`. Returns the exams, and the number of files that look like recordings and are
/// no exam's.
pub(super) fn exams(
    description: &DatasetDescription,
    raw: &Path,
    columns: &mut ExamColumns,
) -> Result<(FoundExams, usize)> {
    let mut names = files_below(raw)?;
    let without_header = mats_without_header(&names);
    names.retain(|name| may_be_recording(name));
    let opened: Vec<OpenedFile> = names
        .into_par_iter()
        .filter_map(|name| open_file(description, raw, name))
        .collect::<Result<_>>()?;
    let (mut found, mut metadata) = (Vec::new(), Vec::new());
    for file in opened {
        let id = id_of(&file.name, &description.strip);
        match file.recordings {
            Ok(recordings) => {
                let several = recordings.len() > 1;
                for (row, recording) in recordings.into_iter().enumerate() {
                    let of_row = || recording.exam_id.clone().unwrap_or_else(|| row.to_string());
                    found.push(FoundExam {
                        id: if several {
                            format!("{id}/{}", of_row())
                        } else {
                            id.clone()
                        },
                        file: file.name.clone(),
                        row,
                        rejection: None,
                    });
                    metadata.push(recording.metadata.unwrap_or_default());
                }
            }
            Err(why) => {
                found.push(FoundExam {
                    id,
                    file: file.name,
                    row: 0,
                    rejection: Some((Reason::UnreadableTracing, why)),
                });
                metadata.push(RecordingMetadata::default());
            }
        }
    }
    if found.is_empty() {
        return Err(Error::BadInput {
            path: raw.to_owned(),
            what: "there is no recording below this directory".to_owned(),
            help: Some("WFDB headers (.hea), GE MUSE XML, HDF5 and CSV with named leads are read".to_owned()),
        });
    }
    let found: FoundExams = found.into_iter().collect();
    columns.add(EXAM_ID, TableColumn::Kept(found.ids.clone()));
    columns.add(TRACE_FILE, TableColumn::Kept(found.files.clone()));
    let comments = CommentColumns::new(description, metadata);
    columns.add_patient(description, |name| comments.stated(name));
    comments.add_to(columns);
    Ok((found, without_header))
}

/// Paths of the files below the directory `raw` that may be recordings, relative to it and in order. Left out are hidden files, and
/// those whose ending says that they are something else or a part of a WFDB record, whose header is listed.
///
/// # Errors
/// A directory cannot be listed, a name is not UTF-8 text, or directories are nested too deeply.
pub fn recording_candidates(raw: &Path) -> Result<Vec<String>> {
    let mut names = files_below(raw)?;
    names.retain(|name| may_be_recording(name));
    Ok(names)
}

/// Returns true unless the ending of a file says that it is something else than a recording.
fn may_be_recording(name: &str) -> bool {
    !has_ending(Path::new(name), &NO_RECORDINGS)
}

/// Paths of all files below the directory `raw`, relative to it and in order, without hidden ones.
fn files_below(raw: &Path) -> Result<Vec<String>> {
    let mut names = list_files(raw, Path::new(""), 0)?;
    names.par_sort_unstable();
    Ok(names)
}

/// Paths of all files below `directory`, relative to `raw`, without hidden ones. Directories are listed side by side.
fn list_files(raw: &Path, directory: &Path, depth: usize) -> Result<Vec<String>> {
    let mut listed = list_directory(raw, directory)?;
    if depth == MAX_DEPTH
        && let Some(deeper) = listed.directories.first()
    {
        return Err(Error::BadInput {
            path: raw.join(deeper),
            what: format!("more than {MAX_DEPTH} directories inside each other"),
            help: None,
        });
    }
    let below = listed.directories.par_iter();
    let below: Vec<Result<Vec<String>>> = below
        .map(|directory| list_files(raw, directory, depth + 1))
        .collect();
    for files in below {
        listed.files.extend(files?);
    }
    Ok(listed.files)
}

/// Content of one directory, as paths relative to the archive.
#[derive(Default)]
struct ListedDirectory {
    files: Vec<String>,
    directories: Vec<PathBuf>,
}

fn list_directory(raw: &Path, directory: &Path) -> Result<ListedDirectory> {
    let (path, mut content) = (raw.join(directory), ListedDirectory::default());
    let listed = std::fs::read_dir(&path).map_err(ArtifactError::io("list", &path))?;
    for entry in listed {
        let entry = entry.map_err(ArtifactError::io("list", &path))?;
        let name = entry.file_name();
        let Some(text) = name.to_str() else {
            return Err(Error::BadInput {
                path: entry.path(),
                what: "the name of this file is not UTF-8 text".to_owned(),
                help: Some("rename it".to_owned()),
            });
        };
        if text.starts_with('.') {
            continue;
        }
        let relative = directory.join(text);
        // A link to a directory is not followed: it may lead back here.
        let kind = entry.file_type().map_err(ArtifactError::io("list", &path))?;
        if kind.is_dir() {
            content.directories.push(relative);
        } else if !(kind.is_symlink() && is_dir(&entry.path())?) {
            content.files.push(relative.to_string_lossy().into_owned());
        }
    }
    content.directories.sort_unstable();
    Ok(content)
}

/// Number of `.mat` files without a WFDB header of their name: recordings whose header was lost, or something else.
fn mats_without_header(names: &[String]) -> usize {
    let mats = names.iter().filter(|name| has_ending(Path::new(name), &["mat"]));
    let header_of = |name: &String| {
        Path::new(name)
            .with_extension("hea")
            .to_string_lossy()
            .into_owned()
    };
    mats.filter(|name| names.binary_search(&header_of(name)).is_err())
        .count()
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Opens a file, if a reader knows it. What is wrong with a file is said of its exam; a fault of the system is an error.
fn open_file(description: &DatasetDescription, raw: &Path, name: String) -> Option<Result<OpenedFile>> {
    let encoding = description.encoding();
    let path = raw.join(&name);
    let recordings = match ecgfm_recordings::list(&path, &encoding)? {
        // A signal file of a WFDB record, whose header is listed, too.
        Ok(file) if file.path != path => return None,
        Ok(file) => Ok(file.recordings),
        Err(error) if error.fault().is_some() => return Some(Err(error.into())),
        Err(error) => Err(error.to_string()),
    };
    Some(Ok(OpenedFile { name, recordings }))
}

/// Name of an exam: the path of its file without the ending.
fn id_of(name: &str, strip: &str) -> String {
    let path = PathBuf::from(name).with_extension("");
    let path = path.to_string_lossy();
    path.strip_prefix(strip).unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_directory_is_no_recording_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::write(dir.path().join("a/r.hea"), "").unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("a/r.hea"), dir.path().join("linked.hea")).unwrap();
        assert_eq!(
            recording_candidates(dir.path()).unwrap(),
            ["a/r.hea", "linked.hea"]
        );
    }
}
