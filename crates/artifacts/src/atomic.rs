//! Writing of a single file: under a temporary name in the same directory, then renamed.
//!
//! The file is not synced: nothing may rely on it before its stage is complete, and then the whole stage is synced before it
//! gets its name.

use crate::error::{Error, Result};
use crate::formats::pages::{PageFile, PageWriter};
use crate::formats::watch::{WriteStep, before_step};
use crate::stage::UNFINISHED;
use std::io::Write;
use std::path::Path;

/// Writes `path` through `fill`; a reader sees the old file or the whole new one, never a part.
///
/// # Errors
/// Any I/O error, with the path; the temporary file is removed then.
pub fn write<E>(path: &Path, fill: impl FnOnce(&mut PageWriter) -> std::result::Result<(), E>) -> Result<()>
where
    Error: From<E>,
{
    let directory = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    before_step(WriteStep::Create, path).map_err(Error::io("create", path))?;
    let temporary = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .make_in(directory, PageFile::create_new)
        .map_err(Error::io("create", path))?;
    let (file, temporary) = temporary.into_parts();
    let mut writer = PageWriter::new(file);
    fill(&mut writer)?;
    writer.finish().map_err(Error::io("write", path))?;
    before_step(WriteStep::Written, &temporary).map_err(Error::io("write", path))?;
    before_step(WriteStep::Rename, path)
        .and_then(|()| temporary.persist(path).map_err(|e| e.error))
        .map_err(Error::io("rename into", path))?;
    before_step(WriteStep::Done, path).map_err(Error::io("write", path))
}

/// Writes `bytes` to `path` as [`write()`] does.
///
/// # Errors
/// As [`write()`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, |w| w.write_all(bytes).map_err(Error::io("write", path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        write_bytes(&path, b"old").unwrap();
        let failed = write(&path, |w| {
            w.write_all(b"half").map_err(Error::io("write", &path))?;
            Err(Error::invalid(&path, "stop"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
