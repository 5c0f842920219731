//! ecgfm as an archive and as a Python wheel: unpacked elsewhere, without this checkout's libraries, compiler or network.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod archive;
mod wheel;

use common::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The directory of the programs under test.
fn built() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ecgfm")).parent().unwrap()
}

/// What packing needs; without it the test says so and should return.
fn can_pack() -> bool {
    let fetched = Command::new(root().join("tools/setup")).arg("package").output();
    let ready = fetched.is_ok_and(|output| output.status.success());
    let libtorch = root().join(".tools/libtorch/torch/lib").is_dir();
    if !ready || !libtorch {
        eprintln!(
            "SKIPPED: packing needs patchelf and the libtorch of tools/setup; run `tools/setup package` and `tools/setup`"
        );
    }
    ready && libtorch
}

/// Output of a command that must succeed.
fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What `ecgfm doctor` found of libtorch: its state and words.
fn libtorch_found(doctor: &Output) -> (String, String) {
    let said: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let findings = said["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["what"] == "libtorch")
        .unwrap();
    let word = |name: &str| found[name].as_str().unwrap().to_owned();
    (word("state"), word("found"))
}

/// Directories in which the loader looks for a program's libraries.
fn runpath(program: &Path) -> String {
    let patchelf = root().join(".tools/package/bin/patchelf");
    let output = succeed(Command::new(patchelf).arg("--print-rpath").arg(program));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A run of the sample up to the evaluation, for tests that read it.
fn sample_run(program: &Path, dir: &Path) -> PathBuf {
    let mut run = Command::new(program);
    run.args(["run", "code15", "--quiet", "--set", "synth.exams=60"])
        .current_dir(dir);
    succeed(&mut run);
    dir.join("runs/code15/sample")
}
