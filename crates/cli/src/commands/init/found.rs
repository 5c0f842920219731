//! What the ECGs of a directory are.

use super::super::recording_files::{is_hdf5, open_file, read_recording};
use crate::args::EncodingArgs;
use crate::errors::{file_error, unusable_file};
use crate::pipelines;
use ecgfm_archives::described::{DatasetDescription, recording_candidates};
use ecgfm_artifacts::columns::{EXAM_ID, TRACE_FILE};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::table;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::RecordingFile;
use ecgfm_system::presence::{is_dir, is_file};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A kind of archive for which there is a pipeline.
#[derive(Debug)]
pub(super) struct ArchiveKind {
    /// Name of its description, `signals.dataset`.
    pub(super) dataset: &'static str,
    /// The built-in pipeline that it is written from.
    pub(super) pipeline: &'static str,
    truth: Truth,
    /// Says by what a directory with files of these names is of this kind; none where it is not.
    mark: fn(&Path, &[String]) -> Result<Option<String>, Error>,
}

/// Where the truth of an archive's exams is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    /// Every archive of the kind has it.
    Everywhere,
    /// In columns of the table of this name, as far as there are any.
    Columns(&'static str),
    /// In columns of the table that the archive is.
    OwnColumns,
    /// Nowhere.
    Nowhere,
}

/// CODE-15's table of exams.
const EXAMS: &str = "exams.csv";

/// The kinds, the surest first.
const KINDS: [ArchiveKind; 7] = [
    ArchiveKind {
        dataset: "ptbxl_100hz",
        pipeline: "ptbxl",
        truth: Truth::Everywhere,
        mark: |_, names| {
            let only_100hz = has(names, "records100") && !has(names, "records500");
            Ok(tables_there("ptbxl_100hz", names)?.filter(|_| only_100hz))
        },
    },
    ArchiveKind {
        dataset: "ptbxl",
        pipeline: "ptbxl",
        truth: Truth::Everywhere,
        mark: |_, names| tables_there("ptbxl", names),
    },
    ArchiveKind {
        dataset: "mimic_iv_ecg",
        pipeline: "mimic_iv_ecg",
        truth: Truth::Everywhere,
        mark: |_, names| tables_there("mimic_iv_ecg", names),
    },
    ArchiveKind {
        dataset: "code15",
        pipeline: "code15",
        truth: Truth::Columns(EXAMS),
        mark: |_, names| {
            let is_part = |name: &&String| name.starts_with("exams_part") && name.ends_with(".hdf5");
            let part = names.iter().find(is_part);
            Ok(part.filter(|_| has(names, EXAMS)).cloned())
        },
    },
    ArchiveKind {
        dataset: "physionet2021",
        pipeline: "physionet2021",
        truth: Truth::Everywhere,
        mark: |data, names| match has(names, TRAINING) {
            true => header_with_diagnoses(&data.join(TRAINING)),
            false => Ok(None),
        },
    },
    ArchiveKind {
        dataset: "files",
        pipeline: "folder",
        truth: Truth::OwnColumns,
        mark: |_, _| Ok(None),
    },
    ArchiveKind {
        dataset: "folder",
        pipeline: "folder",
        truth: Truth::Nowhere,
        mark: |_, _| Ok(None),
    },
];

/// Directory of the sources of the Challenge of 2021.
const TRAINING: &str = "training";

fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name == wanted)
}

/// The table of exams of a described archive, where it is among these files with all that are joined to it.
fn tables_there(dataset: &str, names: &[String]) -> Result<Option<String>, Error> {
    let description = DatasetDescription::load(dataset).map_err(unusable_file)?;
    let Some(description) = description else {
        return Ok(None);
    };
    let joined = description.joins.iter().filter(|join| !join.optional);
    let all = joined.map(|join| &join.table).all(|table| has(names, table));
    Ok(description.table.filter(|table| all && has(names, table)))
}

/// The first WFDB header below a directory, where it has a comment of diagnoses.
fn header_with_diagnoses(training: &Path) -> Result<Option<String>, Error> {
    if !is_dir(training).map_err(|e| file_error("read", training, &e))? {
        return Ok(None);
    }
    let names = recording_candidates(training).map_err(unusable_file)?;
    let Some(header) = names.into_iter().find(|name| name.ends_with(".hea")) else {
        return Ok(None);
    };
    let path = training.join(&header);
    let text = std::fs::read(&path).map_err(|e| file_error("read", &path, &e))?;
    let stated = String::from_utf8_lossy(&text)
        .lines()
        .any(|line| line.starts_with('#') && line.contains("Dx:"));
    Ok(stated.then(|| format!("diagnoses in {TRAINING}/{header}")))
}

/// What is at a path.
#[derive(Debug)]
pub(super) struct FoundArchive {
    pub(super) kind: &'static ArchiveKind,
    /// Where it is: a directory, or the table.
    pub(super) raw: PathBuf,
    /// The truth is known, so that there is something to compare with.
    pub(super) evaluates: bool,
    /// What was seen, a sentence each.
    pub(super) facts: Vec<String>,
}

/// Recordings that are read to say what they are.
const LOOKED_AT: usize = 20;

/// Looks at a directory or a table; `from` names the kind where it is not to be found out.
///
/// # Errors
/// There is nothing, or no ECG; `from` is not a kind; a directory has several tables that may list its ECGs.
pub(super) fn look_at(data: &Path, from: Option<&str>) -> Result<FoundArchive, Error> {
    let data = std::path::absolute(data).map_err(|e| file_error("find", data, &e))?;
    let directory = is_dir(&data).map_err(|e| file_error("read", &data, &e))?;
    if !directory && !is_file(&data).map_err(|e| file_error("read", &data, &e))? {
        return Err(bad_input(format!(
            "{}: no such file or directory",
            data.display()
        )));
    }
    let forced = from.map(kind_named).transpose()?;
    let (kind, raw, why) = match (forced, directory) {
        (None, false) => (kind_named("files")?, data.clone(), "a table".to_owned()),
        (None, true) => kind_of(&data)?,
        (Some(kind), _) => (kind, raw_of(kind, &data)?, "as --from says".to_owned()),
    };
    let mut facts = vec![format!("{}: dataset {}, {why}", raw.display(), kind.dataset)];
    let evaluates = match kind.truth {
        Truth::Everywhere => true,
        Truth::Columns(table) => has_labels(kind, &raw.join(table), &mut facts)?,
        Truth::OwnColumns => has_labels(kind, &raw, &mut facts)?,
        Truth::Nowhere => {
            facts.push("no table of labels: what the model says, without a comparison".to_owned());
            facts.extend(recordings_of(&raw)?);
            false
        }
    };
    Ok(FoundArchive {
        kind,
        raw,
        evaluates,
        facts,
    })
}

fn bad_input(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}

fn kind_named(name: &str) -> Result<&'static ArchiveKind, Error> {
    KINDS.iter().find(|kind| kind.dataset == name).ok_or_else(|| {
        let names = KINDS.map(|kind| kind.dataset).join(", ");
        Error::new(
            ErrorKind::Config,
            format!("--from {name}: no pipeline is written for it"),
        )
        .help(format!(
            "give one of {names}; for another archive see docs/data.md, \"I have an archive of my own\""
        ))
    })
}

/// What `--from` means by the path.
fn raw_of(kind: &ArchiveKind, data: &Path) -> Result<PathBuf, Error> {
    if kind.truth != Truth::OwnColumns || !data.is_dir() {
        return Ok(data.to_owned());
    }
    match &tables_of(data)?[..] {
        [only] => Ok(data.join(only)),
        tables => Err(several_tables(data, tables)),
    }
}

fn several_tables(data: &Path, tables: &[String]) -> Error {
    match tables {
        [] => bad_input(format!(
            "{}: no CSV file with the columns exam_id and trace_file",
            data.display()
        )),
        _ => bad_input(format!(
            "{}: several tables list files: {}",
            data.display(),
            tables.join(", ")
        )),
    }
    .help("name the table: `ecgfm init TABLE.csv`")
}

/// The kind of a directory, where it is, and why.
fn kind_of(data: &Path) -> Result<(&'static ArchiveKind, PathBuf, String), Error> {
    let names = names_in(data)?;
    for kind in &KINDS {
        if let Some(mark) = (kind.mark)(data, &names)? {
            return Ok((kind, data.to_owned(), format!("it has {mark}")));
        }
    }
    match &tables_of(data)?[..] {
        [] => Ok((
            kind_named("folder")?,
            data.to_owned(),
            "files without a table".to_owned(),
        )),
        [only] => Ok((
            kind_named("files")?,
            data.join(only),
            "a table of files".to_owned(),
        )),
        several => Err(several_tables(data, several)),
    }
}

/// Names of what is in a directory, in order.
fn names_in(data: &Path) -> Result<Vec<String>, Error> {
    let entries = std::fs::read_dir(data).map_err(|e| file_error("read", data, &e))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names
        .collect::<std::io::Result<Vec<String>>>()
        .map_err(|e| file_error("read", data, &e))?;
    names.sort_unstable();
    Ok(names)
}

/// The CSV files of a directory that list recordings.
fn tables_of(data: &Path) -> Result<Vec<String>, Error> {
    let mut tables = Vec::new();
    for name in names_in(data)?.into_iter().filter(|name| name.ends_with(".csv")) {
        match table::read_header(&data.join(&name)).map_err(unusable_file) {
            Ok(header) if [EXAM_ID, TRACE_FILE].iter().all(|column| has(&header, column)) => {
                tables.push(name)
            }
            // Another table, or none: ECGs are CSV files, too.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::BadInput => {}
            Err(error) => return Err(error),
        }
    }
    Ok(tables)
}

/// Says if a table has every label that the pipeline compares, and tells which it has.
fn has_labels(kind: &ArchiveKind, table: &Path, facts: &mut Vec<String>) -> Result<bool, Error> {
    let header = table::read_header(table).map_err(unusable_file)?;
    let wanted = Mapping::load(pipelines::mapping_of(kind.pipeline)).map_err(unusable_file)?;
    let (there, missing): (Vec<String>, Vec<String>) =
        (wanted.map.into_iter().map(|pair| pair.to)).partition(|label| header.contains(label));
    if missing.is_empty() {
        facts.push(format!("labels to compare with: {}", there.join(", ")));
        return Ok(true);
    }
    facts.push(format!(
        "{} has no column {}: what the model says, without a comparison; labels of your own: docs/pipelines.md",
        table.display(),
        missing.join(", ")
    ));
    Ok(false)
}

/// Says what some recordings of a directory are.
fn recordings_of(data: &Path) -> Result<Vec<String>, Error> {
    let names = recording_candidates(data).map_err(unusable_file)?;
    let step = names.len().div_ceil(LOOKED_AT).max(1);
    let encoding = EncodingArgs::default();
    let (mut kinds, mut read, mut unread) = (BTreeSet::new(), 0, Vec::new());
    for name in names.iter().step_by(step) {
        let path = data.join(name);
        let Some(opened) = open_file(&path, &encoding) else {
            continue;
        };
        match opened.and_then(|file| describe_recording(file.as_ref(), &path, &encoding)) {
            Ok(kind) => {
                read += 1;
                kinds.insert(kind);
            }
            Err(error) if error.kind() == ErrorKind::BadInput => unread.push(error),
            Err(error) => return Err(error),
        }
    }
    let unread = match unread.len() {
        0 => String::new(),
        n => format!("; {n} not read, the first: {}", unread[0].message()),
    };
    if read == 0 {
        let message = format!("{}: no ECG in a format that is read{unread}", data.display());
        return Err(bad_input(message).help(
            "`ecgfm inspect DIR` says what is in it; an archive that states neither rate nor unit can be described: docs/data.md",
        ));
    }
    let kinds: Vec<String> = kinds.into_iter().collect();
    Ok(vec![format!(
        "{} files that may hold an ECG; {read} looked at: {}{unread}",
        names.len(),
        kinds.join("; ")
    )])
}

/// Format, rate and leads of a recording.
fn describe_recording(
    file: &dyn RecordingFile,
    path: &Path,
    encoding: &EncodingArgs,
) -> Result<String, Error> {
    if is_hdf5(file) {
        return Err(bad_input(format!(
            "{}: HDF5 states neither rate nor unit",
            path.display()
        )));
    }
    let recording = read_recording(file, 0, encoding)?;
    let facts = file.facts();
    let format = facts
        .get("format")
        .and_then(|format| format.as_str())
        .unwrap_or_default();
    Ok(format!(
        "{format}, {} Hz, {} leads",
        recording.sample_rate,
        recording.leads.len()
    ))
}
