//! `ecgfm doctor`: what this machine has of what a run needs, and what that means.

use super::print_json;
use crate::args::DoctorArgs;
use crate::failure::CommandFailure;
use crate::kinds::why_no_cuda;
use crate::torch::describe_torch_program;
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_system::disk::{free_bytes, nearest_directory};
use ecgfm_system::lock_support;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// Bytes of a gigabyte, as disks are sold.
const GIGABYTE: f64 = 1e9;

/// Open files below which a run over many files can fail.
const ENOUGH_OPEN_FILES: u64 = 256;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    means: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Works, with something missing.
    Note,
    /// Keeps a run from ending.
    Fault,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fault => "FAULT",
        }
    }
}

/// Looks at the machine and says what it found.
///
/// # Errors
/// Something is there that keeps a run from ending.
pub fn doctor(args: &DoctorArgs) -> Result<(), CommandFailure> {
    let findings = [
        program(),
        libtorch(),
        processor(),
        memory(),
        cuda(),
        disk(&args.workdir),
        locks(&args.workdir),
        open_files(),
    ];
    match (require_no_fault(&findings), args.json) {
        (Ok(()), true) => Ok(print_json(&json!({ "findings": findings }))?),
        (Err(error), true) => Err(CommandFailure::with_output(
            error,
            json!({ "findings": findings }),
        )),
        (ready, false) => {
            print_text(&findings);
            Ok(ready?)
        }
    }
}

fn print_text(findings: &[Finding]) {
    for finding in findings {
        crate::console::println_stdout!(
            "{:<6} {}: {}\n       {}",
            finding.state.word(),
            finding.what,
            finding.found,
            finding.means
        );
    }
}

fn require_no_fault(findings: &[Finding]) -> Result<(), Error> {
    let faults: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.state == State::Fault)
        .map(|finding| finding.what)
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::StageFailed,
            format!("this machine is not ready: {}", faults.join(", ")),
        )),
    }
}

fn finding(what: &'static str, state: State, found: impl Into<String>, means: impl Into<String>) -> Finding {
    Finding {
        what,
        state,
        found: found.into(),
        means: means.into(),
    }
}

fn program() -> Finding {
    let path = std::env::current_exe().map_or_else(|e| e.to_string(), |path| path.display().to_string());
    let version = crate::version::version_text().replace('\n', ", ");
    finding("program", State::Ok, version, path)
}

fn libtorch() -> Finding {
    match describe_torch_program() {
        Ok(found) => finding("libtorch", State::Ok, found, "models can be exported and run"),
        Err(why) => finding(
            "libtorch",
            State::Fault,
            why,
            "export and infer cannot run; all other stages can. Set LD_LIBRARY_PATH to where libtorch is, or install both programs again",
        ),
    }
}

fn processor() -> Finding {
    let cores = std::thread::available_parallelism().map_or_else(|_| "?".to_owned(), |n| n.to_string());
    let found = format!(
        "{}, {cores} cores for this process, {}",
        std::env::consts::ARCH,
        vector_units()
    );
    let (state, means) = match std::env::consts::ARCH {
        "x86_64" if !has_avx2() => (
            State::Note,
            "without AVX2 the signals stage and inference on the processor are slower",
        ),
        "x86_64" => (State::Ok, "all kernels run at full speed"),
        _ => (
            State::Note,
            "kernels run in their general form; this processor is not tested",
        ),
    };
    finding("processor", state, found, means)
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
fn vector_units() -> String {
    let units = [
        ("AVX2", std::is_x86_feature_detected!("avx2")),
        ("FMA", std::is_x86_feature_detected!("fma")),
        ("F16C", std::is_x86_feature_detected!("f16c")),
        ("AVX-512", std::is_x86_feature_detected!("avx512f")),
    ];
    let said = units.map(|(name, there)| {
        if there {
            name.to_owned()
        } else {
            format!("no {name}")
        }
    });
    said.join(", ")
}

#[cfg(not(target_arch = "x86_64"))]
fn vector_units() -> String {
    "vector units not asked for".to_owned()
}

fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    match (
        meminfo_bytes(&text, "MemAvailable:"),
        meminfo_bytes(&text, "MemTotal:"),
    ) {
        (Some(available), Some(total)) => finding(
            "memory",
            State::Ok,
            format!(
                "{:.1} of {:.1} GB available",
                available / GIGABYTE,
                total / GIGABYTE
            ),
            "a limit of a container or scheduler may be lower; `ecgfm run P --dry-run` says what a run takes",
        ),
        _ => finding(
            "memory",
            State::Note,
            "not told by this system",
            "`ecgfm run P --dry-run` says what a run takes",
        ),
    }
}

/// A line of Linux' `/proc/meminfo`, which counts in units of 1,024 bytes.
fn meminfo_bytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let number: f64 = line[name.len()..]
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    Some(number * 1024.0)
}

fn cuda() -> Finding {
    match why_no_cuda() {
        Some(why) => finding(
            "CUDA",
            State::Note,
            why,
            "infer runs on the processor: `device: cpu` or `auto`",
        ),
        None => {
            let driver = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
            let driver = driver
                .lines()
                .next()
                .unwrap_or("a driver that does not say its version");
            finding(
                "CUDA",
                State::Ok,
                driver,
                "infer asks libtorch, which needs a build for CUDA; its first lines say the device it took",
            )
        }
    }
}

fn disk(workdir: &Path) -> Finding {
    let place = nearest_directory(workdir);
    match free_bytes(&place) {
        Ok(free) => finding(
            "disk",
            State::Ok,
            format!("{:.1} GB free in {}", free as f64 / GIGABYTE, place.display()),
            "a run that certainly does not fit is refused before it starts",
        ),
        Err(error) => finding("disk", State::Note, error.to_string(), "free room is not known"),
    }
}

fn locks(workdir: &Path) -> Finding {
    let place = nearest_directory(workdir);
    match lock_support(&place) {
        Ok(true) => finding(
            "locks",
            State::Ok,
            format!("{} has locks", place.display()),
            "a second run in one directory is refused",
        ),
        Ok(false) => finding(
            "locks",
            State::Note,
            format!("{} has none", place.display()),
            "nothing keeps a second run out of one directory: do not start one before the first has ended",
        ),
        Err(error) => finding(
            "locks",
            State::Fault,
            format!("{}: {error}", place.display()),
            "runs cannot be written here: give another --workdir",
        ),
    }
}

#[cfg(unix)]
fn open_files() -> Finding {
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    match limit {
        Ok((soft, _)) if soft < ENOUGH_OPEN_FILES => finding(
            "open files",
            State::Note,
            format!("{soft} at once"),
            "few: raise it with `ulimit -n` where a run says that too many files are open",
        ),
        Ok((soft, _)) => finding(
            "open files",
            State::Ok,
            format!("{soft} at once"),
            "enough for every stage",
        ),
        Err(error) => finding(
            "open files",
            State::Note,
            error.to_string(),
            "the limit is not known",
        ),
    }
}

#[cfg(not(unix))]
fn open_files() -> Finding {
    finding(
        "open files",
        State::Note,
        "not told by this system",
        "the limit is not known",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes_or_not_at_all() {
        let text = "MemTotal:       24600000 kB\nMemAvailable:   1000 kB\n";
        assert_eq!(meminfo_bytes(text, "MemAvailable:"), Some(1_024_000.0));
        assert_eq!(meminfo_bytes(text, "SwapTotal:"), None);
        assert_eq!(meminfo_bytes("MemTotal: many kB\n", "MemTotal:"), None);
    }
}
