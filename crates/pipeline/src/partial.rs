//! The temporary directory a stage writes into, which a resumable stage keeps when it is interrupted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failpoint::{self, Point};
use crate::publish;

/// Holds the fingerprint of the run whose parts a temporary directory keeps.
pub(crate) const FINGERPRINT: &str = ".fingerprint";

/// Directory in which a resumable stage notes which of its parts are complete. No part of what it leaves.
pub const COMPLETE: &str = ".complete";

/// Whether a file is there for going on after an interruption only.
pub(crate) fn is_mark(name: &str) -> bool {
    name == FINGERPRINT || name.split('/').next() == Some(COMPLETE)
}

/// Where a stage writes: beside its final place, so that a rename suffices.
pub(crate) fn temporary(target: &Path) -> PathBuf {
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    target.with_file_name(format!(".{name}.tmp"))
}

/// The fingerprint of the interrupted run whose parts are kept for `target`, if any.
pub(crate) fn kept(target: &Path) -> Option<String> {
    let text = fs::read_to_string(temporary(target).join(FINGERPRINT)).ok()?;
    Some(text.trim().to_owned())
}

/// Makes the temporary directory ready: with its parts where `resume` is the fingerprint they belong to, else
/// empty. Returns it and whether it holds parts.
pub(crate) fn prepare(target: &Path, resume: Option<&str>) -> io::Result<(PathBuf, bool)> {
    let dir = temporary(target);
    if resume.is_some() && kept(target).as_deref() == resume {
        return Ok((dir, true));
    }
    publish::remove(&dir)?;
    failpoint::at(Point::TempCreate, &dir)?;
    fs::create_dir_all(&dir)?;
    Ok((dir, false))
}

/// Marks the parts in a temporary directory as those of a fingerprint.
pub(crate) fn mark(dir: &Path, fingerprint: &str) -> io::Result<()> {
    let path = dir.join(FINGERPRINT);
    failpoint::at(Point::TempMark, &path)?;
    fs::write(&path, format!("{fingerprint}\n"))?;
    fs::File::open(path)?.sync_all()
}

/// The directory holds the whole stage now, no longer parts of it.
pub(crate) fn unmark(dir: &Path) -> io::Result<()> {
    publish::remove(&dir.join(COMPLETE))?;
    publish::remove(&dir.join(FINGERPRINT))
}

/// After a crash: removes a temporary directory that holds no parts to go on from.
pub(crate) fn sweep(target: &Path) -> io::Result<()> {
    if kept(target).is_some() {
        return Ok(());
    }
    publish::remove(&temporary(target))
}
