//! Replacing of a file in one step: it is written under a temporary name in the same directory, then renamed. A reader, and a
//! program that starts after a crash, meets the old file or the whole new one, never a part.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// Step of replacing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceStep {
    /// The file is created, under its temporary name.
    Create,
    /// The file is written, and is synced where it is to be.
    Written,
    /// The file gets its name.
    Rename,
    /// The file has its name, which is synced where the file was.
    Renamed,
}

/// Temporary name of a file, in the directory of its own.
#[derive(Debug)]
pub enum TemporaryName<'a> {
    /// This path. A file that a crash left there is overwritten: only one process may write it at a time.
    Fixed(PathBuf),
    /// A name that no file has, after this prefix.
    Unique(&'a str),
}

/// A file that is written whole.
#[derive(Debug)]
pub enum WrittenFile {
    /// Its content is synced before it gets its name, and its name after that.
    SyncNow(File),
    /// Nothing is synced: whoever relies on the file syncs it and its directory first.
    SyncLater,
}

/// Reason why a file was not replaced.
#[derive(Debug)]
pub enum ReplaceError<E> {
    /// The new content could not be made.
    Fill(E),
    /// The system refused a step.
    Step(ReplaceStep, io::Error),
}

impl From<ReplaceError<io::Error>> for io::Error {
    fn from(error: ReplaceError<io::Error>) -> Self {
        match error {
            ReplaceError::Fill(error) | ReplaceError::Step(_, error) => error,
        }
    }
}

/// Replaces the file at `path`, or makes it: `create` makes a file under its temporary name, `fill` writes it. `before_step` is
/// called before each step with the path that the step is about, and its error stops there.
///
/// # Errors
/// Of `create` and `fill`, of a step, or the system's. The temporary file is removed then; after [`ReplaceStep::Renamed`] the new file is
/// in place, and it is its name that may not be synced.
pub fn replace_file<W, E>(
    path: &Path,
    name: TemporaryName<'_>,
    before_step: impl Fn(ReplaceStep, &Path) -> io::Result<()>,
    create: impl FnMut(&Path) -> io::Result<W>,
    fill: impl FnOnce(W) -> Result<WrittenFile, E>,
) -> Result<(), ReplaceError<E>> {
    let at = |step| move |error| ReplaceError::Step(step, error);
    before_step(ReplaceStep::Create, path).map_err(at(ReplaceStep::Create))?;
    let (writer, temporary) = create_temporary(path, name, create).map_err(at(ReplaceStep::Create))?;
    let written = fill(writer).map_err(ReplaceError::Fill)?;
    before_step(ReplaceStep::Written, &temporary).map_err(at(ReplaceStep::Written))?;
    let synced = match written {
        WrittenFile::SyncNow(file) => file.sync_all().map(|()| true),
        WrittenFile::SyncLater => Ok(false),
    };
    let synced = synced.map_err(at(ReplaceStep::Written))?;
    before_step(ReplaceStep::Rename, path)
        .and_then(|()| temporary.persist(path).map_err(|e| e.error))
        .map_err(at(ReplaceStep::Rename))?;
    before_step(ReplaceStep::Renamed, path)
        .and_then(|()| {
            if synced {
                sync_dir(directory_of(path))
            } else {
                Ok(())
            }
        })
        .map_err(at(ReplaceStep::Renamed))
}

fn create_temporary<W>(
    path: &Path,
    name: TemporaryName<'_>,
    mut create: impl FnMut(&Path) -> io::Result<W>,
) -> io::Result<(W, TempPath)> {
    match name {
        TemporaryName::Fixed(temporary) => Ok((create(&temporary)?, TempPath::try_from_path(temporary)?)),
        TemporaryName::Unique(prefix) => {
            let made = Builder::new().prefix(prefix).make_in(directory_of(path), create);
            made.map(tempfile::NamedTempFile::into_parts)
        }
    }
}

/// Directory that holds the entry `path`.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Syncs the names in a directory to the disk.
///
/// # Errors
/// The directory cannot be opened or synced; not every file system can.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::io::Write as _;

    fn fixed(path: &Path) -> TemporaryName<'static> {
        TemporaryName::Fixed(path.with_extension("tmp"))
    }

    fn replace(
        path: &Path,
        name: TemporaryName<'_>,
        refused: Option<ReplaceStep>,
    ) -> (io::Result<()>, Vec<ReplaceStep>) {
        let steps = RefCell::new(Vec::new());
        let before_step = |step, _: &Path| {
            steps.borrow_mut().push(step);
            match refused == Some(step) {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        };
        let fill = |mut file: File| {
            file.write_all(b"new")?;
            Ok(WrittenFile::SyncNow(file))
        };
        let replaced = replace_file(path, name, before_step, |path: &Path| File::create(path), fill);
        (replaced.map_err(io::Error::from), steps.into_inner())
    }

    #[test]
    fn a_file_is_old_or_new_after_an_error_at_any_step() {
        use ReplaceStep::{Create, Rename, Renamed, Written};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        let all = [Create, Written, Rename, Renamed];
        for (passed, step) in all.into_iter().enumerate() {
            for name in [fixed(&path), TemporaryName::Unique(".tmp-")] {
                std::fs::write(&path, "old").unwrap();
                let (replaced, steps) = replace(&path, name, Some(step));
                assert_eq!(replaced.unwrap_err().kind(), io::ErrorKind::StorageFull);
                assert_eq!(steps, all[..=passed]);
                let expected = if step == Renamed { "new" } else { "old" };
                assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
                assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
            }
        }
        let (replaced, steps) = replace(&path, fixed(&path), None);
        assert!(replaced.is_ok() && steps == all);
    }

    #[test]
    fn a_failed_fill_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        for name in [fixed(&path), TemporaryName::Unique(".tmp-")] {
            let fill = |_: File| Err::<WrittenFile, &str>("stop");
            let replaced = replace_file(&path, name, |_, _| Ok(()), |path: &Path| File::create(path), fill);
            assert!(matches!(replaced, Err(ReplaceError::Fill("stop"))));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }
}
