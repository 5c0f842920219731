//! A library that makes the C library refuse calls, and archives to try it on.

use crate::common::{ecgfm, ok};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The library, compiled once, unless there is no C++ compiler; then the test says so and should return.
pub fn library() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let library = dir.path().join("refuse.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/machine/refuse.cc");
        let built = Command::new("c++")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status();
        match built {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            built => {
                assert!(
                    built.expect("the compiler starts").success(),
                    "the library compiles"
                );
                Some((dir, library))
            }
        }
    });
    if built.is_none() {
        eprintln!("SKIPPED: no C++ compiler called c++");
    }
    built.as_ref().map(|(_, library)| library.as_path())
}

/// The program, with these calls refused.
pub fn refusing(library: &Path, what: &str) -> Command {
    let mut command = ecgfm();
    command.env("LD_PRELOAD", library).env("REFUSE", what);
    command
}

/// The program in a shell that first sets a limit: `ulimit -n 32`.
pub fn limited(limit: &str) -> Command {
    let program = ecgfm();
    let mut command = Command::new("sh");
    command
        .env_clear()
        .current_dir(crate::common::root())
        .args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")])
        .arg(program.get_program());
    command
}

/// Synthetic exams, one a part.
pub fn archive(dir: &Path, exams: usize) -> PathBuf {
    let raw = dir.join("raw");
    let exams = exams.to_string();
    let mut command = ecgfm();
    command.args([
        "synth",
        "--quiet",
        "--exams",
        &exams,
        "--exams-per-part",
        "1",
        "--out",
    ]);
    ok(command.arg(&raw));
    raw
}

/// `stage signals` on `raw` into `out`.
pub fn signals<'a>(command: &'a mut Command, raw: &Path, out: &Path) -> &'a mut Command {
    command.args(["stage", "signals", "--out"]).arg(out);
    command.arg("--with").arg(format!("raw={}", raw.display()))
}

/// Standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
