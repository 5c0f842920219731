//! Presence of files, and the error of an artifact where the system does not let this program look
//! ([`ecgfm_system::presence`](crate::formats::presence)).

use crate::error::{Error, Result};
use crate::formats::presence;
use std::path::Path;

/// Returns true if there is something at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn exists(path: &Path) -> Result<bool> {
    presence::exists(path).map_err(Error::io("look for", path))
}

/// Returns true if there is a file at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn is_file(path: &Path) -> Result<bool> {
    presence::is_file(path).map_err(Error::io("look for", path))
}

/// Returns true if there is a directory at `path`.
///
/// # Errors
/// The system does not let this program look, or fails.
pub fn is_dir(path: &Path) -> Result<bool> {
    presence::is_dir(path).map_err(Error::io("look for", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_named() {
        let dir = tempfile::tempdir().unwrap();
        // A link that leads to itself cannot be looked at, by no user.
        let endless = dir.path().join("endless");
        std::os::unix::fs::symlink("endless", &endless).unwrap();
        for look in [exists, is_file, is_dir] {
            let error = look(&endless.join("a")).unwrap_err().to_string();
            assert!(error.contains("cannot look for"), "{error}");
        }
    }
}
