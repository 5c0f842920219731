//! Locks of files, also on disks that have none.

use rustix::io::Errno;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Once;

/// Locks the open `file`, which is at `path`, for this process alone, without waiting.
///
/// A file system may have no locks (Lustre mounted without `-o flock`, NFS without its lock service). Then there is nobody
/// to ask, and the danger is two processes at once, not one: this is told once, and the file counts as locked.
///
/// # Errors
/// Another process holds the lock, or the system fails.
pub fn try_lock(file: &File, path: &Path) -> Result<(), TryLockError> {
    static TOLD: Once = Once::new();
    match file.try_lock() {
        Err(TryLockError::Error(error)) if has_no_locks(&error) => {
            TOLD.call_once(|| {
                tracing::warn!(
                    "{}: the file system has no locks ({error}); going on without: do not start a second run in that \
                     directory before this one has ended",
                    path.display()
                );
            });
            Ok(())
        }
        answer => answer,
    }
}

/// Says if files in a directory can be locked; an unnamed file is made and locked there.
///
/// # Errors
/// No file can be made in it, or locking fails in another way.
pub fn lock_support(dir: &Path) -> io::Result<bool> {
    let file = tempfile::tempfile_in(dir)?;
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::Error(error)) if has_no_locks(&error) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
        // Nobody else knows the file.
        Err(TryLockError::WouldBlock) => Ok(true),
    }
}

/// Says if the error means that the file system has no locks, and not that this one could not be had.
fn has_no_locks(error: &io::Error) -> bool {
    let without = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP];
    without
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_another_holds_is_not_had() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (one, two) = (file.reopen().unwrap(), file.reopen().unwrap());
        try_lock(&one, file.path()).unwrap();
        assert!(matches!(
            try_lock(&two, file.path()),
            Err(TryLockError::WouldBlock)
        ));
        drop(one);
        try_lock(&two, file.path()).unwrap();
    }

    #[test]
    fn a_directory_that_is_there_has_locks_and_one_that_is_not_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(lock_support(dir.path()).unwrap());
        assert!(
            std::fs::read_dir(dir.path()).unwrap().next().is_none(),
            "nothing is left"
        );
        assert!(lock_support(&dir.path().join("none")).is_err());
    }

    #[test]
    fn only_a_file_system_without_locks_is_gone_on_with() {
        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP] {
            assert!(has_no_locks(&errno.into()), "{errno:?}");
        }
        for errno in [Errno::IO, Errno::BADF, Errno::INTR] {
            assert!(!has_no_locks(&errno.into()), "{errno:?}");
        }
    }
}
