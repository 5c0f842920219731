//! The user's files, sorted by kind and laid out as the stages read them.

use super::inputs::{InputFiles, RefusedFile};
use super::model_input::ExpectedInput;
use super::parts::part_groups;
use super::recordings::list_recordings;
use super::segments::link_segments;
use crate::args::PredictArgs;
use crate::commands::recording_files::{GivenFile, files_given, is_code15_part, open_file, unknown_format};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::{BoxedFile, HDF5_ENDINGS};
use std::path::{Path, PathBuf};

/// Files of the user, by kind.
#[derive(Default)]
struct SortedFiles {
    parts: Vec<(PathBuf, BoxedFile)>,
    segments: Vec<PathBuf>,
    recordings: Vec<(PathBuf, BoxedFile)>,
    refused: Vec<RefusedFile>,
}

/// Groups the files by kind and lays each group out below the directory `place`; and the files that cannot be used.
///
/// # Errors
/// There is no file that can be used, or what is wrong concerns all files of a kind.
pub(super) fn collect_inputs(
    args: &PredictArgs,
    model: &ExpectedInput,
    place: &Path,
) -> Result<(Vec<InputFiles>, Vec<RefusedFile>), Error> {
    let mut sorted = sort_files(args)?;
    if !args.ecg.is_empty() && sorted.parts.is_empty() {
        return Err(Error::new(
            ErrorKind::Config,
            "--ecg chooses among the exams of .hdf5 files".to_owned(),
        ));
    }
    let is_stated = args.encoding.rate.is_some() || args.encoding.leads.is_some();
    if let Some((path, _)) = sorted.parts.first().filter(|_| is_stated) {
        let message = format!(
            "{}: without --axes, HDF5 is read as CODE-15 is, 400 Hz and twelve leads in its order",
            path.display()
        );
        return Err(Error::new(ErrorKind::Config, message)
            .help("convert it: `ecgfm convert FILE -o DIR --to wfdb --rate HZ --unit mV`, and predict DIR"));
    }
    let mut groups = part_groups(sorted.parts, &args.ecg, place)?;
    if !sorted.segments.is_empty() {
        groups.push(link_segments(&sorted.segments, model, &place.join("segments"))?);
    }
    if !sorted.recordings.is_empty() {
        let (group, refused) = list_recordings(sorted.recordings, args, &place.join("recordings"))?;
        groups.extend(group);
        sorted.refused.extend(refused);
    }
    match (groups.is_empty(), sorted.refused.pop()) {
        (true, Some((_, error))) if sorted.refused.is_empty() => Err(error),
        (true, None) => Err(no_recordings(&args.files)),
        (_, last) => {
            sorted.refused.extend(last);
            Ok((groups, sorted.refused))
        }
    }
}

/// Error for directories without a file that can be predicted.
fn no_recordings(paths: &[PathBuf]) -> Error {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let message = format!("{}: no recording in a format that is read", names.join(", "));
    Error::new(ErrorKind::BadInput, message)
        .help("WFDB headers (.hea), GE MUSE XML, HDF5 and CSV with named leads are found below a directory; give segments by their names: DIR/*.mat")
}

/// Opens the files, and sorts them by kind.
fn sort_files(args: &PredictArgs) -> Result<SortedFiles, Error> {
    let mut sorted = SortedFiles::default();
    for GivenFile { path, in_directory } in files_given(&args.files)? {
        match open_file(&path, &args.encoding) {
            Some(Ok(file)) if is_code15_part(file.as_ref()) => sorted.parts.push((path, file)),
            Some(Ok(file)) => sorted.recordings.push((path, file)),
            // A damaged part ends the command, as it ends a stage.
            Some(Err(error)) if error.kind() != ErrorKind::BadInput || has_ending(&path, &HDF5_ENDINGS) => {
                return Err(error);
            }
            Some(Err(error)) => sorted.refused.push((path, error)),
            None if has_ending(&path, &["mat"]) => sorted.segments.push(path),
            // A directory may hold other files, too.
            None if in_directory => {}
            None => {
                let error = unknown_format(&path);
                sorted.refused.push((path, error));
            }
        }
    }
    Ok(sorted)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}
