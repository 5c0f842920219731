//! One run at a time in a run's directory.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::store::layout::RUN_LOCK_FILE;
use ecgfm_system::presence;
use ecgfm_system::replace::{directory_of, sync_dir};

/// Number of further attempts at a lock that is held.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Held for the length of a run. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
    /// Path of the lock's file, where it is removed with the lock.
    remove_on_drop: Option<PathBuf>,
}

impl Drop for RunLock {
    /// A run that ended leaves no number of a process; one that died leaves its.
    fn drop(&mut self) {
        let _ = match &self.remove_on_drop {
            None => self.file.set_len(0),
            Some(path) => fs::remove_file(path),
        };
    }
}

/// Creates the directory and takes its lock.
pub(crate) fn lock_run_dir(run_dir: &Path) -> Result<RunLock> {
    create_synced(run_dir).map_err(|e| Error::io("create", run_dir, &e))?;
    let path = run_dir.join(RUN_LOCK_FILE);
    let held = |by: &str| in_use(run_dir, by, &path, "give this run another --workdir");
    let file = take_lock(&path, &held)?;
    Ok(RunLock {
        file,
        remove_on_drop: None,
    })
}

/// Says if a process holds the lock of a run's directory. Looks without waiting; who takes the lock at this very moment tries
/// again.
pub(crate) fn is_held(run_dir: &Path) -> Result<bool> {
    let path = run_dir.join(RUN_LOCK_FILE);
    match File::open(&path) {
        Ok(file) => Ok(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io("open", &path, &e)),
    }
}

/// Takes the lock of a directory that a stage alone will put in place; its file lies beside it and goes with the lock.
pub(crate) fn lock_target(out: &Path) -> Result<RunLock> {
    let parent = out
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    create_synced(parent).map_err(|e| Error::io("create", parent, &e))?;
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let path = out.with_file_name(format!(".{name}.lock"));
    let held = |by: &str| in_use(out, by, &path, "choose another directory");
    loop {
        let file = take_lock(&path, &held)?;
        // The one before may have removed the file between its being opened here and its being locked.
        let number = |meta: fs::Metadata| meta.ino();
        let ours = file.metadata().map(number);
        if ours.is_ok_and(|ours| fs::metadata(&path).is_ok_and(|there| number(there) == ours)) {
            let remove_on_drop = Some(path);
            return Ok(RunLock { file, remove_on_drop });
        }
    }
}

/// Opens the file, locks it and writes the number of this process into it.
fn take_lock(path: &Path, held: &dyn Fn(&str) -> Error) -> Result<File> {
    let io = |doing: &str, e: &std::io::Error| Error::io(doing, path, e);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| io("open", &e))?;
    match lock_with_retry(&file, path) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(&holder(&mut file))),
        Err(TryLockError::Error(e)) => return Err(io("lock", &e)),
    }
    let stamp = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    stamp(&mut file).map_err(|e| io("write", &e))?;
    Ok(file)
}

/// Creates the directory with those above it, so that their names are on disk before anything in it is.
fn create_synced(dir: &Path) -> std::io::Result<()> {
    let mut missing = Vec::new();
    for dir in dir.ancestors() {
        if presence::exists(dir)? {
            break;
        }
        missing.push(dir);
    }
    fs::create_dir_all(dir)?;
    missing.iter().try_for_each(|dir| sync_dir(directory_of(dir)))
}

/// Tries for half a second. A process that is just starting another one shares its open files with it for a
/// moment, locks included, so that a lock that was let go can seem to be held.
fn lock_with_retry(file: &File, path: &Path) -> Result<(), TryLockError> {
    for _ in 0..ATTEMPTS {
        match ecgfm_system::try_lock(file, path) {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    ecgfm_system::try_lock(file, path)
}

/// Holder of a lock, in words.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // The holder writes its number just after it takes the lock; a reader in between finds none.
    let pid = file
        .take(32)
        .read_to_string(&mut text)
        .ok()
        .and_then(|_| text.trim().parse::<u32>().ok());
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn in_use(dir: &Path, by: &str, path: &Path, otherwise: &str) -> Error {
    let message = format!(
        "`{}` is in use by {by}, which holds `{}`",
        dir.display(),
        path.display()
    );
    Error::new(ErrorKind::Locked, message).help(format!("wait until it is done, or {otherwise}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_the_lock_and_the_third_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock_run_dir(dir.path()).unwrap();
        let error = lock_run_dir(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(
            error
                .message()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        lock_run_dir(dir.path()).unwrap();
    }

    #[test]
    fn a_lock_beside_a_directory_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/out");
        let first = lock_target(&out).unwrap();
        let error = lock_target(&out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(error.message().contains(".out.lock"), "{error}");
        drop(first);
        drop(lock_target(&out).unwrap());
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 0);
    }
}
