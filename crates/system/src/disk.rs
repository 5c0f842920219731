//! Free space of file systems.

use std::io;
use std::path::{Path, PathBuf};

/// Bytes that may still be written into the file system that holds `path`, or that will hold it: a path that does not exist counts as
/// its nearest directory that does. Reserves for the system's administrator are left out.
///
/// # Errors
/// The system does not say.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(nearest_directory(path))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The same where the system has no such call.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The directory at `path`, or the nearest one above it that exists.
#[must_use]
pub fn nearest_directory(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find(|above| above.is_dir());
    there.unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_directory_to_come_has_the_space_of_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let to_come = dir.path().join("a/b");
        assert_eq!(nearest_directory(&to_come), dir.path());
        assert!(free_bytes(&to_come).unwrap() > 0);
    }
}
