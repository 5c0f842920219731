//! Finding Python and the reference data.
#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "a test must say that it was skipped; not every feature uses all"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

static MODULES: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let modules =
        std::env::var_os("ECGFM_PYTHONPATH").map_or_else(|| workspace().join(".tools/pytest"), PathBuf::from);
    let mut python = Command::new("python3");
    python
        .env("PYTHONPATH", &modules)
        .args(["-c", "import h5py, numpy, scipy.io"]);
    let found = python.output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!(
            "SKIPPED: no python3 with h5py, numpy and scipy at {} (ECGFM_PYTHONPATH)",
            modules.display()
        );
    }
    found.then_some(modules)
});

/// Runs `script` in `dir` after the usual imports and returns what it prints. `None` if Python cannot judge here.
pub(crate) fn python(dir: &Path, script: &str) -> Option<String> {
    let modules = MODULES.as_ref()?;
    let script = format!("import io, pickle\nimport h5py, numpy as np, scipy.io\n{script}");
    let mut python = Command::new("python3");
    python
        .current_dir(dir)
        .env("PYTHONPATH", modules)
        .env("HDF5_USE_FILE_LOCKING", "FALSE")
        .args(["-c", &script]);
    let output = python.output().unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A path below the reference data. `None` if they are not on this machine.
pub(crate) fn reference(path: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("ECGFM_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let found = shared.join("reference");
    if !found.is_dir() {
        eprintln!("SKIPPED: no reference data at {}", found.display());
        return None;
    }
    Some(found.join(path))
}

/// Files of a folder, sorted.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files
}
