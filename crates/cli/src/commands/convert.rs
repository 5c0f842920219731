//! `ecgfm convert`: recordings of any format as WFDB records or NumPy arrays.

mod millivolts;
mod model_input;
mod written;

use super::print_json;
use super::recording_files::{
    GivenFile, files_given, is_hdf5, open_file, read_recording, stem, unique_name, unknown_format,
};
use crate::args::{ConvertArgs, ConvertFormat};
use crate::errors::file_error;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_recordings::BoxedFile;
use ecgfm_system::presence::exists;
use millivolts::MillivoltRecording;
use model_input::{TensorRecipe, load_tensor_recipe};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use written::{write_npy, write_wfdb};

/// Lines of converted recordings that are printed; more are counted.
const SHOWN: usize = 20;

/// A recording to convert.
struct ConvertedRow {
    /// Number of its file.
    file: usize,
    row: usize,
    /// Name of the files to write, without their endings.
    name: String,
}

/// Path as the user gave it, and the file.
type OpenedFile = (PathBuf, BoxedFile);

/// A recording or file that was not converted, and why.
type Skipped = (PathBuf, Error);

/// Converts recordings.
pub fn convert(args: &ConvertArgs) -> Result<(), Error> {
    let recipe = load_tensor_recipe(args)?;
    let (files, mut skipped) = open_files(args)?;
    let rows = rows_to_convert(&files, args)?;
    if rows.is_empty() {
        let nothing = || Error::new(ErrorKind::BadInput, "there is no recording to convert".to_owned());
        return Err(skipped.pop().map_or_else(nothing, |(_, error)| error));
    }
    std::fs::create_dir_all(&args.output).map_err(|e| file_error("make", &args.output, &e))?;
    let written: Vec<Result<Value, Skipped>> = rows
        .par_iter()
        .map(|row| {
            let (path, file) = &files[row.file];
            convert_row(file, row, args, recipe.as_ref()).map_err(|error| (path.clone(), error))
        })
        .collect();
    let mut converted = Vec::with_capacity(written.len());
    for one in written {
        match one {
            Ok(one) => converted.push(one),
            Err((_, error)) if error.kind() != ErrorKind::BadInput => return Err(error),
            Err(one) => skipped.push(one),
        }
    }
    if converted.is_empty() {
        return skipped.pop().map_or(Ok(()), |(_, error)| Err(error));
    }
    print_converted(args, &converted, &skipped)
}

/// Opens the files; those that cannot be read are set aside.
fn open_files(args: &ConvertArgs) -> Result<(Vec<OpenedFile>, Vec<Skipped>), Error> {
    let (mut files, mut skipped, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for GivenFile { path, in_directory } in files_given(&args.files)? {
        match open_file(&path, &args.encoding) {
            // Header and signal file of one record may both be given.
            Some(Ok(file)) => {
                if known.insert(file.path().canonicalize().unwrap_or_else(|_| path.clone())) {
                    files.push((path, file));
                }
            }
            Some(Err(error)) if error.kind() != ErrorKind::BadInput => return Err(error),
            Some(Err(error)) => skipped.push((path, error)),
            None if in_directory => {}
            None => {
                let error = unknown_format(&path);
                skipped.push((path, error));
            }
        }
    }
    Ok((files, skipped))
}

/// The recordings of the files, named, none of which may be there already.
fn rows_to_convert(files: &[(PathBuf, BoxedFile)], args: &ConvertArgs) -> Result<Vec<ConvertedRow>, Error> {
    let (mut rows, mut names) = (Vec::new(), HashSet::new());
    let endings: [&str; 2] = match args.to {
        ConvertFormat::Npy => ["npy", "json"],
        ConvertFormat::Wfdb => ["hea", "dat"],
    };
    for (number, (path, file)) in files.iter().enumerate() {
        let ids = file.exam_ids();
        let single = ids.len() == 1;
        for (row, id) in ids.into_iter().enumerate() {
            let name = match id {
                _ if single => stem(path),
                Some(id) if is_hdf5(file.as_ref()) => id,
                Some(id) => format!("{}_{id}", stem(path)),
                // The dummy row that ends every part of CODE-15.
                None => continue,
            };
            let name = unique_name(&name, &mut names);
            for ending in endings {
                check_free(&args.output.join(format!("{name}.{ending}")))?;
            }
            rows.push(ConvertedRow {
                file: number,
                row,
                name,
            });
        }
    }
    Ok(rows)
}

fn check_free(path: &Path) -> Result<(), Error> {
    if exists(path).map_err(|e| file_error("look for", path, &e))? {
        let message = format!(
            "`{}` is there already, and nothing is overwritten",
            path.display()
        );
        return Err(Error::new(ErrorKind::Config, message).help("choose another directory: -o DIR"));
    }
    Ok(())
}

/// Converts a recording; the description of what was written.
fn convert_row(
    file: &BoxedFile,
    row: &ConvertedRow,
    args: &ConvertArgs,
    recipe: Option<&TensorRecipe>,
) -> Result<Value, Error> {
    let recording = read_recording(file.as_ref(), row.row, &args.encoding)?;
    if let Some(recipe) = recipe {
        let zero_padded = is_hdf5(file.as_ref());
        return recipe.write(recording, zero_padded, &args.output, &row.name);
    }
    let recording = MillivoltRecording::of(recording, is_hdf5(file.as_ref()))?;
    match args.to {
        ConvertFormat::Npy => write_npy(&recording, &args.output, &row.name),
        ConvertFormat::Wfdb => write_wfdb(&recording, &args.output, &row.name),
    }
}

fn print_converted(args: &ConvertArgs, converted: &[Value], skipped: &[Skipped]) -> Result<(), Error> {
    for (path, error) in skipped {
        let message = error.message();
        let message = message
            .strip_prefix(&format!("{}: ", path.display()))
            .unwrap_or(message);
        crate::console::println_stderr!("set aside: {}: {message}", path.display());
    }
    if args.json {
        let skipped: Vec<Value> = skipped
            .iter()
            .map(|(path, error)| json!({ "file": path.to_string_lossy(), "why": error.message() }))
            .collect();
        return print_json(&json!({ "converted": converted, "rejected": skipped }));
    }
    for one in converted.iter().take(SHOWN) {
        let rounding = one["largest_error_mv"].as_f64();
        let rounding = rounding.map_or_else(String::new, |error| {
            format!(", rounded by at most {error:.2e} mV")
        });
        let file = one["file"].as_str().unwrap_or_default();
        let rate = one["sample_rate"].as_f64();
        let rate = rate.map_or_else(String::new, |rate| format!(" at {rate} Hz"));
        match one["rows"].as_u64() {
            Some(rows) => {
                let (segments, samples) = (&one["segments"], &one["samples"]);
                crate::console::println_stdout!("{file}: {segments} segments of {rows} × {samples}{rate}");
            }
            None => crate::console::println_stdout!(
                "{file}: {} leads, {} samples{rate}{rounding}",
                one["leads"].as_array().map_or(0, Vec::len),
                one["samples"],
            ),
        }
        for doubt in one["doubts"].as_array().into_iter().flatten() {
            crate::console::println_stdout!("  doubtful: {}", doubt.as_str().unwrap_or_default());
        }
    }
    if converted.len() > SHOWN {
        let (more, directory) = (converted.len() - SHOWN, args.output.display());
        crate::console::println_stdout!("and {more} more in {directory}");
    }
    Ok(())
}
