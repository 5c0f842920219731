//! Checks of what a part claims against the size of its file and against what is decoded at most.

use super::filters;
use super::library::library_error;
use crate::error::{Error, Result};
use crate::tracings::MAX_ROW_BYTES;
use hdf5::Dataset;
use hdf5::dataset::Layout as StoredLayout;
use hdf5::plist::DatasetCreate;
use std::path::Path;

/// Best ratio of compression that the filters of HDF5 reach, so a file of n bytes holds n times as many bytes of values at most.
const MAX_RATIO: u64 = 1040;

pub(super) const DAMAGED: &str = "the file is damaged: download or copy it again";

/// Checks that a file of `file_size` bytes can hold `rows` exams in the dataset `name`.
pub(super) fn check_count(path: &Path, name: &str, rows: usize, file_size: u64) -> Result<()> {
    let bytes = (rows as u64).checked_mul(8);
    if bytes.is_none_or(|bytes| bytes / MAX_RATIO > file_size) {
        let what = format!("{rows} exams cannot be in a file of {file_size} bytes");
        return Err(Error::malformed(path, name, what, DAMAGED));
    }
    Ok(())
}

/// Checks that the recordings in the dataset `name` have values, and that their number does not overflow.
pub(super) fn check_shape(path: &Path, name: &str, shape: [usize; 3]) -> Result<()> {
    let [rows, samples, leads] = shape;
    let row_len = samples.checked_mul(leads).filter(|&n| n > 0);
    if row_len
        .and_then(|n| n.checked_mul(rows)?.checked_mul(8))
        .is_none()
    {
        let what = format!("shape {shape:?} is empty or more than any file can hold");
        return Err(Error::malformed(path, name, what, DAMAGED));
    }
    Ok(())
}

/// Checks that a row of the dataset `name` that the library decodes is no larger than one that is decoded here may be.
pub(super) fn check_row(path: &Path, name: &str, shape: [usize; 3]) -> Result<()> {
    let bytes = (shape[1] * shape[2]) as u64 * 8;
    if bytes > MAX_ROW_BYTES {
        let what = format!("one row takes {bytes} bytes to decode; at most {MAX_ROW_BYTES} are");
        let help = format!(
            "store it in smaller chunks, or in none: {}",
            filters::copy_command(path)
        );
        return Err(Error::unsupported(path, name, what, help));
    }
    Ok(())
}

/// Checks that the values of the dataset `name` are in this file, and not in another that it names.
pub(super) fn check_values_in_file(path: &Path, name: &str, plist: &DatasetCreate) -> Result<()> {
    let what = if plist.layout() == StoredLayout::Virtual {
        "is put together from other files"
    } else if !plist.external().is_empty() {
        "keeps its values in another file"
    } else {
        return Ok(());
    };
    let what = format!("the dataset {what}");
    Err(Error::unsupported(
        path,
        name,
        what,
        format!("copy its values into one file: {}", filters::copy_command(path)),
    ))
}

/// Checks that values stored in one piece end inside the file.
pub(super) fn check_within_file_size(
    path: &Path,
    name: &str,
    dataset: &Dataset,
    file_size: u64,
) -> Result<()> {
    let Some(offset) = dataset.offset() else {
        return Ok(());
    };
    let values = dataset.get_shape().map_err(|e| library_error(path, &e, name))?;
    let width = dataset.dtype().map_err(|e| library_error(path, &e, name))?.size();
    let bytes = values.iter().try_fold(width, |n, &d| n.checked_mul(d));
    let end = bytes.and_then(|b| offset.checked_add(b as u64));
    if end.is_none_or(|end| end > file_size) {
        let what =
            format!("{values:?} values of {width} bytes from byte {offset} on, in a file of {file_size}");
        return Err(Error::malformed(
            path,
            name,
            what,
            "the file is cut short: download or copy it again",
        ));
    }
    Ok(())
}
