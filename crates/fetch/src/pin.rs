//! Pins: records of fetched files, with which later fetches are compared.
//!
//! Each fetched file has a record `<file>.ecgfm.json` with its size and SHA-256, written after the first complete
//! download. Most publishers state a checksum, and it is compared; where one states none, the first download is
//! believed, and every later one must be the same file.

use crate::Error;
use crate::digest::{Checksum, Digests};
use crate::error::io_error;
use ecgfm_system::replace::{self, TemporaryName, WrittenFile};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Record of a fetched file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Address of the file, or of the archive that held it.
    pub url: String,
    /// Checksum of the publisher with which it was compared; none where the publisher states none. For an unpacked file it
    /// is the archive's.
    #[serde(default)]
    pub published: Option<Checksum>,
    /// Commit of the repository, where the hub stated it.
    #[serde(default)]
    pub commit: Option<String>,
}

impl Pin {
    pub(crate) fn new(
        digests: &Digests,
        url: &str,
        published: Option<Checksum>,
        commit: Option<String>,
    ) -> Self {
        Self {
            size: digests.size,
            sha256: digests.sha256.clone(),
            url: url.to_owned(),
            published,
            commit,
        }
    }

    /// Path of a file's pin.
    #[must_use]
    pub fn path_for(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".ecgfm.json");
        name.into()
    }

    /// Reads the pin of a file, if it has one.
    ///
    /// # Errors
    /// The pin cannot be read.
    pub fn read(file: &Path) -> Result<Option<Self>, Error> {
        let path = Self::path_for(file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(&path, "read")(error)),
        };
        let bad = |error: serde_json::Error| Error::BadPin {
            reason: error.to_string(),
            path: path.clone(),
        };
        serde_json::from_slice(&text).map(Some).map_err(bad)
    }

    /// Writes the pin of `file`.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Error> {
        let path = Self::path_for(file);
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        replace_file(&path, &text)
    }

    /// Compares `found` with what is recorded; errors name the URL or path `of`.
    pub(crate) fn verify(&self, found: &Digests, file: &Path, of: &str) -> Result<(), Error> {
        if self.sha256 == found.sha256 && self.size == found.size {
            return Ok(());
        }
        Err(self.mismatch(file, of, found.sha256.clone(), Some(found.size)))
    }

    /// Compares what the publisher states with the pin before a download; does nothing for an archive's checksum.
    pub(crate) fn check_published(
        &self,
        published: Option<&Checksum>,
        file: &Path,
        url: &str,
    ) -> Result<(), Error> {
        match published {
            Some(Checksum::Sha256(now)) if *now != self.sha256 => {
                Err(self.mismatch(file, url, now.clone(), None))
            }
            _ => Ok(()),
        }
    }

    fn mismatch(&self, file: &Path, of: &str, found: String, found_size: Option<u64>) -> Error {
        Error::Pinned {
            of: of.to_owned(),
            pin: Self::path_for(file),
            expected: self.sha256.clone(),
            expected_size: self.size,
            found,
            found_size,
        }
    }
}

/// Replaces a small file atomically: a reader sees the old content or the new one.
pub(crate) fn replace_file(path: &Path, text: &[u8]) -> Result<(), Error> {
    let fill = |mut file: File| {
        file.write_all(text)?;
        file.sync_all()?;
        Ok(WrittenFile::SyncLater)
    };
    let name = TemporaryName::Fixed(path.with_extension("json.new"));
    replace::replace_file(path, name, |_, _| Ok(()), |path: &Path| File::create(path), fill)
        .map_err(|error| io_error(path, "write")(error.into()))?;
    try_sync_name(path);
    Ok(())
}

/// Renames a file, and syncs the directory so that a power cut does not undo it.
pub(crate) fn rename_synced(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(io_error(to, "write"))?;
    try_sync_name(to);
    Ok(())
}

fn try_sync_name(path: &Path) {
    // Errors are ignored: not every file system can sync a directory, and the file itself is synced.
    let _ = replace::sync_dir(replace::directory_of(path));
}
