//! The half of the program that needs libtorch, and how the other half finds it.
//!
//! Loading libtorch takes longer than most commands. So there are two programs of the same arguments: `ecgfm` does
//! without it, and where a model is to be exported, run or trained, it becomes `ecgfm-torch`, which is installed beside it.
//! It is the same process then, with the same terminal, signals and exit code.

use crate::args::{DemoModelArgs, ExportArgs};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_formats::pt::WeightsFile;
use ecgfm_pipeline::{Cancel, Error, ErrorKind, StageError};
use ecgfm_stage_params::{ExportParams, InferParams};
use ecgfm_system::presence::exists;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Work that only libtorch can do.
pub trait TorchHalf: Sync {
    /// Version of the libtorch that is loaded.
    fn version(&self) -> String;

    /// Loads libtorch's CUDA half where there is an NVIDIA driver. To be called before anything is computed: libtorch
    /// decides at its first convolution whether it has CUDA.
    fn load_devices(&self);

    /// Library that libtorch takes its CUDA functions from, for the log.
    fn devices(&self) -> String;

    /// The stage `export`.
    ///
    /// # Errors
    /// As [`ecgfm_pipeline::StageKind::run`].
    fn export(&self, params: &ExportParams, ctx: &Context<'_>) -> Result<Outcome, StageError>;

    /// The stage `infer`.
    ///
    /// # Errors
    /// As [`ecgfm_pipeline::StageKind::run`].
    fn infer(&self, params: &InferParams, ctx: &Context<'_>) -> Result<Outcome, StageError>;

    /// `ecgfm export`.
    ///
    /// # Errors
    /// When the checkpoint cannot be exported or the model not be written.
    fn export_command(&self, args: &ExportArgs) -> Result<(), Error>;

    /// `ecgfm demo-model`.
    ///
    /// # Errors
    /// When training fails or its files cannot be written.
    fn demo_model(&self, args: &DemoModelArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error>;

    /// The sizes of the network that a file of weights configures, or why it is none that this program builds.
    fn network(&self, weights: &WeightsFile) -> Value;
}

/// File name of the program that has libtorch.
const PROGRAM: &str = "ecgfm-torch";

static REGISTERED: OnceLock<&'static dyn TorchHalf> = OnceLock::new();

/// Says once, at the start, that this program is the one with libtorch.
pub(crate) fn register_torch(torch: &'static dyn TorchHalf) {
    let _ = REGISTERED.set(torch);
}

/// The half with libtorch, if this program is it.
pub(crate) fn registered_torch() -> Option<&'static dyn TorchHalf> {
    REGISTERED.get().copied()
}

/// Says if a kind of stage needs libtorch to run.
pub(crate) fn needs_libtorch(kind: &str) -> bool {
    matches!(kind, "export" | "infer")
}

/// The half with libtorch. If this program is not it, it becomes the one that is, which begins anew with the same arguments:
/// for a run in progress that is a crash like any other, so ask before the work begins.
///
/// # Errors
/// When that program is not there or does not start.
pub(crate) fn require_torch() -> Result<&'static dyn TorchHalf, Error> {
    match registered_torch() {
        Some(torch) => Ok(torch),
        None => Err(exec_torch_program()),
    }
}

/// Says in words which program has libtorch, having started it; or why it does not start.
///
/// # Errors
/// It is not there or does not start.
pub(crate) fn describe_torch_program() -> Result<String, String> {
    let program = program_path().map_err(|e| e.to_string())?;
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", program.display());
    // The system's loader loads libtorch before the program's first line.
    let output = std::process::Command::new(&program).arg("--version").output();
    let output = output.map_err(|e| named(&e))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(named(
            &said.lines().next().unwrap_or("it ends at once, and says nothing"),
        ));
    }
    let version = option_env!("ECGFM_LIBTORCH_VERSION").unwrap_or("of unknown version");
    Ok(format!("{version}; {} starts with it", program.display()))
}

/// Path of the program with libtorch: beside this one, or, where this one was copied without it, where both were built.
fn program_path() -> std::io::Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name(PROGRAM);
    let built = option_env!("ECGFM_BUILT_IN").map(|place| Path::new(place).join(PROGRAM));
    match built {
        Some(built) if !exists(&beside)? && exists(&built)? => Ok(built),
        _ => Ok(beside),
    }
}

/// The directory in which the system's loader looks for libtorch, where that is not there and no other was named: the loader
/// would say that a library is missing, and not where it should be.
fn missing_libtorch_dir() -> Option<&'static str> {
    let place = option_env!("ECGFM_LIBTORCH")?;
    let named = std::env::var_os("LD_LIBRARY_PATH").is_some_and(|named| !named.is_empty());
    let there = |place: &Path| exists(place).unwrap_or(true);
    (!named && !there(Path::new(place)) && !packaged_places().iter().any(|place| there(place)))
        .then_some(place)
}

/// Where the loader looks for libtorch beside the programs' directory.
fn packaged_places() -> Vec<PathBuf> {
    let programs = std::env::current_exe().ok();
    let programs = programs.as_deref().and_then(Path::parent);
    let places = option_env!("ECGFM_PACKAGED_LIBTORCH")
        .unwrap_or_default()
        .split(':');
    (programs.into_iter())
        .flat_map(|programs| places.clone().map(|place| programs.join(place)))
        .collect()
}

/// Starts the other program in this one's place. Returns only if that fails.
fn exec_torch_program() -> Error {
    let program = match program_path() {
        Ok(program) => program,
        Err(error) => return Error::new(ErrorKind::StageFailed, format!("where is this program? {error}")),
    };
    if let Some(place) = missing_libtorch_dir() {
        crate::console::println_stderr!(
            "warning: libtorch is no longer in {place}, where it was when this program was built\n\
             help: if the next line says that a library is missing, set LD_LIBRARY_PATH to where libtorch is, or build again"
        );
    }
    if let Err(interrupted) = crate::interrupt::block_signals() {
        return interrupted;
    }
    let error = exec_program(&program);
    crate::interrupt::unblock_signals();
    let advice = match error.kind() {
        std::io::ErrorKind::NotFound => "install both programs into one directory: `just install`",
        _ => "build or install both programs again: `just build`, `just install`",
    };
    let message = format!(
        "{}: exporting and running models takes this program, and it does not start: {error}",
        program.display()
    );
    Error::new(ErrorKind::StageFailed, message).help(advice)
}

#[cfg(unix)]
fn exec_program(program: &Path) -> std::io::Error {
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;
    let mut arguments = std::env::args_os();
    let own_name = arguments.next().unwrap_or_else(|| "ecgfm".into());
    let _ = std::io::stdout().flush();
    std::process::Command::new(program)
        .arg0(own_name)
        .args(arguments)
        .exec()
}

#[cfg(not(unix))]
fn exec_program(_: &Path) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        format!("start {PROGRAM} itself, with the same arguments"),
    )
}
