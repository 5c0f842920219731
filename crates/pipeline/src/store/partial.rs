//! The temporary directory a stage writes into, which a resumable stage keeps when it is interrupted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failpoint::{self, Point};
use crate::store::files::list;
use crate::store::layout::{FINGERPRINT_FILE, temporary_dir};
use crate::store::publish;
use ecgfm_stage::{COMPLETE, UNFINISHED};

/// The fingerprint of the interrupted run whose parts are kept for `target`, if any.
pub(crate) fn resumable_fingerprint(target: &Path) -> io::Result<Option<String>> {
    match fs::read(temporary_dir(target).join(FINGERPRINT_FILE)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        // Hours of work may lie there: what cannot be read is not taken for absent, and removed.
        Err(e) => Err(e),
    }
}

/// Makes the temporary directory ready: with its parts where `resume` is the fingerprint they belong to, else
/// empty. Returns it and whether it holds parts.
pub(crate) fn prepare_dir(target: &Path, resume: Option<&str>) -> io::Result<(PathBuf, bool)> {
    let dir = temporary_dir(target);
    if resume.is_some() && resumable_fingerprint(target)?.as_deref() == resume {
        remove_unfinished(&dir)?;
        return Ok((dir, true));
    }
    publish::remove(&dir)?;
    failpoint::at(Point::TempCreate, &dir)?;
    fs::create_dir_all(&dir)?;
    Ok((dir, false))
}

/// Removes files that a killed stage was writing; what goes on writes them anew, under other names.
fn remove_unfinished(dir: &Path) -> io::Result<()> {
    let unfinished = |name: &str| name.rsplit('/').next().is_some_and(|n| n.starts_with(UNFINISHED));
    for file in list(dir)?.iter().filter(|file| unfinished(&file.name)) {
        publish::remove(&file.path)?;
    }
    Ok(())
}

/// Marks the parts in a temporary directory as those of a fingerprint.
pub(crate) fn mark_resumable(dir: &Path, fingerprint: &str) -> io::Result<()> {
    let path = dir.join(FINGERPRINT_FILE);
    failpoint::at(Point::TempMark, &path)?;
    fs::write(&path, format!("{fingerprint}\n"))?;
    fs::File::open(path)?.sync_all()
}

/// The directory holds the whole stage now, no longer parts of it.
pub(crate) fn remove_marks(dir: &Path) -> io::Result<()> {
    publish::remove(&dir.join(COMPLETE))?;
    publish::remove(&dir.join(FINGERPRINT_FILE))
}

/// After a crash: removes a temporary directory that holds no parts to go on from.
pub(crate) fn remove_leftovers(target: &Path) -> io::Result<()> {
    if resumable_fingerprint(target)?.is_some() {
        return Ok(());
    }
    publish::remove(&temporary_dir(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_being_written_is_gone_when_a_stage_goes_on_and_parts_stay() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("slow");
        let (out, resumed) = prepare_dir(&target, Some("a")).unwrap();
        assert!(!resumed);
        mark_resumable(&out, "a").unwrap();
        fs::create_dir(out.join("deep")).unwrap();
        for name in ["part.npy", "deep/part.npy", ".tmp-1", "deep/.tmp-2"] {
            fs::write(out.join(name), name).unwrap();
        }
        assert!(prepare_dir(&target, Some("a")).unwrap().1);
        let names: Vec<String> = list(&out).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, [FINGERPRINT_FILE, "deep/part.npy", "part.npy"]);
        assert!(!prepare_dir(&target, Some("b")).unwrap().1);
        assert!(list(&out).unwrap().is_empty());
    }
}
