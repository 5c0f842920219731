//! Pins: what was fetched once is what it must stay.
//!
//! Beside every fetched file lies `<file>.ecgfm.json` with its size and SHA-256, written after the first complete
//! download. Most publishers state a checksum, and it is compared; where one states none, the first download is
//! believed, and every later one must be the same file.

use crate::Error;
use crate::digest::{Checksum, Digests};
use crate::error::io;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is kept beside a fetched file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where it, or the archive that held it, was published.
    pub url: String,
    /// The publisher's checksum it was compared with; none where the publisher states none. For an unpacked file it
    /// is the archive's.
    #[serde(default)]
    pub published: Option<Checksum>,
    /// The repository's commit, where the hub said it.
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

    /// Where the pin of a file lies.
    #[must_use]
    pub fn path_for(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".ecgfm.json");
        name.into()
    }

    /// The pin of a file, if it has one.
    ///
    /// # Errors
    /// There is one that cannot be read.
    pub fn read(file: &Path) -> Result<Option<Self>, Error> {
        let path = Self::path_for(file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path, "read")(error)),
        };
        let bad = |error: serde_json::Error| Error::BadPin {
            reason: error.to_string(),
            path: path.clone(),
        };
        serde_json::from_slice(&text).map(Some).map_err(bad)
    }

    /// Writes it beside the file.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Error> {
        let path = Self::path_for(file);
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        replace_file(&path, &text)
    }

    /// Compares what was found; `of` is the URL or path to name.
    pub(crate) fn verify(&self, found: &Digests, file: &Path, of: &str) -> Result<(), Error> {
        if self.sha256 == found.sha256 && self.size == found.size {
            return Ok(());
        }
        Err(self.mismatch(file, of, found.sha256.clone(), Some(found.size)))
    }

    /// Compares what the publisher states before anything is downloaded; does nothing for an archive's checksum.
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

/// Replaces a small file in one step: a reader sees the old one or the new one.
pub(crate) fn replace_file(path: &Path, text: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("json.new");
    let write = || {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(text)?;
        file.sync_all()
    };
    write().map_err(io(&temporary, "write"))?;
    rename(&temporary, path)
}

/// Renames, and sees to it that the rename outlives a power cut.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(io(to, "write"))?;
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty());
    // Not every system can sync a directory; the file itself is safe already.
    let _ = std::fs::File::open(parent.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all());
    Ok(())
}
