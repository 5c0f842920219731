//! Writing of a single file: under a temporary name in the same directory, then renamed.
//!
//! The file is not synced: nothing may rely on it before its stage is complete, and then the whole stage is synced before it
//! gets its name.

use crate::error::{Error, Result};
use crate::formats::pages::{PageFile, PageWriter};
use crate::formats::watch::before_step;
use crate::stage::UNFINISHED;
use ecgfm_system::replace::{ReplaceError, ReplaceStep, TemporaryName, WrittenFile, replace_file};
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
    let fill = |file: PageFile| {
        let mut writer = PageWriter::new(file);
        fill(&mut writer)?;
        writer.finish().map_err(Error::io("write", path))?;
        Ok(WrittenFile::SyncLater)
    };
    let before_step = |step: ReplaceStep, path: &Path| before_step(step.into(), path);
    let name = TemporaryName::Unique(UNFINISHED);
    replace_file(path, name, before_step, PageFile::create_new, fill).map_err(|error| match error {
        ReplaceError::Fill(error) => error,
        ReplaceError::Step(step, error) => Error::io(action(step), path)(error),
    })
}

/// Action that a step is part of, as in "cannot create".
fn action(step: ReplaceStep) -> &'static str {
    match step {
        ReplaceStep::Create => "create",
        ReplaceStep::Written | ReplaceStep::Renamed => "write",
        ReplaceStep::Rename => "rename into",
    }
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
