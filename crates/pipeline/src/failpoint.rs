//! Points where a run may be cut off: every step between a stage's first file and its line in `lock.json`, by name.
//!
//! The engine passes [`at`] right before each step. In normal builds that is nothing at all. With the feature
//! `failpoints`, which only tests turn on, the environment variable `ECGFM_FAILPOINT` says what happens there:
//!
//! ```text
//! ECGFM_FAILPOINT=POINT[:NTH][=ACTION][,POINT...]
//! ```
//!
//! `NTH` counts from 1. `ACTION` is `kill` (SIGKILL, the default), `stop` (SIGSTOP, to look at a run in the middle
//! and let it go on), an error of the system (`ENOSPC`, `EIO`, `EROFS`, `EDQUOT`, `EINVAL`), or `short`: half of the
//! file is there, and the disk is full. What a crash at each point leaves, and what the next run makes of it, is
//! listed in tests/reliability/points.md.

use std::io;
use std::path::Path;

/// A step of a run that is about to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The run holds its lock; nothing is looked at yet.
    RunBegin,
    /// Leftovers of an earlier crash are put right.
    Recovered,
    /// A stage's temporary directory is made.
    TempCreate,
    /// The directory of the chunks of a stage that works in chunks is made.
    ChunksCreate,
    /// The stage's own code begins.
    StageBegin,
    /// A file of the stage is made, under a temporary name.
    FileCreate,
    /// Some bytes of a file, or of one that is written row by row, are handed to the system.
    FileBytes,
    /// The file is written; what of it is not on the disk yet waits for the whole stage to be synced.
    FileWritten,
    /// The new file gets its name.
    FileRename,
    /// The new file has its name.
    FileDone,
    /// The stage's code is done; nothing is hashed yet.
    StageEnd,
    /// The files of the stage are synced, all of them.
    SyncFiles,
    /// The directories of the stage are synced, all of them.
    SyncDirs,
    /// The journal, which says what is about to get in place, is made under a temporary name.
    JournalCreate,
    /// The journal is synced.
    JournalSync,
    /// The journal gets its name.
    JournalRename,
    /// The journal's name is synced.
    JournalDirSync,
    /// The stage's directory and the one of its last run change places, or it gets its name where there was none.
    StageRename,
    /// Two directories cannot change places in one step: the old one is set aside, the new one gets its name.
    StageAside,
    /// The new directory's name is synced.
    StageDirSync,
    /// The old directory is removed.
    OldRemove,
    /// The new `lock.json` is made under a temporary name.
    LockCreate,
    /// The new `lock.json` is synced.
    LockSync,
    /// The new file gets its name.
    LockRename,
    /// The name of the new `lock.json` is synced.
    LockDirSync,
    /// The journal is removed.
    JournalClear,
    /// The chunks of the stage, which is in place and recorded, are removed.
    ChunksRemove,
    /// The stage is in place and recorded.
    StagePublished,
    /// The run lets its lock go.
    RunEnd,
}

/// Every point, in the order of a run.
pub const POINTS: [Point; 29] = [
    Point::RunBegin,
    Point::Recovered,
    Point::TempCreate,
    Point::ChunksCreate,
    Point::StageBegin,
    Point::FileCreate,
    Point::FileBytes,
    Point::FileWritten,
    Point::FileRename,
    Point::FileDone,
    Point::StageEnd,
    Point::SyncFiles,
    Point::SyncDirs,
    Point::JournalCreate,
    Point::JournalSync,
    Point::JournalRename,
    Point::JournalDirSync,
    Point::StageRename,
    Point::StageAside,
    Point::StageDirSync,
    Point::OldRemove,
    Point::LockCreate,
    Point::LockSync,
    Point::LockRename,
    Point::LockDirSync,
    Point::JournalClear,
    Point::ChunksRemove,
    Point::StagePublished,
    Point::RunEnd,
];

impl Point {
    /// The name in `ECGFM_FAILPOINT` and in tests/reliability/points.md.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunBegin => "run-begin",
            Self::Recovered => "recovered",
            Self::TempCreate => "temp-create",
            Self::ChunksCreate => "chunks-create",
            Self::StageBegin => "stage-begin",
            Self::FileCreate => "file-create",
            Self::FileBytes => "file-bytes",
            Self::FileWritten => "file-written",
            Self::FileRename => "file-rename",
            Self::FileDone => "file-done",
            Self::StageEnd => "stage-end",
            Self::SyncFiles => "sync-files",
            Self::SyncDirs => "sync-dirs",
            Self::JournalCreate => "journal-create",
            Self::JournalSync => "journal-sync",
            Self::JournalRename => "journal-rename",
            Self::JournalDirSync => "journal-dir-sync",
            Self::StageRename => "stage-rename",
            Self::StageAside => "stage-aside",
            Self::StageDirSync => "stage-dir-sync",
            Self::OldRemove => "old-remove",
            Self::LockCreate => "lock-create",
            Self::LockSync => "lock-sync",
            Self::LockRename => "lock-rename",
            Self::LockDirSync => "lock-dir-sync",
            Self::JournalClear => "journal-clear",
            Self::ChunksRemove => "chunks-remove",
            Self::StagePublished => "stage-published",
            Self::RunEnd => "run-end",
        }
    }
}

/// The steps of replacing one file: make it, sync it, give it its name, sync that.
pub(crate) type FileSteps = [Point; 4];

/// Steps of the journal.
pub(crate) const JOURNAL: FileSteps = [
    Point::JournalCreate,
    Point::JournalSync,
    Point::JournalRename,
    Point::JournalDirSync,
];
/// Steps of `lock.json`.
pub(crate) const LOCK: FileSteps = [
    Point::LockCreate,
    Point::LockSync,
    Point::LockRename,
    Point::LockDirSync,
];

/// Passes a point: `path` is the file or directory that the step is about.
///
/// # Errors
/// The system's error that a test asks for here; never without the feature `failpoints`.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn at(_point: Point, _path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(feature = "failpoints")]
pub use armed::at;

#[cfg(feature = "failpoints")]
mod armed {
    use std::fs::File;
    use std::process::Command;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{POINTS, Path, Point, io};

    const VARIABLE: &str = "ECGFM_FAILPOINT";

    enum FailAction {
        Kill,
        Stop,
        Errno(i32),
        Short,
    }

    struct Armed {
        point: Point,
        nth: u32,
        action: FailAction,
        hits: AtomicU32,
    }

    /// Passes a point: `path` is the file or directory that the step is about.
    ///
    /// # Errors
    /// The system's error that `ECGFM_FAILPOINT` asks for here, or that it cannot be understood.
    pub fn at(point: Point, path: &Path) -> io::Result<()> {
        static ARMED: OnceLock<Result<Vec<Armed>, String>> = OnceLock::new();
        let armed = ARMED.get_or_init(|| {
            let text = std::env::var(VARIABLE).unwrap_or_default();
            text.split(',')
                .filter(|part| !part.is_empty())
                .map(parse_failpoint)
                .collect()
        });
        let armed = armed.as_ref().map_err(|e| io::Error::other(e.clone()))?;
        for one in armed.iter().filter(|one| one.point == point) {
            if one.hits.fetch_add(1, Ordering::SeqCst) + 1 == one.nth {
                run_action(&one.action, path)?;
            }
        }
        Ok(())
    }

    fn run_action(action: &FailAction, path: &Path) -> io::Result<()> {
        match action {
            FailAction::Kill => signal("KILL"),
            FailAction::Stop => signal("STOP"),
            FailAction::Errno(number) => Err(io::Error::from_raw_os_error(*number)),
            FailAction::Short => {
                if let Ok(file) = File::options().write(true).open(path) {
                    let half = file.metadata()?.len() / 2;
                    file.set_len(half)?;
                }
                Err(io::Error::from_raw_os_error(28))
            }
        }
    }

    /// Ends this process at once, or halts it until somebody lets it go on. The shell sends the
    /// signal: the standard library cannot, and this is no reason for a dependency.
    fn signal(name: &str) -> io::Result<()> {
        let script = format!("kill -{name} $PPID");
        Command::new("/bin/sh").args(["-c", &script]).status().map(drop)
    }

    fn parse_failpoint(part: &str) -> Result<Armed, String> {
        let wrong = |what: &str| format!("{VARIABLE}: `{part}`: {what}");
        let (place, action) = part.split_once('=').unwrap_or((part, "kill"));
        let (name, nth) = place.split_once(':').unwrap_or((place, "1"));
        let point = POINTS.into_iter().find(|p| p.name() == name);
        Ok(Armed {
            point: point.ok_or_else(|| wrong("no such point"))?,
            nth: nth.parse().map_err(|_| wrong("NTH is a number from 1"))?,
            action: match action {
                "kill" => FailAction::Kill,
                "stop" => FailAction::Stop,
                "short" => FailAction::Short,
                "EIO" => FailAction::Errno(5),
                "EINVAL" => FailAction::Errno(22),
                "ENOSPC" => FailAction::Errno(28),
                "EROFS" => FailAction::Errno(30),
                "EDQUOT" => FailAction::Errno(122),
                _ => return Err(wrong("no such action")),
            },
            hits: AtomicU32::new(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_listed_once_and_has_a_name_of_its_own() {
        let mut names: Vec<&str> = POINTS.iter().map(|p| p.name()).collect();
        assert!(POINTS.is_sorted() && POINTS[28] == Point::RunEnd);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), POINTS.len());
    }
}
