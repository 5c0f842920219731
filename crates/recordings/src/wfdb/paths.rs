//! Where the header of a record and its signal files are.

use super::error::malformed;
use ecgfm_formats::{Error, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Path of the header of the record that `path` names: a `.hea`, one of the signal files beside it, or either without ending.
///
/// # Errors
/// There is no such header.
pub(super) fn find_header(path: &Path) -> Result<PathBuf> {
    let is_header = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("hea"));
    if is_header {
        return Ok(path.to_owned());
    }
    let mut appended = OsString::from(path);
    appended.push(".hea");
    // Names may have dots: `a.v2` is the record of `a.v2.hea` before that of `a.hea`.
    let candidates = [PathBuf::from(appended), path.with_extension("hea")];
    let found = candidates.iter().find(|candidate| candidate.is_file());
    found.cloned().ok_or_else(|| no_header(path, &candidates[1]))
}

fn no_header(path: &Path, wanted: &Path) -> Error {
    let name = wanted.file_name().unwrap_or_default().display().to_string();
    let what = format!("there is no header {name} beside it");
    let help = "a WFDB record is a .hea file and the signal files that it names, in one directory";
    malformed(path, "record", what, help)
}

/// Checks a file's or a segment's name in a header: it must stay in the directory of the header.
///
/// # Errors
/// In words, what is wrong with the name.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let leaves = name.contains(['/', '\\', '\0']) || matches!(name, "" | "." | ".." | "-" | "~");
    if leaves {
        return Err(format!("{name:?} is not the name of a file beside the header"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "../a.dat",
            "/etc/passwd",
            "b/a.dat",
            "..",
            "-",
            "~",
            "",
            "a\\b",
            "a\0",
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["a.dat", "X 1.v2.mat", "..a", "~a"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_record_is_found_by_any_of_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["a.hea", "a.v2.hea", "a.v2.mat", "a.dat"] {
            std::fs::write(at(name), "").unwrap();
        }
        for (given, header) in [
            ("a", "a.hea"),
            ("a.hea", "a.hea"),
            ("a.dat", "a.hea"),
            ("a.v2", "a.v2.hea"),
            ("a.v2.mat", "a.v2.hea"),
        ] {
            assert_eq!(find_header(&at(given)).unwrap(), at(header), "{given}");
        }
        let error = find_header(&at("b.mat")).unwrap_err().to_string();
        assert!(error.contains("no header b.hea"), "{error}");
    }
}
