//! The names and places of files that the engine itself keeps, in a run's directory and beside stages' directories.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The record of a run, in its directory.
pub const LOCK_FILE: &str = "lock.json";

/// The file that says which stage is being put in place, in the run's directory.
pub(crate) const JOURNAL_FILE: &str = ".publishing.json";

/// The file with the hashes of all inputs from outside, in the run's directory.
pub(crate) const INPUTS_FILE: &str = "inputs.json";

/// The file that a run holds a lock on, in its directory.
pub(crate) const RUN_LOCK_FILE: &str = ".lock";

/// The command lines that ran in a run's directory, a JSON object a line: `at` (RFC 3339), `process`, `directory`, `arguments`
/// when one begins; `at`, `process`, `exit` when it ends. No part of the run: it makes nothing stale.
pub const COMMANDS_FILE: &str = "commands.jsonl";

/// The log of the runs in a directory, a line each with its time. No part of the run either.
pub const LOG_FILE: &str = "run.log";

/// The record of a stage that ran alone, in its directory: what the directory is known by, and what it was made from.
pub(crate) const LONE_STAGE_FILE: &str = ".stage.json";

/// Stands for the run's own directory in recorded paths, so that a moved working directory stays fresh.
pub(crate) const RUN_TOKEN: &str = "${run}";

/// Begins the name of an input that no parameter names.
pub(crate) const THROUGH_PREFIX: &str = "through ";

/// Directory that a stage writes into: beside its final place, so that a rename suffices.
pub(crate) fn temporary_dir(target: &Path) -> PathBuf {
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    target.with_file_name(format!(".{name}.tmp"))
}

/// Directory of the chunks of a stage, beside its final place: one directory inside it for each fingerprint.
pub(crate) fn chunks_dir(target: &Path) -> PathBuf {
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    target.with_file_name(format!(".{name}.chunks"))
}

/// Name under which the old directory of a stage waits to be removed.
pub(crate) fn backup_dir(current: &Path) -> PathBuf {
    let name = current
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    current.with_file_name(format!(".{name}.old"))
}

/// The name under which a file is written before it gets its own.
pub(crate) fn temporary_file(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Says if an entry of a directory is what a stage that runs alone keeps while it runs, or left.
pub(crate) fn is_lone_stage_file(directory: &Path, file_name: &OsStr, is_dir: bool) -> bool {
    let name = file_name.to_string_lossy();
    let ends = [".lock", ".tmp", ".chunks"];
    let hidden = name.starts_with('.') && ends.iter().any(|end| name.ends_with(end));
    hidden || (is_dir && directory.join(file_name).join(LONE_STAGE_FILE).is_file())
}

/// The directories that a run and those beside it write: its own, and the working directory that it is in.
pub(crate) fn engine_dirs(run_dir: &Path) -> Vec<PathBuf> {
    let run_dir = run_dir.canonicalize().unwrap_or_else(|_| run_dir.to_owned());
    let workdir = run_dir.ancestors().nth(2).map(Path::to_owned);
    std::iter::once(run_dir).chain(workdir).collect()
}

/// Path on disk of a recorded path; a relative one begins in `base`.
pub(crate) fn locate(path: &str, base: &Path, run_dir: &Path) -> PathBuf {
    inside_run(path).map_or_else(|| base.join(path), |inside| run_dir.join(inside))
}

/// Rest of a recorded path after `${run}/`; empty for the run's directory itself.
pub(crate) fn inside_run(path: &str) -> Option<&str> {
    match path.strip_prefix(RUN_TOKEN)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}
