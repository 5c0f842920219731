//! Incomplete downloads: `<file>.partial`, and `<file>.partial.json` with the file that it is a part of.

use crate::Error;
use crate::digest::{Checksum, Digests, Hasher, read_all};
use crate::error::io_error;
use crate::pin::{rename_synced, replace_file};
use crate::progress::FileProgress;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Bytes between two syncs, which is what a power cut may cost of a download without a checksum.
const SYNC_BYTES: u64 = 64 << 20;

/// File that the bytes are a part of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartialState {
    pub(crate) url: String,
    /// Checksum of the whole file from the publisher.
    #[serde(default)]
    pub(crate) checksum: Option<Checksum>,
    /// Entity tag or date of the first answer.
    #[serde(default)]
    pub(crate) validator: Option<String>,
    /// Size of the whole file, in bytes.
    #[serde(default)]
    pub(crate) total: Option<u64>,
    /// Bytes that were synced to the disk.
    #[serde(default)]
    pub(crate) synced: u64,
}

/// Bytes downloaded so far, open and locked against other processes.
pub(crate) struct PartialFile {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    pub(crate) len: u64,
    pub(crate) state: PartialState,
}

impl PartialFile {
    /// Path of the partial download of a file.
    pub(crate) fn path_for(file: &Path) -> PathBuf {
        with_ending(file, ".partial")
    }

    /// Bytes of a download that can be continued, without opening it.
    pub(crate) fn usable_bytes(file: &Path, url: &str, checksum: Option<&Checksum>) -> u64 {
        let path = Self::path_for(file);
        let len = std::fs::metadata(&path).map_or(0, |m| m.len());
        // With a checksum the address does not matter: a mirror has the same bytes, or the comparison at the end fails.
        let same = |s: &PartialState| s.checksum.as_ref() == checksum && (checksum.is_some() || s.url == url);
        let state = read_state(&path).filter(same);
        state.map_or(0, |state| state.trusted_bytes(len))
    }

    /// Opens or creates the partial download, and keeps its bytes if they are a part of the same file.
    pub(crate) fn open(
        file: &Path,
        (url, checksum): (&str, Option<&Checksum>),
        progress: FileProgress<'_>,
        cancel: &AtomicBool,
    ) -> Result<Self, Error> {
        let path = Self::path_for(file);
        let mut partial = Self {
            file: open_locked(&path)?,
            hasher: Hasher::default(),
            len: 0,
            state: PartialState::default(),
            path,
        };
        let keep = Self::usable_bytes(file, url, checksum);
        if keep > 0 {
            partial.state = read_state(&partial.path).unwrap_or_default();
            partial.read_back(keep, progress, cancel)?;
        }
        partial.file.set_len(keep).map_err(partial.writing())?;
        partial.state.url = url.to_owned();
        partial.state.checksum = checksum.cloned();
        Ok(partial)
    }

    fn read_back(&mut self, keep: u64, progress: FileProgress<'_>, cancel: &AtomicBool) -> Result<(), Error> {
        progress.begin("comparing", 0, Some(keep));
        let hasher = &mut self.hasher;
        let read = read_all((&self.file).take(keep), &self.path, cancel, |bytes| {
            hasher.update(bytes);
            progress.advance(bytes.len());
            Ok(())
        });
        self.len = keep;
        read
    }

    /// Removes the bytes; the next ones are the first of a file of size `total` that `validator` identifies.
    pub(crate) fn restart(&mut self, validator: Option<String>, total: Option<u64>) -> Result<(), Error> {
        self.file.set_len(0).map_err(self.writing())?;
        self.file.seek(SeekFrom::Start(0)).map_err(self.writing())?;
        self.hasher = Hasher::default();
        self.len = 0;
        self.state.validator = validator;
        self.state.total = total;
        self.state.synced = 0;
        self.write_state()
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(self.writing())?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        if self.len - self.state.synced >= SYNC_BYTES {
            self.sync()?;
        }
        Ok(())
    }

    /// Syncs the bytes so far, so that a power cut does not lose them.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        self.file.sync_data().map_err(self.writing())?;
        self.state.synced = self.len;
        self.write_state()
    }

    pub(crate) fn digests(&self) -> Digests {
        self.hasher.clone().finish()
    }

    /// Renames the complete download to its final name.
    pub(crate) fn finish(self, file: &Path) -> Result<(), Error> {
        self.file.sync_all().map_err(self.writing())?;
        rename_synced(&self.path, file)?;
        let _ = std::fs::remove_file(state_path(&self.path));
        Ok(())
    }

    /// Deletes the download, whose bytes are wrong.
    pub(crate) fn discard(self) {
        // Errors are ignored: if the file cannot be removed, the next attempt fails on it and reports why.
        let _ = std::fs::remove_file(state_path(&self.path));
        let _ = std::fs::remove_file(&self.path);
    }

    fn write_state(&self) -> Result<(), Error> {
        let text = serde_json::to_vec(&self.state).unwrap_or_default();
        replace_file(&state_path(&self.path), &text)
    }

    fn writing(&self) -> impl Fn(std::io::Error) -> Error + use<> {
        io_error(&self.path, "write")
    }
}

impl PartialState {
    /// Number of `len` bytes that can be continued. With a checksum all: the comparison at the end finds wrong ones. Without
    /// one, those that were synced, and only if the server can be asked for the rest of the same file.
    fn trusted_bytes(&self, len: u64) -> u64 {
        let trusted = match (&self.checksum, &self.validator) {
            (Some(_), _) => len,
            (None, Some(_)) => len.min(self.synced),
            (None, None) => 0,
        };
        match self.total {
            Some(total) if trusted > total => 0,
            _ => trusted,
        }
    }
}

fn read_state(partial: &Path) -> Option<PartialState> {
    serde_json::from_slice(&std::fs::read(state_path(partial)).ok()?).ok()
}

fn state_path(partial: &Path) -> PathBuf {
    with_ending(partial, ".json")
}

pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens or creates a file and locks it for this process alone.
pub(crate) fn open_locked(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).map_err(io_error(path, "write"))?;
    match ecgfm_system::try_lock(&file, path) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io_error(path, "lock")(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn open(file: &Path, checksum: Option<&Checksum>) -> Result<PartialFile, Error> {
        PartialFile::open(file, ("http://h/a", checksum), FileProgress::silent("a"), &NEVER)
    }

    #[test]
    fn without_a_checksum_only_what_was_synced_is_gone_on_from() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        let mut partial = open(&file, None).unwrap();
        partial.restart(Some("\"tag\"".into()), Some(10)).unwrap();
        partial.append(b"abc").unwrap();
        partial.sync().unwrap();
        partial.append(b"de").unwrap();
        drop(partial);
        let partial = open(&file, None).unwrap();
        assert_eq!((partial.len, partial.state.total), (3, Some(10)));
        assert_eq!(partial.digests().size, 3);
    }

    #[test]
    fn with_a_checksum_everything_is_gone_on_from_unless_the_checksum_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        let (one, other) = (Checksum::Md5("1".into()), Checksum::Md5("2".into()));
        let mut partial = open(&file, Some(&one)).unwrap();
        partial.restart(None, None).unwrap();
        partial.append(b"abc").unwrap();
        drop(partial);
        assert_eq!(open(&file, Some(&one)).unwrap().len, 3);
        assert_eq!(open(&file, Some(&other)).unwrap().len, 0);
    }

    #[test]
    fn two_at_once_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        let _held = open(&file, None).unwrap();
        assert!(matches!(open(&file, None), Err(Error::Busy { .. })));
    }
}
