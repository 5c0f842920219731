//! CUDA without a GPU: a made-up driver and empty libraries let libtorch's real CUDA half load.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod common;

use common::{ecgfm, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// libtorch, as the program was linked with it.
const LIBTORCH: &str = env!("ECGFM_LIBTORCH");

/// More libraries than this are not missing.
const MOST_MISSING: usize = 40;

/// A driver that knows no device.
const WITHOUT_DEVICES: &str = "int cuInit(unsigned f) { return 100; }";

/// A driver of CUDA 12.4 that knows a device, of compute capability 7.0.
const OLD: &str = "int cuInit(unsigned f) { return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDriverGetVersion(int *v) { *v = 12040; return 0; }";

/// Makes a library of a name from C.
fn compile(dir: &Path, name: &str, source: &str) {
    fs::create_dir_all(dir).unwrap();
    let file = dir.join(format!("{name}.c"));
    fs::write(&file, source).unwrap();
    // A C++ compiler is what building asks for; it compiles C.
    let made = Command::new("c++")
        .args(["-shared", "-fPIC", "-x", "c"])
        .arg(&file)
        .arg(format!("-Wl,-soname,{name}"))
        .arg("-o")
        .arg(dir.join(name))
        .status();
    assert!(made.unwrap().success(), "{name}");
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The half of the program with libtorch, or the other, with libraries of ours before all others.
fn with_libraries(dirs: &[&Path]) -> Command {
    let mut command = ecgfm();
    let dirs: Vec<&str> = dirs.iter().map(|dir| dir.to_str().unwrap()).collect();
    command
        .env("LD_LIBRARY_PATH", dirs.join(":"))
        .env("ECGFM_LOG", "debug");
    command
}

/// Empty libraries under the names of those that libtorch's CUDA half needs and that are not there, found out one by one;
/// nothing where libtorch has no CUDA half.
fn empty_libraries() -> Option<&'static PathBuf> {
    static EMPTY: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let made = EMPTY.get_or_init(|| {
        if !Path::new(LIBTORCH).join("libtorch_cuda.so").exists() {
            eprintln!("SKIPPED: no libtorch_cuda.so in {LIBTORCH}; unset LIBTORCH and run tools/setup");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let (driver, empty) = (dir.path().join("driver"), dir.path().join("empty"));
        compile(&driver, "libcuda.so.1", WITHOUT_DEVICES);
        fs::create_dir_all(&empty).unwrap();
        for _ in 0..MOST_MISSING {
            let mut command = with_libraries(&[&driver, &empty]);
            let output = command
                .args(["export", "none.pt", "-o", "none.ts"])
                .output()
                .unwrap();
            let told = told(&output);
            let line = told
                .lines()
                .find(|line| line.contains("libtorch_cuda.so"))
                .expect(&told);
            if line.contains("CUDA loaded") {
                return Some((dir, empty));
            }
            let (before, _) = line.split_once(": cannot open shared object file").expect(line);
            let name = before.rsplit(['(', ' ']).next().unwrap();
            assert!(
                !empty.join(name).exists(),
                "{name} is there and is not found: {line}"
            );
            compile(&empty, name, "");
        }
        panic!("more than {MOST_MISSING} libraries are missing");
    });
    made.as_ref().map(|(_, empty)| empty)
}

/// A driver of our own, in a directory of its own.
fn driver(dir: &Path, source: &str) -> PathBuf {
    let driver = dir.join("driver");
    compile(&driver, "libcuda.so.1", source);
    driver
}

const UNTIL_INFER: [&str; 2] = ["--until", "infer"];

/// A small run of the sample.
fn run(command: &mut Command, workdir: &Path, more: &[&str]) -> Output {
    command
        .args(["run", "code15", "--workdir"])
        .arg(workdir)
        .args([
            "--set",
            "synth.exams=24",
            "--set",
            "splits.fractions=[0.2, 0.2, 0.6]",
        ])
        .args(more);
    command.output().unwrap()
}

#[test]
fn the_cuda_half_is_loaded_before_the_first_convolution() {
    let Some(empty) = empty_libraries() else { return };
    let dir = tempfile::tempdir().unwrap();
    let driver = driver(dir.path(), WITHOUT_DEVICES);
    // The export convolves, on the CPU, before inference looks for devices.
    let output = run(&mut with_libraries(&[&driver, empty]), dir.path(), &UNTIL_INFER);
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    let line = told
        .lines()
        .rfind(|line| line.contains("CUDA hooks: "))
        .expect(&told);
    let hooks = line.rsplit("CUDA hooks: ").next().unwrap();
    let library = Path::new(LIBTORCH).join("libtorch_cuda.so");
    let hooks = Path::new(hooks)
        .canonicalize()
        .unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(hooks, library.canonicalize().unwrap(), "{line}");
    assert!(
        !line.contains("without"),
        "it exports all that is looked up: {line}"
    );
    let note = "infer: running on the CPU: NVIDIA's driver knows no GPU";
    assert_eq!(told.matches(note).count(), 1, "{told}");
    assert!(told.contains("infer ran on cpu in float32"), "{told}");
}

#[test]
fn a_driver_that_is_too_old_is_a_fault_of_the_machine_and_auto_says_that_it_takes_the_cpu() {
    let Some(empty) = empty_libraries() else { return };
    let dir = tempfile::tempdir().unwrap();
    let driver = driver(dir.path(), OLD);
    let asked = ["--until", "infer", "--set", "infer.device=cuda"];
    let output = run(
        with_libraries(&[&driver, empty]).env_remove("ECGFM_LOG"),
        dir.path(),
        &asked,
    );
    let told_first = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told_first}");
    let error = told_first
        .lines()
        .find(|line| line.starts_with("error"))
        .expect(&told_first);
    assert!(
        error.contains("the NVIDIA driver is for CUDA 12.4, and this libtorch is made for CUDA 13"),
        "{error}"
    );
    assert!(error.contains("install driver 580 or newer"), "{error}");
    assert!(
        !told_first.contains("Warning") && !told_first.contains("frame #"),
        "{told_first}"
    );
    let output = run(
        with_libraries(&[&driver, empty]).env_remove("ECGFM_LOG"),
        dir.path(),
        &[],
    );
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    assert_eq!(
        told.matches("running on the CPU: the NVIDIA driver").count(),
        1,
        "{told}"
    );
}

#[test]
fn libraries_that_are_missing_are_named_with_what_to_do() {
    if !Path::new(LIBTORCH).join("libtorch_cuda.so").exists() {
        eprintln!("SKIPPED: no libtorch_cuda.so in {LIBTORCH}");
        return;
    }
    let nvidia = Path::new(LIBTORCH).join("../../nvidia");
    if nvidia.join("cudnn").exists() {
        eprintln!("SKIPPED: all CUDA libraries are there");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let driver = driver(dir.path(), OLD);
    let asked = ["--until", "infer", "--set", "infer.device=cuda:0"];
    let output = run(
        with_libraries(&[&driver]).env_remove("ECGFM_LOG"),
        dir.path(),
        &asked,
    );
    let told = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("libtorch's CUDA half does not load from /"),
        "{told}"
    );
    assert!(told.contains("`ECGFM_LIBTORCH=cuda tools/setup`"), "{told}");
    assert!(root().join("tools/setup").exists());
}
