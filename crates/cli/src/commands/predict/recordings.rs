//! Recordings in files of any format, listed as the dataset `files`.

use super::inputs::{DATASET_FILE, GivenRecording, InputFiles, RecordingFacts, RefusedFile, TABLE_FILE};
use super::user_paths::{absolute_text, bad_input};
use crate::args::PredictArgs;
use crate::commands::recording_files::{read_recording, standard_leads, stem, unique_name};
use crate::errors::{file_error, unusable_file};
use ecgfm_archives::DatasetDescription;
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::{BoxedFile, RecordingFile};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Path of a file in tables, and facts about its recording.
type ListedFacts = (String, RecordingFacts);

/// Dataset that describes a table of files.
const DATASET: &str = "files";

/// Lists the recordings of `files` in the directory `root`; none where no file can be used.
pub(super) fn list_recordings(
    files: Vec<(PathBuf, BoxedFile)>,
    args: &PredictArgs,
    root: &Path,
) -> Result<(Option<InputFiles>, Vec<RefusedFile>), Error> {
    let files = without_repeated(files);
    let read: Vec<(PathBuf, Result<ListedFacts, Error>)> = files
        .into_par_iter()
        .map(|(path, file)| {
            let facts = read_facts(file.as_ref(), args);
            (path, facts)
        })
        .collect();
    let (mut recordings, mut refused, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    for (path, facts) in read {
        match facts {
            Ok((trace_file, facts)) => recordings.push(GivenRecording {
                name: stem(&path),
                exam: unique_name(&stem(&path), &mut names),
                path,
                trace_file,
                facts,
            }),
            Err(error) if error.kind() == ErrorKind::BadInput => refused.push((path, error)),
            Err(error) => return Err(error),
        }
    }
    if recordings.is_empty() {
        return Ok((None, refused));
    }
    fs::create_dir(root).map_err(|e| file_error("write", root, &e))?;
    write_table(&root.join(TABLE_FILE), &recordings).map_err(|e| file_error("write", root, &e))?;
    write_dataset(&root.join(DATASET_FILE), args)?;
    let group = InputFiles::Recordings {
        root: root.to_owned(),
        recordings,
    };
    Ok((Some(group), refused))
}

/// Files without those of one record: its header and its signal file may both be given.
fn without_repeated(files: Vec<(PathBuf, BoxedFile)>) -> Vec<(PathBuf, BoxedFile)> {
    let mut known = HashSet::new();
    let is_new = |(_, file): &(PathBuf, BoxedFile)| {
        let path = file.path();
        known.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    };
    files.into_iter().filter(is_new).collect()
}

/// Path of the file in tables, and what is doubtful about its recording.
fn read_facts(file: &dyn RecordingFile, args: &PredictArgs) -> Result<ListedFacts, Error> {
    let rows = file.exam_ids().len();
    if rows != 1 {
        let what = format!("{}: {rows} recordings in one file", file.path().display());
        return Err(
            bad_input(what).help("give each a file of its own: `ecgfm convert FILE -o DIR --to wfdb`")
        );
    }
    let mut recording = read_recording(file, 0, &args.encoding)?;
    let doubts = recording
        .metadata
        .as_ref()
        .map(|metadata| metadata.doubts.clone());
    let facts = RecordingFacts {
        doubts: doubts.unwrap_or_default(),
        leads: standard_leads(&mut recording)?,
    };
    Ok((absolute_text(file.path())?, facts))
}

fn write_table(path: &Path, recordings: &[GivenRecording]) -> std::io::Result<()> {
    let mut text = Vec::new();
    let mut table = RowWriter::new(&mut text, [EXAM_ID, TRACE_FILE])?;
    for recording in recordings {
        table.cell(Cell::Text(&recording.exam));
        table.cell(Cell::Text(&recording.trace_file));
        table.end_row()?;
    }
    fs::write(path, text)
}

/// Writes the description of the dataset with what the arguments state.
fn write_dataset(path: &Path, args: &PredictArgs) -> Result<(), Error> {
    let files = DatasetDescription::load(DATASET).map_err(unusable_file)?;
    let described = args.encoding.complete(files.unwrap_or_default());
    // JSON is YAML.
    let text =
        serde_json::to_string(&described).map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
    fs::write(path, text).map_err(|e| file_error("write", path, &e))
}
