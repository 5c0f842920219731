//! What the end-to-end tests share.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::print_stderr)] // Each test binary uses a part of it.

pub mod axe;
pub mod browser;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The reference data, unless they are not there; then the test says so and should return.
pub fn reference() -> Option<PathBuf> {
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let reference = shared.join("reference");
    if reference.is_dir() {
        return Some(reference.canonicalize().expect("a path"));
    }
    eprintln!(
        "SKIPPED: no reference data at {}; set ECGFM_SHARED to where they are",
        shared.display()
    );
    None
}

/// Python with numpy, scipy, pandas, h5py, unless it is not there; then the test says so and should return.
pub fn python() -> Option<Command> {
    let path =
        std::env::var_os("ECGFM_PYTHONPATH").map_or_else(|| root().join(".tools/pytest"), PathBuf::from);
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", &path);
    let mut probe = Command::new("python3");
    probe
        .env("PYTHONPATH", &path)
        .args(["-c", "import numpy, scipy, pandas, h5py"]);
    if probe.output().is_ok_and(|o| o.status.success()) {
        return Some(python);
    }
    eprintln!(
        "SKIPPED: no Python with numpy, scipy, pandas, h5py at {}; run tools/setup test",
        path.display()
    );
    None
}

/// Chromium, unless it is not there; then the test says so and should return.
pub fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium");
    }
    found
}

/// What `cargo metadata` says of the workspace's own crates.
pub fn metadata() -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

/// Variables by which libtorch and the libraries below it are held to an older processor's instructions.
const PROCESSOR: [&str; 3] = [
    "ATEN_CPU_CAPABILITY",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
];

/// The program with an empty environment but for what finds home and temporary files: it must need nothing else.
pub fn ecgfm() -> Command {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_ecgfm"));
    // An optimised one, where a test takes very many runs.
    let program = std::env::var_os("ECGFM_PROGRAM").map_or(built, PathBuf::from);
    let mut command = Command::new(program);
    command.env_clear().current_dir(root());
    // To see on one processor what another would compute.
    for name in PROCESSOR {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}

/// Runs and returns standard output; panics with standard error unless it succeeds.
pub fn ok(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Makes a synthetic archive of `exams` exams, `per_part` a part, in `dir`/raw; returns its path.
pub fn synthetic_archive(dir: &Path, exams: usize, per_part: usize) -> PathBuf {
    let raw = dir.join("raw");
    let mut synth = ecgfm();
    synth.args(["synth", "--quiet", "--exams", &exams.to_string()]);
    synth.args(["--exams-per-part", &per_part.to_string(), "--out"]);
    ok(synth.arg(&raw));
    raw
}

/// A run of the full profile on the reference's ten recordings and its tiny checkpoint.
pub struct Bench {
    pub reference: PathBuf,
    pub workdir: tempfile::TempDir,
}

impl Bench {
    /// None where there are no reference data.
    pub fn new() -> Option<Self> {
        Some(Self {
            reference: reference()?,
            workdir: tempfile::tempdir().expect("a directory"),
        })
    }

    /// The run directory.
    pub fn dir(&self) -> PathBuf {
        self.workdir.path().join("code15/full")
    }

    /// `ecgfm VERB code15 --profile full` on the reference data, with further arguments.
    pub fn command(&self, verb: &str, further: &[&str]) -> Command {
        self.command_on(verb, &self.reference.join("code15_mini"), further)
    }

    /// The same on another raw directory.
    pub fn command_on(&self, verb: &str, raw: &Path, further: &[&str]) -> Command {
        let mut command = ecgfm();
        command
            .args([verb, "code15", "--profile", "full", "--workdir"])
            .arg(self.workdir.path());
        command.arg("--set").arg(format!("vars.raw={}", raw.display()));
        let checkpoint = self.reference.join("model/tiny.pt");
        command
            .arg("--set")
            .arg(format!("vars.checkpoint={}", checkpoint.display()))
            .args(further);
        command
    }

    /// Runs and returns the names of the stages that ran.
    pub fn ran(&self, further: &[&str]) -> Vec<String> {
        let text = ok(self.command("run", further).arg("--json"));
        let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON on standard output");
        let ran = summary["ran"].as_array().expect("ran").iter();
        ran.map(|s| s.as_str().expect("a name").to_owned()).collect()
    }
}

/// Sends a process a signal, called as by `kill`: `-INT`, `-TERM`, `-CONT`. Without the program `kill`, which a bare Debian
/// lacks.
pub fn signal(child: &std::process::Child, name: &str) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = match name {
        "-INT" => Signal::INT,
        "-TERM" => Signal::TERM,
        "-CONT" => Signal::CONT,
        "-STOP" => Signal::STOP,
        "-KILL" => Signal::KILL,
        other => panic!("no signal is called {other} here"),
    };
    kill_process(Pid::from_child(child), signal).expect("the signal is sent");
}

/// Every file below a directory with its bytes, but for those whose content tells time.
pub fn contents(dir: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).expect("a directory").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                open.push(path);
            } else if !["lock.json", ".lock", "commands.jsonl", "run.log"]
                .iter()
                .any(|kept| name == *kept)
            {
                let bytes = std::fs::read(&path).expect("a file");
                found.insert(path.strip_prefix(dir).expect("below").to_owned(), bytes);
            }
        }
    }
    found
}

/// Fails with the program's standard error as a message for a snapshot, paths replaced.
pub fn said(output: &Output, replace: &[(&Path, &str)]) -> String {
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    for (path, name) in replace {
        text = text.replace(&path.display().to_string(), name);
    }
    format!("exit {}\n{text}", output.status.code().unwrap_or(-1))
}
