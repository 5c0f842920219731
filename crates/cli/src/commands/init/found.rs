//! What the ECGs of a directory are.

use super::super::recording_files::{is_hdf5, open_file, read_recording};
use crate::args::EncodingArgs;
use crate::errors::{file_error, unusable_file};
use crate::pipelines;
use ecgfm_archives::described::recording_candidates;
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::table;
use ecgfm_pipeline::{Error, ErrorKind};
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
    /// Says by which files a directory is of this kind; none where it is not.
    marks: fn(&Path, &[String]) -> Option<String>,
    /// Table of exams in the directory, whose columns hold the truth.
    table: Option<&'static str>,
}

/// The kinds, the surest first.
const KINDS: [ArchiveKind; 6] = [
    ArchiveKind {
        dataset: "ptbxl",
        pipeline: "ptbxl",
        marks: |_, names| one_of(names, "ptbxl_database.csv"),
        table: None,
    },
    ArchiveKind {
        dataset: "mimic_iv_ecg",
        pipeline: "mimic_iv_ecg",
        marks: |_, names| one_of(names, "record_list.csv").and(one_of(names, "machine_measurements.csv")),
        table: None,
    },
    ArchiveKind {
        dataset: "code15",
        pipeline: "code15",
        marks: |_, names| {
            let part = names
                .iter()
                .find(|name| name.starts_with("exams_part") && name.ends_with(".hdf5"));
            one_of(names, "exams.csv").and(part.cloned())
        },
        table: Some("exams.csv"),
    },
    ArchiveKind {
        dataset: "physionet2021",
        pipeline: "physionet2021",
        marks: |data, names| {
            let training = one_of(names, "training")?;
            data.join(&training).is_dir().then_some(training)
        },
        table: None,
    },
    ArchiveKind {
        dataset: "files",
        pipeline: "folder",
        marks: |_, _| None,
        table: Some("."),
    },
    ArchiveKind {
        dataset: "folder",
        pipeline: "folder",
        marks: |_, _| None,
        table: None,
    },
];

fn one_of(names: &[String], wanted: &str) -> Option<String> {
    names.iter().find(|name| *name == wanted).cloned()
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
    let evaluates = match kind.table {
        _ if kind.dataset == "folder" => {
            facts.push("no table of labels: what the model says, without a comparison".to_owned());
            false
        }
        None => true,
        Some(".") => has_labels(kind, &raw, &mut facts)?,
        Some(table) => has_labels(kind, &raw.join(table), &mut facts)?,
    };
    if kind.dataset == "folder" {
        facts.extend(recordings_of(&raw)?);
    }
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
    if kind.table != Some(".") || !data.is_dir() {
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
        if let Some(mark) = (kind.marks)(data, &names) {
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
    let mut names = names_in(data)?;
    names.retain(|name| {
        let header = || table::read_header(&data.join(name)).unwrap_or_default();
        name.ends_with(".csv") && {
            let header = header();
            ["exam_id", "trace_file"]
                .iter()
                .all(|wanted| header.iter().any(|column| column == wanted))
        }
    });
    Ok(names)
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
    let (mut kinds, mut read) = (BTreeSet::new(), 0);
    for name in names.iter().step_by(step) {
        let Some(Ok(file)) = open_file(&data.join(name), &encoding) else {
            continue;
        };
        if is_hdf5(file.as_ref()) {
            let message = format!("{}: HDF5 states neither rate nor unit", data.join(name).display());
            return Err(bad_input(message)
                .help("describe the archive: docs/data.md, \"I have an archive of my own\""));
        }
        let Ok(recording) = read_recording(file.as_ref(), 0, &encoding) else {
            continue;
        };
        read += 1;
        let format = file
            .facts()
            .get("format")
            .and_then(|format| format.as_str())
            .unwrap_or_default()
            .to_owned();
        kinds.insert(format!(
            "{format}, {} Hz, {} leads",
            recording.sample_rate,
            recording.leads.len()
        ));
    }
    if read == 0 {
        let message = format!("{}: no ECG in a format that is read", data.display());
        return Err(bad_input(message).help("`ecgfm inspect DIR` says what is in it"));
    }
    let kinds: Vec<String> = kinds.into_iter().collect();
    Ok(vec![format!(
        "{} files that may hold an ECG; {read} looked at: {}",
        names.len(),
        kinds.join("; ")
    )])
}
