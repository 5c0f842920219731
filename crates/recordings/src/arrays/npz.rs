//! Arrays in `.npz` files, which are zip archives of `.npy` files.

use super::bytes::ArrayBytes;
use crate::refusal::{Refusal, io_error};
use ecgfm_formats::Result;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

/// Bytes of the largest array that is read whole.
const MAX_IN_MEMORY: u64 = 256 << 20;
/// Number of bytes, rounded up, to which one byte of deflate's format can decompress.
const DEFLATE_RATIO: u64 = 1032;
/// Ending of the names of arrays.
const ENDING: &str = ".npy";
/// Number of names that a message shows.
const SHOWN: usize = 8;

/// Content of an array with its header, and its number of bytes.
pub(super) fn open(path: &Path, member: Option<&str>) -> Result<(ArrayBytes, u64)> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let size = file.metadata().map_err(io_error("open", path))?.len();
    let archive = ZipArchive::new(BufReader::new(file));
    let mut archive = archive.map_err(|error| {
        let what = format!("it begins like a zip archive, but has no readable table of contents ({error})");
        Refusal::malformed("archive", what, "it is damaged or cut short: copy it again").at(path)
    })?;
    let name = chosen(&archive, member).map_err(|refusal| refusal.at(path))?;
    let refused =
        |what: String| Refusal::malformed(name.clone(), what, "copy or write the file again").at(path);
    let mut entry = archive
        .by_name(&name)
        .map_err(|error| refused(error.to_string()))?;
    check(&entry, size).map_err(refused)?;
    let length = entry.size();
    if length > MAX_IN_MEMORY {
        let file = || File::open(path).map_err(io_error("open", path));
        return match entry.compression() {
            CompressionMethod::Stored => Ok((
                ArrayBytes::File {
                    file: file()?,
                    start: entry.data_start(),
                },
                length,
            )),
            _ => {
                let what =
                    format!("{length} bytes, compressed; at most {MAX_IN_MEMORY} are unpacked into memory");
                Err(
                    Refusal::unsupported(name.clone(), what, "save the array with numpy.save instead")
                        .at(path),
                )
            }
        };
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    // One byte more than there should be: only at the end is the checksum verified.
    let read = Read::by_ref(&mut entry).take(length + 1).read_to_end(&mut bytes);
    read.map_err(|error| refused(error.to_string()))?;
    if bytes.len() as u64 != length {
        return Err(refused(format!(
            "it has {} bytes and should have {length}",
            bytes.len()
        )));
    }
    Ok((ArrayBytes::Memory(bytes), length))
}

/// Name of the entry that holds the array `member`, or the only array.
fn chosen(archive: &ZipArchive<BufReader<File>>, member: Option<&str>) -> Result<String, Refusal> {
    let mut names: Vec<&str> = archive
        .file_names()
        .filter(|name| name.ends_with(ENDING))
        .collect();
    names.sort_unstable();
    let bare = |name: &str| name.strip_suffix(ENDING).unwrap_or(name).to_owned();
    let found = match (member, names.as_slice()) {
        (None, [only]) => Some(*only),
        (None, _) => None,
        (Some(member), _) => names
            .iter()
            .copied()
            .find(|name| *name == member || bare(name) == member),
    };
    found.map(str::to_owned).ok_or_else(|| {
        let shown: Vec<String> = names.iter().take(SHOWN).map(|name| bare(name)).collect();
        let (shown, count) = (shown.join(", "), names.len());
        match member {
            Some(member) => {
                let what = format!("there is no array {member:?} among {count}: {shown}");
                Refusal::unsupported("archive", what, "state one that is there")
            }
            None if count == 0 => Refusal::unsupported(
                "archive",
                "a zip archive without an .npy file",
                "is it an .npz file?",
            ),
            None => {
                let what = format!("it holds {count} arrays: {shown}");
                Refusal::unsupported("archive", what, "state which of them holds the ECGs")
            }
        }
    })
}

/// Checks that an entry claims no more bytes than the file can hold.
fn check(entry: &ZipFile<'_, BufReader<File>>, file_size: u64) -> Result<(), String> {
    let (packed, size) = (entry.compressed_size(), entry.size());
    let possible = match entry.compression() {
        CompressionMethod::Stored if packed == size => packed,
        CompressionMethod::Deflated => packed.saturating_mul(DEFLATE_RATIO),
        CompressionMethod::Stored => 0,
        other => return Err(format!("compressed by {other}; stored and deflated are read")),
    };
    let end = entry.data_start().checked_add(packed);
    if end.is_none_or(|end| end > file_size) || size > possible {
        return Err(format!(
            "claims {packed} bytes in the file and {size} unpacked; a file of {file_size} bytes cannot hold that"
        ));
    }
    Ok(())
}
