//! Presence of files. Unlike [`Path::exists`], [`Path::is_file`] and [`Path::is_dir`] these do not answer "no" where the system does
//! not let this program look: then a store would be taken for one of another kind, or a record for one that was never written.

use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::path::Path;

/// Returns true if there is something at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn exists(path: &Path) -> Result<bool> {
    crate::formats::exists(path).map_err(Error::io("look for", path))
}

/// Returns true if there is a file at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn is_file(path: &Path) -> Result<bool> {
    exists_as(path, |found| found.is_file())
}

/// Returns true if there is a directory at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn is_dir(path: &Path) -> Result<bool> {
    exists_as(path, |found| found.is_dir())
}

fn exists_as(path: &Path, is_wanted: impl FnOnce(&std::fs::Metadata) -> bool) -> Result<bool> {
    match path.metadata() {
        Ok(found) => Ok(is_wanted(&found)),
        // A file where a directory should be: there is nothing below it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(Error::io("look for", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_an_error_and_not_absent() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        // A link that leads to itself cannot be looked at, by no user.
        let endless = dir.path().join("endless");
        std::os::unix::fs::symlink("endless", &endless).unwrap();
        for look in [exists, is_file, is_dir] {
            let error = look(&endless.join("a")).unwrap_err().to_string();
            assert!(error.contains("cannot look for"), "{error}");
            assert!(!look(&dir.path().join("absent")).unwrap());
            assert!(!look(&file.join("below")).unwrap());
        }
        assert!(exists(&file).unwrap() && is_file(&file).unwrap() && !is_dir(&file).unwrap());
        assert!(is_dir(dir.path()).unwrap() && !is_file(dir.path()).unwrap());
    }
}
