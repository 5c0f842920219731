//! A library that makes the C library refuse calls, and commands to try it on.

use crate::common::ecgfm;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The library, compiled once, unless there is no C++ compiler; then the test says so and should return.
pub fn refusal_library() -> Option<&'static Path> {
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
pub fn with_refused_calls(library: &Path, what: &str) -> Command {
    let mut command = ecgfm();
    command.env("LD_PRELOAD", library).env("REFUSE", what);
    command
}

/// The program in a shell that first sets a limit: `ulimit -n 32`.
pub fn with_limit(limit: &str) -> Command {
    let program = ecgfm();
    let mut command = Command::new("sh");
    command
        .env_clear()
        .current_dir(crate::common::root())
        .args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")])
        .arg(program.get_program());
    command
}

/// `stage signals` on `raw` into `out`.
pub fn signals_stage<'a>(command: &'a mut Command, raw: &Path, out: &Path) -> &'a mut Command {
    command.args(["stage", "signals", "--out"]).arg(out);
    command.arg("--with").arg(format!("raw={}", raw.display()))
}

/// Text on standard error.
pub fn error_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
