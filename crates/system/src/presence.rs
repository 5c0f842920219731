//! Presence of files. Unlike [`Path::exists`], [`Path::is_file`] and [`Path::is_dir`] these do not answer "no" where the system does
//! not let this program look: then a store would be taken for one of another kind, or a record for one that was never written.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Returns true if there is something at `path`. Links are followed.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn exists(path: &Path) -> io::Result<bool> {
    found(path.metadata(), |_| true)
}

/// Returns true if there is a file at `path`. Links are followed.
///
/// # Errors
/// As [`exists`].
pub fn is_file(path: &Path) -> io::Result<bool> {
    found(path.metadata(), Metadata::is_file)
}

/// Returns true if there is a directory at `path`. Links are followed.
///
/// # Errors
/// As [`exists`].
pub fn is_dir(path: &Path) -> io::Result<bool> {
    found(path.metadata(), Metadata::is_dir)
}

/// Returns true if a directory has an entry `path`, be it a link that leads nowhere.
///
/// # Errors
/// As [`exists`].
pub fn entry_exists(path: &Path) -> io::Result<bool> {
    found(path.symlink_metadata(), |_| true)
}

fn found(metadata: io::Result<Metadata>, is_wanted: impl FnOnce(&Metadata) -> bool) -> io::Result<bool> {
    match metadata {
        Ok(metadata) => Ok(is_wanted(&metadata)),
        // A file where a directory should be: there is nothing below it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_cannot_be_looked_at_is_an_error_and_not_absent() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        // A link that leads to itself cannot be looked at, by no user.
        let endless = dir.path().join("endless");
        symlink("endless", &endless).unwrap();
        for look in [exists, is_file, is_dir, entry_exists] {
            assert!(look(&endless.join("a")).is_err());
            assert!(!look(&dir.path().join("absent")).unwrap());
            assert!(!look(&file.join("below")).unwrap());
        }
        assert!(exists(&file).unwrap() && is_file(&file).unwrap() && !is_dir(&file).unwrap());
        assert!(is_dir(dir.path()).unwrap() && !is_file(dir.path()).unwrap());
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_entry_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink("gone", &link).unwrap();
        assert!(entry_exists(&link).unwrap() && !exists(&link).unwrap());
    }
}
