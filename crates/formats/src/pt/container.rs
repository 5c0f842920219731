//! Zip archive of a checkpoint.

use super::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zip::{CompressionMethod, ZipArchive};

/// Number of bytes, rounded up, to which one byte of deflate's format can decompress.
const DEFLATE_RATIO: u64 = 1032;

/// Open archive with one top-level folder that holds `data.pkl`.
pub(super) struct ZipContainer {
    path: PathBuf,
    file_size: u64,
    /// Top-level folder with its slash; empty where there is none.
    root: String,
    archive: Mutex<ZipArchive<BufReader<File>>>,
}

impl ZipContainer {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let refused = |found: String| Error::NotACheckpoint {
            path: path.to_owned(),
            found,
        };
        let mut file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(refused("it is a directory".to_owned()));
        }
        let mut start = Vec::with_capacity(512);
        Read::by_ref(&mut file)
            .take(512)
            .read_to_end(&mut start)
            .map_err(io)?;
        if let Some(found) = describe_other_format(&start) {
            return Err(refused(found));
        }
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            refused(format!("it starts like a zip archive but has no readable table of contents ({error}): the file is cut short or damaged; fetch it again"))
        })?;
        let root = find_root(&archive).map_err(refused)?;
        Ok(Self {
            path: path.to_owned(),
            file_size: metadata.len(),
            root,
            archive: Mutex::new(archive),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the whole file, in bytes.
    pub(super) fn file_size(&self) -> u64 {
        self.file_size
    }

    /// Names of all entries below the top-level folder.
    pub(super) fn entries(&self) -> Vec<String> {
        let archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = archive
            .file_names()
            .filter_map(|name| name.strip_prefix(&self.root))
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        names
    }

    pub(super) fn contains(&self, entry: &str) -> bool {
        let archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        archive.index_for_name(&format!("{}{entry}", self.root)).is_some()
    }

    /// Bytes of an entry once decompressed, checked against what the file can hold.
    pub(super) fn size(&self, entry: &str) -> Result<u64> {
        self.with_entry(entry, |file| Ok(file.size()))
    }

    /// Reads a whole entry of `limit` bytes at most, and verifies its checksum.
    pub(super) fn read(&self, entry: &str, limit: u64) -> Result<Vec<u8>> {
        let size = self.size(entry)?;
        if size > limit {
            return Err(self.entry_error(entry, format!("{size} bytes, and {limit} are the limit")));
        }
        self.read_range(entry, 0, size)
    }

    /// Reads `length` bytes of an entry from byte `start`, and verifies the checksum where that is the whole entry.
    pub(super) fn read_range(&self, entry: &str, start: u64, length: u64) -> Result<Vec<u8>> {
        self.with_entry(entry, |file| {
            let size = file.size();
            if start.checked_add(length).is_none_or(|end| end > size) {
                return Err(format!(
                    "{length} bytes from byte {start} are wanted, and it has {size}"
                ));
            }
            let wanted = usize::try_from(length).map_err(|error| error.to_string())?;
            let mut bytes = Vec::new();
            bytes
                .try_reserve_exact(wanted)
                .map_err(|error| error.to_string())?;
            std::io::copy(&mut Read::by_ref(file).take(start), &mut std::io::sink())
                .map_err(|e| damaged_file(&e))?;
            Read::by_ref(file)
                .take(length)
                .read_to_end(&mut bytes)
                .map_err(|e| damaged_file(&e))?;
            if bytes.len() != wanted {
                return Err(format!(
                    "it ends after {} of {wanted} bytes: the file is cut short",
                    bytes.len()
                ));
            }
            if start + length == size {
                // The checksum is verified only when the end is read.
                let beyond = file.read(&mut [0u8; 1]).map_err(|e| damaged_file(&e))?;
                if beyond != 0 {
                    return Err(format!("it goes on after its {size} bytes"));
                }
            }
            Ok(bytes)
        })
    }

    fn with_entry<T>(
        &self,
        entry: &str,
        then: impl FnOnce(&mut zip::read::ZipFile<'_, BufReader<File>>) -> Result<T, String>,
    ) -> Result<T> {
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}{entry}", self.root);
        let mut file = archive
            .by_name(&name)
            .map_err(|error| self.entry_error(entry, error.to_string()))?;
        self.check(&file)
            .and_then(|()| then(&mut file))
            .map_err(|message| self.entry_error(entry, message))
    }

    /// Checks that an entry claims no more bytes than the file can hold.
    fn check(&self, file: &zip::read::ZipFile<'_, BufReader<File>>) -> Result<(), String> {
        let (packed, size) = (file.compressed_size(), file.size());
        let possible = match file.compression() {
            CompressionMethod::Stored => packed,
            CompressionMethod::Deflated => packed.saturating_mul(DEFLATE_RATIO),
            other => {
                return Err(format!(
                    "compressed by {other}; stored and deflated are understood"
                ));
            }
        };
        let end = file.data_start().checked_add(packed);
        if end.is_none_or(|end| end > self.file_size) || size > possible {
            let held = self.file_size;
            return Err(format!(
                "claims {packed} bytes in the file and {size} unpacked; a file of {held} bytes cannot hold that"
            ));
        }
        Ok(())
    }

    fn entry_error(&self, entry: &str, message: String) -> Error {
        Error::Archive {
            path: self.path.clone(),
            entry: entry.to_owned(),
            message,
        }
    }
}

fn damaged_file(error: &std::io::Error) -> String {
    format!("{error}: the file is damaged or cut short; fetch it again")
}

/// Finds the folder that holds `data.pkl`.
fn find_root(archive: &ZipArchive<BufReader<File>>) -> Result<String, String> {
    let mut roots = archive.file_names().filter_map(|name| {
        let folder = name.strip_suffix("data.pkl")?;
        let top = folder.is_empty() || folder.find('/') == Some(folder.len() - 1);
        top.then(|| folder.to_owned())
    });
    let root = roots
        .next()
        .ok_or("it is a zip archive, but without a data.pkl in its top-level folder")?;
    match roots.next() {
        Some(second) => Err(format!(
            "it is a zip archive with two checkpoints, {root:?} and {second:?}"
        )),
        None => Ok(root),
    }
}

/// Description of a file that is not a zip archive, from its first bytes; `None` for a zip archive.
fn describe_other_format(start: &[u8]) -> Option<String> {
    const LEGACY_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    let found = if start.starts_with(b"PK\x03\x04") {
        return None;
    } else if start.is_empty() {
        "it is empty"
    } else if start.get(2..).is_some_and(|rest| rest.starts_with(LEGACY_MAGIC)) {
        "it is in the format of PyTorch before 1.6; load and save it again with a current PyTorch"
    } else if start.get(257..262) == Some(b"ustar") {
        "it is a tar archive, PyTorch's oldest format or something else; load and save it again with a current PyTorch"
    } else if start.starts_with(b"version https://git-lfs") {
        "it is a Git LFS pointer, not the file itself; run `git lfs pull`"
    } else if start.starts_with(b"<") {
        "it is a web page or XML; the download went wrong"
    } else if start.starts_with(b"\x89HDF") {
        "it is an HDF5 file"
    } else if start.starts_with(b"\x1f\x8b") {
        "it is compressed by gzip; unpack it first"
    } else if start.get(8) == Some(&b'{') {
        "it is probably a safetensors file"
    } else if start.first() == Some(&0x80) {
        "it is a bare pickle"
    } else {
        "it is not a zip archive"
    };
    Some(found.to_owned())
}
