//! The user's files of recordings, opened and read for commands that take any format.

use crate::args::EncodingArgs;
use crate::errors::{file_error, unusable_file};
use ecgfm_archives::described::recording_candidates;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recipe::steps::RecipeSteps;
use ecgfm_recordings::{BoxedFile, MissingLeads, Recording, RecordingFile};
use ecgfm_system::presence::is_dir;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Endings of arrays.
const ARRAY_ENDINGS: [&str; 2] = ["npy", "npz"];

/// The steps of the recipe that `--recipe` names.
///
/// # Errors
/// There is neither a recipe nor a file of that name, or the file holds none that makes sense.
pub(super) fn load_recipe(name: &str) -> Result<RecipeSteps, Error> {
    ecgfm_signals::load_recipe(name).map_err(|error| match error {
        ecgfm_signals::Error::Parameter { what, .. } => {
            Error::new(ErrorKind::Config, format!("--recipe {what}"))
        }
        other => unusable_file(other),
    })
}

/// Opens a file of recordings; none where its format is not known.
///
/// # Errors
/// The file cannot be read, is damaged, or is in a format that is known and not read.
pub(super) fn open_file(path: &Path, encoding: &EncodingArgs) -> Option<Result<BoxedFile, Error>> {
    let opened = ecgfm_recordings::open(path, &encoding.encoding())?;
    Some(opened.map_err(unusable_file))
}

/// Opens a file that must be one of recordings.
///
/// # Errors
/// As [`open_file`]; its format is not known.
pub(super) fn require_file(path: &Path, encoding: &EncodingArgs) -> Result<BoxedFile, Error> {
    open_file(path, encoding).unwrap_or_else(|| Err(unknown_format(path)))
}

/// Returns true for the name of a WFDB record without an ending, which is no file's.
pub(super) fn is_record_name(path: &Path) -> bool {
    let mut header = path.as_os_str().to_owned();
    header.push(".hea");
    Path::new(&header).is_file()
}

/// Error for a file whose format is not known.
pub(super) fn unknown_format(path: &Path) -> Error {
    if !path.exists() {
        let message = format!("{}: no such file or directory", path.display());
        return Error::new(ErrorKind::BadInput, message);
    }
    let error = Error::new(
        ErrorKind::BadInput,
        format!("{}: no ECG in a format that is read", path.display()),
    );
    let ending = path.extension().and_then(|ending| ending.to_str());
    if ending.is_some_and(|ending| ARRAY_ENDINGS.contains(&ending)) {
        return error.help(
            "an array states neither rate nor unit: give --axes leads_samples or samples_leads, --rate, --unit and --leads",
        );
    }
    error.help("WFDB records, GE MUSE XML, CODE-15's .hdf5, CSV with named leads and NumPy arrays are read")
}

/// Returns true for HDF5, whose recordings are filled up with zeros and have no rate, unit or names.
pub(super) fn is_hdf5(file: &dyn RecordingFile) -> bool {
    format_of(file).contains("HDF5")
}

/// Returns true for HDF5 in CODE-15's shape that nobody describes.
pub(super) fn is_code15_part(file: &dyn RecordingFile) -> bool {
    format_of(file).contains("CODE-15")
}

fn format_of(file: &dyn RecordingFile) -> String {
    let facts = file.facts();
    let format = facts.get("format").and_then(|format| format.as_str());
    format.unwrap_or_default().to_owned()
}

/// Reads a recording of a file; its rate must not contradict the one that the arguments state.
///
/// # Errors
/// The recording cannot be read, or the rates differ.
pub(super) fn read_recording(
    file: &dyn RecordingFile,
    row: usize,
    encoding: &EncodingArgs,
) -> Result<Recording, Error> {
    let mut recording = Recording::default();
    file.read(row, &mut recording).map_err(unusable_file)?;
    match encoding.rate {
        Some(rate) if recording.sample_rate != 0.0 && recording.sample_rate != rate => {
            let message = format!(
                "{}: the file states {} Hz, and --rate says {rate}",
                file.path().display(),
                recording.sample_rate
            );
            Err(Error::new(ErrorKind::BadInput, message).help("leave --rate out, or correct the file"))
        }
        _ => Ok(recording),
    }
}

/// The files given, and for each directory the files below it that may hold recordings.
///
/// # Errors
/// A directory cannot be searched.
pub(super) fn files_given(paths: &[PathBuf]) -> Result<Vec<GivenFile>, Error> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        if is_dir(path).map_err(|e| file_error("read", path, &e))? {
            let names = recording_candidates(path).map_err(unusable_file)?;
            files.extend(names.iter().map(|name| GivenFile {
                path: path.join(name),
                in_directory: true,
            }));
        } else {
            files.push(GivenFile {
                path: path.clone(),
                in_directory: false,
            });
        }
    }
    Ok(files)
}

/// A file that was given, or found in a directory that was.
pub(super) struct GivenFile {
    pub(super) path: PathBuf,
    /// True for a file that was found: it may be something else than a recording.
    pub(super) in_directory: bool,
}

/// Standard leads of a recording that its file does not hold.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct SuppliedLeads {
    /// Leads computed from others.
    pub(super) computed: Vec<&'static str>,
    /// Leads that are not known.
    pub(super) absent: Vec<&'static str>,
}

/// Arranges a recording as the twelve standard leads; those that are not known become NaN.
///
/// # Errors
/// A lead appears twice, or none is a standard lead.
pub(super) fn standard_leads(recording: &mut Recording) -> Result<SuppliedLeads, Error> {
    let path = recording.file().display().to_string();
    let bad = |what: String| Error::new(ErrorKind::BadInput, format!("{path}: {what}"));
    let names = recording.leads.clone();
    let is_known = |name: &String| ecgfm_recordings::lead_names::standard_name(name).is_some();
    if !names.iter().any(is_known) {
        let what = format!(
            "none of its {} leads has a standard name: {}",
            names.len(),
            names.join(", ")
        );
        return Err(bad(what).help("name them in their order: --leads I,II,V1,…"));
    }
    recording
        .use_standard_leads(MissingLeads::Nan)
        .map_err(|e| bad(e.to_string()))?;
    let values = recording.samples.to_f64();
    let count = recording.leads.len();
    let is_absent = |name: &&'static str| {
        let at = recording.leads.iter().position(|lead| lead == name);
        at.is_some_and(|at| values.iter().skip(at).step_by(count).all(|value| value.is_nan()))
    };
    let (absent, mut computed): (Vec<_>, Vec<_>) =
        recording.supplied_leads.iter().copied().partition(is_absent);
    let derived = recording
        .metadata
        .as_ref()
        .map(|metadata| metadata.derived_leads.clone());
    computed.extend(derived.unwrap_or_default());
    Ok(SuppliedLeads { computed, absent })
}

/// Name of a file without directories and ending.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// A name of letters, digits, `_` and `-` made from `name` that is not among `names` yet, and is added to them.
pub(super) fn unique_name(name: &str, names: &mut HashSet<String>) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let plain: String = name.chars().map(plain).collect();
    let mut candidate = plain.clone();
    for number in 2.. {
        if names.insert(candidate.clone()) {
            break;
        }
        candidate = format!("{plain}_{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_tables_are_plain_and_no_two_are_the_same() {
        let mut names = HashSet::new();
        let made: Vec<String> = ["a b", "a/b", "a_b", "ä"]
            .iter()
            .map(|name| unique_name(name, &mut names))
            .collect();
        assert_eq!(made, ["a_b", "a_b_2", "a_b_3", "_"]);
    }
}
