//! Hashes of files, and writing one so that nobody sees half of it.

use crate::{Error, Result};
use ecgfm_stage_params::CardFile;
use ecgfm_system::replace::{self, ReplaceError, TemporaryName, WrittenFile};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name, size and hash of a file.
pub(crate) fn hash_file(path: &Path) -> Result<(u64, String)> {
    let mut file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((size, hex))
}

/// A file's name, that of the path `named`, with its size and hash.
pub(crate) fn describe_file(path: &Path, named: &Path) -> Result<CardFile> {
    let (size, sha256) = hash_file(path)?;
    let file = named
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(CardFile { file, size, sha256 })
}

/// Lets `write` make a file beside `path`, then renames it to `path`.
pub(crate) fn replace_file(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".partial");
    let fill = |partial: PathBuf| write(&partial).map(|()| WrittenFile::SyncLater);
    let name = TemporaryName::Fixed(path.with_file_name(name));
    let create = |partial: &Path| Ok(partial.to_owned());
    replace::replace_file(path, name, |_, _| Ok(()), create, fill).map_err(|error| match error {
        ReplaceError::Fill(error) => error,
        ReplaceError::Step(_, error) => Error::io("write", path)(error),
    })
}

/// Writes a whole small file and syncs it.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let written = std::fs::File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(Error::io("write", path))
}
