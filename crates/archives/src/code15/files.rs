//! The parts of an archive, and where in them each exam is.

use super::layout::{ENCODING, HOW_TO_GET};
use crate::archive::ArchiveFile;
use crate::error::{Error, Result};
use crate::located::{RecordingLocation, Rejection};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::{Hdf5File, RecordingFile};
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Start of the parts' names; a number and [`PART_ENDING`] follow.
const PART_PREFIX: &str = "exams_part";
/// End of the parts' names.
const PART_ENDING: &str = ".hdf5";
/// Samples of one lead that a part may hold; CODE-15 has 4096. More is taken for damage.
const MAX_SAMPLES: usize = 1 << 22;

/// All parts of an archive, open.
pub(crate) struct PartFiles {
    files: Vec<ArchiveFile>,
    by_name: HashMap<String, usize>,
    /// Every row of every part, by exam, dummies left out.
    locations: Vec<(i64, RecordingLocation)>,
}

impl PartFiles {
    /// Opens the files at these paths, which the table knows by these names.
    pub(crate) fn open(files: Vec<(PathBuf, String)>) -> Result<Self> {
        // Each in a process of its own, where the program asked for that.
        let opened: Vec<Result<_>> = files
            .into_par_iter()
            .map(|(path, name)| Ok((open_part(&path)?, path, name)))
            .collect();
        let (mut files, mut locations) = (Vec::with_capacity(opened.len()), Vec::new());
        for (file, part) in opened.into_iter().enumerate() {
            let (part, path, name) = part?;
            let ids = part.as_ref().map(Hdf5File::ids).unwrap_or_default();
            // The release ends every part with a row of zeros for exam 0; other writers put it elsewhere, or nowhere.
            let real = ids.iter().enumerate().filter(|(_, id)| **id != 0);
            locations.extend(real.map(|(row, id)| (*id, RecordingLocation { file, row })));
            files.push(ArchiveFile {
                name,
                path,
                recordings: part.map(|part| Box::new(part) as Box<dyn RecordingFile>),
            });
        }
        locations.sort_unstable();
        let numbered = files.iter().enumerate();
        Ok(Self {
            by_name: numbered.map(|(i, file)| (file.name.clone(), i)).collect(),
            files,
            locations,
        })
    }

    /// The parts, in order.
    pub(crate) fn files(&self) -> &[ArchiveFile] {
        &self.files
    }

    /// Exam of every recording, as often as it is there.
    pub(super) fn exams(&self) -> impl Iterator<Item = i64> {
        self.locations.iter().map(|(id, _)| *id)
    }

    /// Location of the recording of an exam: in the part that the table names, once.
    pub(super) fn find(
        &self,
        exam_id: i64,
        trace_file: &str,
    ) -> std::result::Result<RecordingLocation, Rejection> {
        if trace_file.is_empty() {
            return Err((Reason::UnknownTraceFile, "`trace_file` is empty".to_owned()));
        }
        let Some(&named) = self.by_name.get(trace_file) else {
            let (first, n) = (
                self.files.first().map_or("", |e| e.name.as_str()),
                self.files.len(),
            );
            let detail = format!(
                "`{}` is none of the {n} parts that are there ({first} and so on)",
                trace_file.escape_debug()
            );
            return Err((Reason::UnknownTraceFile, detail));
        };
        if let Err(why) = &self.files[named].recordings {
            return Err((Reason::UnreadablePart, why.clone()));
        }
        let start = self.locations.partition_point(|(id, _)| *id < exam_id);
        let everywhere = self.locations[start..]
            .iter()
            .take_while(|(id, _)| *id == exam_id)
            .map(|(_, location)| *location);
        let everywhere: Vec<RecordingLocation> = everywhere.collect();
        let here: Vec<RecordingLocation> = everywhere.iter().copied().filter(|p| p.file == named).collect();
        match (here[..].as_ref(), everywhere.first()) {
            ([location], _) => Ok(*location),
            ([], None) => Err((Reason::MissingTracing, format!("no part holds exam {exam_id}"))),
            ([], Some(other)) => {
                let other_name = &self.files[other.file].name;
                let detail = format!(
                    "exam {exam_id} is not in {trace_file} but in {other_name}, row {}",
                    other.row
                );
                Err((Reason::WrongTraceFile, detail))
            }
            (rows, _) => {
                let rows: Vec<String> = rows.iter().map(|p| p.row.to_string()).collect();
                let detail = format!("{trace_file} holds exam {exam_id} in rows {}", rows.join(", "));
                Err((Reason::DuplicateTracing, detail))
            }
        }
    }
}

/// Names of the parts in the directory `raw`, in the order of their numbers.
///
/// # Errors
/// The directory cannot be read, or holds no part.
pub(super) fn part_names(raw: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(raw).map_err(ArtifactError::io("read", raw))? {
        let name = entry.map_err(ArtifactError::io("read", raw))?.file_name();
        if let Some(name) = name.to_str().filter(|n| part_number(n).is_some()) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        return Err(no_parts(raw));
    }
    names.sort_by(|a, b| (part_number(a), a).cmp(&(part_number(b), b)));
    Ok(names)
}

fn part_number(name: &str) -> Option<u64> {
    name.strip_prefix(PART_PREFIX)?
        .strip_suffix(PART_ENDING)?
        .parse()
        .ok()
}

/// The part at `path`, or what is wrong with it. A fault of the system says nothing about the part, and is an error.
fn open_part(path: &Path) -> Result<std::result::Result<Hdf5File, String>> {
    let part = match Hdf5File::open(path, ENCODING) {
        Ok(part) => part,
        Err(error) if error.fault().is_some() => return Err(error.into()),
        Err(error) => {
            let help = error.help().map_or_else(String::new, |help| format!("; {help}"));
            return Ok(Err(format!("{error}{help}")));
        }
    };
    if part.lead_count() != leads::COUNT || part.samples() > MAX_SAMPLES {
        let (samples, found) = (part.samples(), part.lead_count());
        let (path, wanted) = (path.display(), leads::COUNT);
        return Ok(Err(format!(
            "{path}: tracings of {samples} samples by {found} leads; there should be {wanted} leads and at most {MAX_SAMPLES} \
             samples: {}",
            advice_on_shape(samples, found)
        )));
    }
    Ok(Ok(part))
}

/// Advice about recordings of another shape.
fn advice_on_shape(samples: usize, found: usize) -> &'static str {
    /// Leads that do not follow from others: I, II, V1 to V6.
    const INDEPENDENT: usize = 8;
    match (samples, found) {
        (leads::COUNT, _) => "write the recordings as (exams, samples, leads)",
        (_, INDEPENDENT) => {
            "if they are I, II and V1 to V6, the other four follow: III = II - I, aVR = -(I + II) / 2, aVL = I - II / 2, \
             aVF = II - I / 2: give a dataset that names the leads (`ecgfm show dataset ikem` prints one) and \
             `missing_leads: derive`"
        }
        (_, leads::COUNT) => "so long a recording is taken for damage",
        _ => {
            "write all twelve leads, in the order I, II, III, aVR, aVL, aVF, V1 to V6, or name those that are there in a dataset"
        }
    }
}

fn no_parts(raw: &Path) -> Error {
    let zipped = std::fs::read_dir(raw).into_iter().flatten().flatten();
    let zipped = zipped
        .filter(|e| e.path().extension().is_some_and(|x| x == "zip"))
        .count();
    let help = match zipped {
        0 => HOW_TO_GET.to_owned(),
        n => format!(
            "unpack the {n} .zip files that are there: `unzip '{}/*.zip' -d {0}`",
            raw.display()
        ),
    };
    let what = format!("holds no {PART_PREFIX}<number>{PART_ENDING}");
    Error::BadInput {
        path: raw.to_owned(),
        what,
        help: Some(help),
    }
}
