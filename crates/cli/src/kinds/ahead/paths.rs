//! Checks of paths from outside: that something is there, of the kind that is wanted.

use super::{bad_input, full_path, system_fault};
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use ecgfm_system::Fault;
use std::path::Path;

/// Kind of file that a parameter wants.
#[derive(Clone, Copy)]
pub(super) enum ExpectedPath<'a> {
    /// A file, described.
    File(&'a str),
    /// A directory, described.
    Directory(&'a str),
    /// A file or a directory, described: the stage reads both.
    Either(&'a str),
}

/// Says if a path from outside is there and of the right kind, and adds the mistake otherwise; one that a stage leaves will be.
pub(super) fn check_path(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    parameter: &str,
    path: &Path,
    wanted: ExpectedPath<'_>,
) -> bool {
    check_path_advising(found, ahead, parameter, path, wanted, None)
}

/// The same with advice of its own for what is not there, or of another kind.
pub(super) fn check_path_advising(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    parameter: &str,
    path: &Path,
    wanted: ExpectedPath<'_>,
    advice: Option<&str>,
) -> bool {
    if ahead.promises(path).is_some() {
        return true;
    }
    let (phrase, help) = match (wanted, std::fs::metadata(path)) {
        (ExpectedPath::File(_), Ok(meta)) if meta.is_file() => return true,
        (ExpectedPath::Directory(_), Ok(meta)) if meta.is_dir() => return true,
        (ExpectedPath::Either(_), Ok(_)) => return true,
        // Pipes, and systems that say nothing: the stage will see.
        (ExpectedPath::File(what), Ok(meta)) if meta.is_dir() => (
            format!(
                "names the directory {}, and {what} is wanted, a file",
                full_path(path)
            ),
            "name the file",
        ),
        (ExpectedPath::Directory(what), Ok(_)) => (
            format!(
                "names the file {}, and {what} is wanted, a directory",
                full_path(path)
            ),
            "name the directory",
        ),
        (ExpectedPath::File(_), Ok(_)) => return true,
        (
            ExpectedPath::File(what) | ExpectedPath::Directory(what) | ExpectedPath::Either(what),
            Err(error),
        ) => match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => (
                format!(
                    "names {}, which does not exist; {what} is wanted",
                    full_path(path)
                ),
                missing_path_advice(path),
            ),
            _ => {
                let phrase = format!("names {}, which cannot be looked at: {error}", full_path(path));
                system_fault(found, parameter, phrase, Fault::of(&error));
                return false;
            }
        },
    };
    bad_input(found, parameter, phrase, advice.unwrap_or(help));
    false
}

/// Advice for a path that leads nowhere.
fn missing_path_advice(path: &Path) -> &'static str {
    if path.is_absolute() {
        return "correct the path";
    }
    "correct the path: a relative one in a pipeline file begins in the file's directory, one on the command line in the \
     current directory"
}
