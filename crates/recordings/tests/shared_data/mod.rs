//! Data that are not in the source tree, and a folder for their copies.
#![allow(dead_code, unreachable_pub, clippy::print_stderr, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The path `name` in the shared data. `None`, with a message, if it is not on this machine.
pub fn shared(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(beside, PathBuf::from);
    let found = shared.join(name);
    if !found.exists() {
        eprintln!(
            "SKIPPED: no {}; set ECGFM_SHARED to where the data are",
            found.display()
        );
        return None;
    }
    Some(found)
}

/// A new folder with the content of a `.tar.xz` archive. `None`, with a message, where nothing here unpacks it.
pub fn unpacked(archive: &Path) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar")
        .args(["--extract", "--xz", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(folder.path())
        .status();
    if !unpacked.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: tar and xz do not unpack {}", archive.display());
        return None;
    }
    Some(folder)
}
