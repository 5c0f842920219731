//! Putting files and directories in place so that a reader, or a crash, meets the old or the new and
//! nothing between.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::{self, FileSteps, Point};
use crate::store::files::list;
use crate::store::layout::{backup_dir, temporary_file};
use ecgfm_system::presence::entry_exists;
use ecgfm_system::replace::{ReplaceStep, TemporaryName, WrittenFile, directory_of, replace_file, sync_dir};

/// From so many files on the whole file system is asked to sync, which is quicker than file by file.
const MANY_SYNCS: usize = 512;

/// A value as JSON, for people to read too.
pub(crate) fn json<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| {
        let message = format!("cannot write `{}` as JSON: {e}", path.display());
        Error::new(ErrorKind::StageFailed, message).marked_bug()
    })
}

/// Replaces a file by a value's JSON, as [`replace`] does.
pub(crate) fn replace_json<T: Serialize>(path: &Path, value: &T, steps: FileSteps) -> Result<()> {
    let mut bytes = json(path, value)?;
    bytes.push(b'\n');
    replace(path, &bytes, Some(steps))
}

/// Replaces a file: written beside it, synced, renamed. A file that is no part of a run has no named steps.
pub(crate) fn replace(path: &Path, bytes: &[u8], steps: Option<FileSteps>) -> Result<()> {
    let before_step = |step: ReplaceStep, path: &Path| match steps {
        Some(points) => failpoint::at(points[step as usize], path),
        None => Ok(()),
    };
    let fill = |mut file: File| {
        file.write_all(bytes)?;
        Ok(WrittenFile::SyncNow(file))
    };
    // The run's lock is held: no other process writes under this name, by which a crash's leftover is found and removed.
    let temporary = TemporaryName::Fixed(temporary_file(path));
    replace_file(
        path,
        temporary,
        before_step,
        |path: &Path| File::create(path),
        fill,
    )
    .map_err(|e| Error::io("write", path, &e.into()))
}

/// Syncs every file and directory under `dir` to the disk.
pub(crate) fn sync_tree(dir: &Path) -> io::Result<()> {
    failpoint::at(Point::SyncFiles, dir)?;
    let files = list(dir)?;
    if files.len() >= MANY_SYNCS && sync_file_system(dir)? {
        return Ok(());
    }
    files
        .par_iter()
        .try_for_each(|file| File::open(&file.path)?.sync_all())?;
    failpoint::at(Point::SyncDirs, dir)?;
    let mut dirs: Vec<&Path> = files.iter().filter_map(|f| f.path.parent()).collect();
    dirs.push(dir);
    dirs.sort_unstable();
    dirs.dedup();
    dirs.into_iter().try_for_each(sync_dir)
}

/// Syncs the whole file system, and says if it could.
fn sync_file_system(dir: &Path) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        rustix::fs::syncfs(File::open(dir)?)?;
        Ok(true)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        Ok(false)
    }
}

/// Puts the directory `new` in the place of `current`, whether that exists or not, and removes the old one.
pub(crate) fn replace_dir(new: &Path, current: &Path) -> io::Result<()> {
    let old = swap(new, current)?;
    failpoint::at(Point::StageDirSync, current)?;
    sync_dir(directory_of(current))?;
    match old {
        Some(old) => {
            failpoint::at(Point::OldRemove, &old)?;
            remove(&old)
        }
        None => Ok(()),
    }
}

/// Returns where the old directory is now.
fn swap(new: &Path, current: &Path) -> io::Result<Option<PathBuf>> {
    if !entry_exists(current)? {
        failpoint::at(Point::StageRename, current)?;
        fs::rename(new, current)?;
        return Ok(None);
    }
    if exchange(new, current)? {
        return Ok(Some(new.to_owned()));
    }
    let aside = backup_dir(current);
    remove(&aside)?;
    fs::rename(current, &aside)?;
    failpoint::at(Point::StageAside, current)?;
    fs::rename(new, current)?;
    Ok(Some(aside))
}

/// Swaps two paths in one step, where the system and the file system can.
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    let swapped = failpoint::at(Point::StageRename, b).and_then(|()| swap_in_one_step(a, b));
    match swapped {
        Err(e) if unsupported(&e) => Ok(false),
        other => other,
    }
}

#[cfg(target_os = "linux")]
fn swap_in_one_step(a: &Path, b: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?;
    Ok(true)
}

#[cfg(target_os = "linux")]
fn unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}

#[cfg(not(target_os = "linux"))]
fn swap_in_one_step(_a: &Path, _b: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(target_os = "linux"))]
fn unsupported(_error: &io::Error) -> bool {
    false
}

/// Completes what a crash between two renames left: without a current directory the one set aside comes back.
pub(crate) fn recover_dir(current: &Path) -> io::Result<()> {
    let aside = backup_dir(current);
    if !entry_exists(&aside)? {
        return Ok(());
    }
    if entry_exists(current)? {
        remove(&aside)
    } else {
        fs::rename(aside, current)
    }
}

/// Removes a file or a directory with everything in it; nothing there is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(dir: &Path, text: &str) {
        fs::create_dir(dir).unwrap();
        fs::write(dir.join("x"), text).unwrap();
    }

    #[test]
    fn a_directory_is_replaced_whole_and_nothing_stays_behind() {
        let root = tempfile::tempdir().unwrap();
        let (new, current) = (root.path().join(".s.tmp"), root.path().join("s"));
        for text in ["one", "two"] {
            filled(&new, text);
            sync_tree(&new).unwrap();
            replace_dir(&new, &current).unwrap();
            assert_eq!(fs::read_to_string(current.join("x")).unwrap(), text);
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_crash_between_two_renames_leaves_the_old_directory() {
        let root = tempfile::tempdir().unwrap();
        let current = root.path().join("s");
        filled(&backup_dir(&current), "old");
        recover_dir(&current).unwrap();
        assert_eq!(fs::read_to_string(current.join("x")).unwrap(), "old");
        filled(&backup_dir(&current), "older");
        recover_dir(&current).unwrap();
        assert_eq!(fs::read_to_string(current.join("x")).unwrap(), "old");
        assert!(!backup_dir(&current).exists());
    }

    #[test]
    fn many_files_are_synced_too() {
        let root = tempfile::tempdir().unwrap();
        (0..MANY_SYNCS).for_each(|i| fs::write(root.path().join(i.to_string()), "").unwrap());
        sync_tree(root.path()).unwrap();
    }
}
