//! One run at a time in a run's directory.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::publish;

/// Name of the file that a run holds a lock on.
pub(crate) const NAME: &str = ".lock";
/// How often a lock that is held is tried again, and how long after.
const PATIENCE: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Held for the length of a run. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
}

impl Drop for RunLock {
    /// A run that ended leaves no number of a process; one that died leaves its.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Creates the directory and takes its lock.
pub(crate) fn lock(run_dir: &Path) -> Result<RunLock> {
    create(run_dir).map_err(|e| Error::io("create", run_dir, &e))?;
    let path = run_dir.join(NAME);
    let io = |doing: &str, e: &std::io::Error| Error::io(doing, &path, e);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| io("open", &e))?;
    match patiently(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(run_dir, path, &mut file)),
        Err(TryLockError::Error(e)) => return Err(io("lock", &e)),
    }
    let stamp = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    stamp(&mut file).map_err(|e| io("write", &e))?;
    Ok(RunLock { file })
}

/// Creates the directory with those above it, so that their names are on disk before anything in it is.
fn create(dir: &Path) -> std::io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|d| !d.exists()).collect();
    fs::create_dir_all(dir)?;
    missing
        .iter()
        .filter_map(|d| d.parent())
        .try_for_each(publish::sync_dir)
}

/// Tries for half a second. A process that is just starting another one shares its open files with it for a
/// moment, locks included, so that a lock that was let go can seem to be held.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..PATIENCE {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

fn held(run_dir: &Path, path: PathBuf, file: &mut File) -> Error {
    let mut text = String::new();
    // The holder writes its number just after it takes the lock; a reader in between finds none.
    let pid = file
        .take(32)
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| text.trim().parse::<u32>().ok());
    let by = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    let message = format!(
        "`{}` is in use by {by}, which holds `{}`",
        run_dir.display(),
        path.display()
    );
    Error::new(ErrorKind::Locked, message).help("wait until it is done, or give this run another --workdir")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_the_lock_and_the_third_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(dir.path()).unwrap();
        let error = lock(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(
            error
                .message()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        lock(dir.path()).unwrap();
    }
}
