//! Checksums of files.

use crate::error::io_error;
use crate::progress::FileProgress;
use crate::{Error, source_file::SourceFile};
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// Checksum that a publisher states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// SHA-256 in lower-case hexadecimal.
    Sha256(String),
    /// MD5 in lower-case hexadecimal, which shows damage but not forgery.
    Md5(String),
}

impl Checksum {
    /// Checksum that the catalogue states for `file`.
    pub(crate) fn of(file: &SourceFile) -> Option<Self> {
        let sha256 = file.sha256.clone().map(Self::Sha256);
        sha256.or_else(|| file.md5.clone().map(Self::Md5))
    }

    /// Compares `digests` with the checksum; errors name the URL or path `of`.
    pub(crate) fn verify(&self, digests: &Digests, of: &str) -> Result<(), Error> {
        let (algorithm, expected, found) = match self {
            Self::Sha256(expected) => ("SHA-256", expected, &digests.sha256),
            Self::Md5(expected) => ("MD5", expected, &digests.md5),
        };
        if expected == found {
            return Ok(());
        }
        Err(Error::Checksum {
            of: of.to_owned(),
            algorithm,
            expected: expected.clone(),
            found: found.clone(),
        })
    }
}

/// Size and checksums of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) md5: String,
}

/// Computes size and checksums from bytes in order.
#[derive(Default, Clone)]
pub(crate) struct Hasher {
    size: u64,
    sha256: Sha256,
    md5: Md5,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        self.md5.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            size: self.size,
            sha256: to_hexadecimal(&self.sha256.finalize()),
            md5: to_hexadecimal(&self.md5.finalize()),
        }
    }
}

fn to_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Returns an error if the caller has asked to stop.
pub(crate) fn check_cancelled(cancel: &AtomicBool) -> Result<(), Error> {
    if cancel.load(Ordering::SeqCst) {
        return Err(Error::Cancelled);
    }
    Ok(())
}

/// Reads `input` to its end.
pub(crate) fn read_all(
    mut from: impl Read,
    path: &Path,
    cancel: &AtomicBool,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut buffer = vec![0; PIECE];
    loop {
        check_cancelled(cancel)?;
        let n = match from.read(&mut buffer) {
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(io_error(path, "read")(error)),
        };
        if n == 0 {
            return Ok(());
        }
        each(&buffer[..n])?;
    }
}

/// Size and checksums of a file on disk, reported to `progress`.
pub(crate) fn digest_file(
    path: &Path,
    progress: FileProgress<'_>,
    cancel: &AtomicBool,
) -> Result<Digests, Error> {
    let file = std::fs::File::open(path).map_err(io_error(path, "read"))?;
    let size = file.metadata().map_err(io_error(path, "read"))?.len();
    progress.begin("comparing", 0, Some(size));
    let mut hasher = Hasher::default();
    let read = read_all(file, path, cancel, |bytes| {
        hasher.update(bytes);
        progress.advance(bytes.len());
        Ok(())
    });
    read.map(|()| hasher.finish())
}

/// SHA-256 of a file in lower-case hexadecimal, in constant memory.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> Result<String, Error> {
    let never = AtomicBool::new(false);
    digest_file(path, FileProgress::silent(""), &never).map(|d| d.sha256)
}
