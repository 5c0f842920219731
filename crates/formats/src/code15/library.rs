//! Questions to the HDF5 library, and its errors as errors of this crate.

use super::filters::copy_command;
use super::{EXAM_ID, TRACINGS};
use crate::error::{Error, Result};
use ecgfm_system::Fault;
use hdf5::datatype::ByteOrder;
use hdf5::types::{IntSize, TypeDescriptor};
use hdf5::{Dataset, Datatype, File, Group, LinkType, MinorErrorCode};
use std::io;
use std::path::Path;

/// Bytes of decoded chunks that the library keeps of a dataset. A row may lie in many chunks of many rows each, and these are not
/// to be decoded again for every row.
const CACHE_BYTES: usize = 64 << 20;
/// Slots for those chunks: a prime, and many more than chunks fit.
const CACHE_SLOTS: usize = 100_003;
/// Preference for giving up chunks that were read whole, from 0 to 1; the library's own default.
const CACHE_PREEMPTION: f64 = 0.75;

/// Number of datasets that a message names at most.
const MAX_NAMES: usize = 20;

/// Version of the HDF5 library: `2.2.0`.
pub fn library_version() -> String {
    let (major, minor, patch) = hdf5::library_version();
    format!("{major}.{minor}.{patch}")
}

/// Opens the file for reading, without the lock that network disks refuse.
pub(super) fn open_file(path: &Path) -> Result<File> {
    File::with_options()
        .with_fapl(|p| {
            p.file_locking(false)
                .chunk_cache(CACHE_SLOTS, CACHE_BYTES, CACHE_PREEMPTION)
        })
        .open(path)
        .map_err(|e| library_error(path, &e, "start"))
}

/// Opens the dataset `name` of `file`, after the groups that it is in: `ecg/tracings`. Links to other files are refused.
pub(super) fn open_dataset(path: &Path, file: &File, name: &str) -> Result<Dataset> {
    let failed = |e: hdf5::Error| library_error(path, &e, name);
    let mut steps: Vec<&str> = name.split('/').filter(|step| !step.is_empty()).collect();
    let last = steps.pop().unwrap_or(name);
    let mut group = Group::clone(file);
    for step in steps {
        check_link(path, &group, step)?;
        group = group.group(step).map_err(failed)?;
    }
    check_link(path, &group, last)?;
    group.dataset(last).map_err(failed)
}

/// Checks that `name` is in `group` itself.
fn check_link(path: &Path, group: &Group, name: &str) -> Result<()> {
    let (mut names, mut link) = (Vec::new(), None);
    let listed = group.iter_visit_default(|found, info| {
        if found == name {
            link = Some(info.link_type);
        }
        if names.len() < MAX_NAMES {
            names.push(found.to_owned());
        }
        Ok(())
    });
    listed.map_err(|e| library_error(path, &e, "list of datasets"))?;
    match link {
        None => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Err(Error::missing(path, name, &names))
        }
        // Not followed: they would open whichever file they name.
        Some(LinkType::External | LinkType::Soft) => {
            let help = format!("copy the values themselves into one file: {}", copy_command(path));
            let what = "a link to somewhere else, not a dataset";
            Err(Error::unsupported(path, name, what, help))
        }
        Some(LinkType::Hard) => Ok(()),
    }
}

/// Kind of the values of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKind {
    Float,
    Integer,
    /// Unsigned 64-bit integers, the only ones that an `i64` may not hold.
    Unsigned64,
    Other,
}

/// Kind of the dataset's values, and NumPy's name for it, such as `float32` or `big-endian float64`.
pub(super) fn number_kind(dtype: &Datatype) -> (NumberKind, String) {
    let descriptor = dtype.to_descriptor();
    let (kind, word) = match &descriptor {
        Ok(TypeDescriptor::Float(_)) => (NumberKind::Float, "float"),
        Ok(TypeDescriptor::Integer(_)) => (NumberKind::Integer, "int"),
        Ok(TypeDescriptor::Unsigned(IntSize::U8)) => (NumberKind::Unsigned64, "uint"),
        Ok(TypeDescriptor::Unsigned(_)) => (NumberKind::Integer, "uint"),
        Ok(other) => return (NumberKind::Other, other.to_string()),
        // float16 has no descriptor as the library is built here; it is still converted like any other number.
        Err(_) if dtype.size() == 2 && dtype.conv_to::<f32>().is_some() => (NumberKind::Float, "float"),
        Err(_) => {
            return (
                NumberKind::Other,
                format!("an unknown type of {} bytes", dtype.size()),
            );
        }
    };
    let order = if dtype.byte_order() == ByteOrder::BigEndian {
        "big-endian "
    } else {
        ""
    };
    (kind, format!("{order}{word}{}", dtype.size() * 8))
}

/// Path as one word of a shell.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@=".contains(c);
    match text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Error of the system that a message of the library contains (`errno = 13`), where it is a fault of the system.
fn fault_in_message(message: &str) -> Option<io::Error> {
    let (_, rest) = message.split_once("errno = ")?;
    let number = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(io::Error::from_raw_os_error(number)).filter(|error| Fault::of(error).is_some())
}

/// Error of this crate for an error of the library about the file at `path`.
pub(super) fn library_error(path: &Path, error: &hdf5::Error, place: &str) -> Error {
    let message = error.to_string();
    if error.contains_minor(MinorErrorCode::NotHdf5) {
        let help = "give a part of CODE-15%, such as exams_part0.hdf5, unpacked from its .zip";
        return Error::malformed(path, "start", "this is not an HDF5 file", help);
    }
    if error.contains_minor(MinorErrorCode::Truncated) || message.contains("truncated") {
        return Error::malformed(path, "end", "the file is cut short", "download or copy it again");
    }
    if message.contains("h5clear") {
        let help = format!(
            "wait until nothing writes to it any more; if its writer was killed: `h5clear -s {}` (Debian: hdf5-tools), \
             and run again",
            shell_word(path)
        );
        return Error::malformed(path, "start", "the program that wrote it never closed it", help);
    }
    if let Some(fault) = fault_in_message(&message) {
        return Error::io("read", path)(fault);
    }
    let help = format!("a part holds readable datasets {EXAM_ID} and {TRACINGS}: download or copy it again");
    Error::malformed(path, place, format!("HDF5 says: {message}"), help)
}
