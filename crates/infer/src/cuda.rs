//! CUDA on this machine: its libraries, loaded before libtorch asks for them, and its devices.
//!
//! The program is linked with libtorch's CPU half only, so it starts on machines without NVIDIA's libraries. The CUDA half
//! is loaded where there is a driver. libtorch decides once whether it has CUDA: when it first looks for its CUDA hooks,
//! which every convolution does, on a CPU too. So [`load_cuda`] must come before anything is computed.

mod status;

pub use status::{ComputeCapability, CudaDevices, CudaProblem, CudaStatus, DeviceCode, UnusableDevice};

use crate::symbols::{self, CudaDriver};
use ecgfm_artifacts::presence::exists;
use status::code_in;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Result of loading the driver and libtorch's CUDA half.
#[derive(Debug, Clone)]
struct LoadedLibraries {
    /// Success, or the reason why NVIDIA's driver does not load.
    driver: Result<(), String>,
    /// The file of libtorch's CUDA half, or why it does not load.
    torch_cuda: Result<PathBuf, LibraryFailure>,
}

#[derive(Debug, Clone)]
struct LibraryFailure {
    path: PathBuf,
    reason: String,
}

/// Loads libtorch's CUDA half where there is an NVIDIA driver, once. To be called before anything is computed.
pub fn load_cuda() {
    loaded_libraries();
}

fn loaded_libraries() -> &'static LoadedLibraries {
    static LOADED: OnceLock<LoadedLibraries> = OnceLock::new();
    LOADED.get_or_init(|| {
        let path = library_path();
        let driver = symbols::load_forever(Path::new("libcuda.so.1"));
        let library = match &driver {
            Ok(()) => symbols::load_forever(&path).map(|()| path.clone()),
            Err(_) => Err("there is no driver".to_owned()),
        };
        LoadedLibraries {
            driver,
            torch_cuda: library.map_err(|reason| LibraryFailure { path, reason }),
        }
    })
}

/// libtorch's CUDA half lies beside the CPU half that is loaded; another one may be found first by name.
fn library_path() -> PathBuf {
    let name = "libtorch_cuda.so";
    symbols::libtorch_path().map_or_else(|| PathBuf::from(name), |path| path.with_file_name(name))
}

/// A line about what was loaded, and from where libtorch takes its CUDA functions by now. For a log.
pub fn describe_loaded() -> String {
    let loaded = loaded_libraries();
    let hooks = symbols::cuda_hooks().map_or_else(|| "unknown".to_owned(), |path| path.display().to_string());
    match (&loaded.driver, &loaded.torch_cuda) {
        (Err(reason), _) => format!("no NVIDIA driver ({reason}); CUDA hooks: {hooks}"),
        (_, Err(unloaded)) => format!(
            "{} does not load ({}); CUDA hooks: {hooks}",
            unloaded.path.display(),
            unloaded.reason
        ),
        (_, Ok(path)) => {
            let missing = symbols::missing_for_cuda();
            let missing = match missing.is_empty() {
                true => String::new(),
                false => format!("; without {}", missing.join(", ")),
            };
            format!("CUDA loaded: {}; CUDA hooks: {hooks}{missing}", path.display())
        }
    }
}

impl CudaStatus {
    /// Examines this machine. Starts the driver, which takes a moment.
    pub fn detect() -> Self {
        let devices = find_devices();
        let driver = !matches!(devices, Err(CudaProblem::NoDriver(_)));
        let device_files = ["/dev/nvidiactl", "/dev/nvidia0", "/proc/driver/nvidia"];
        let there = driver || device_files.iter().any(may_exist);
        // A user who hides all devices expects none to be used.
        let hidden =
            std::env::var("CUDA_VISIBLE_DEVICES").is_ok_and(|list| ["", "-1"].contains(&list.trim()));
        Self {
            nvidia: there && !hidden,
            devices,
            tf32_forced: std::env::var("NVIDIA_TF32_OVERRIDE").is_ok_and(|value| value == "1"),
        }
    }
}

/// Returns false where certainly nothing is at `path`.
fn may_exist(path: &&str) -> bool {
    exists(Path::new(path)).unwrap_or(true)
}

/// The devices of this machine. libtorch is asked last: where the driver does not suit, it would warn on standard error.
fn find_devices() -> Result<CudaDevices, CudaProblem> {
    let loaded = loaded_libraries();
    loaded.driver.clone().map_err(CudaProblem::NoDriver)?;
    let driver = CudaDriver::start().map_err(CudaProblem::DriverFails)?;
    let count = driver.devices();
    if count == 0 {
        return Err(CudaProblem::NoDevice);
    }
    let library = loaded
        .torch_cuda
        .as_ref()
        .map_err(|unloaded| CudaProblem::NoLibrary {
            path: unloaded.path.clone(),
            reason: unloaded.reason.clone(),
        })?;
    if let (Some(offers), Some(needs)) = (driver.version(), symbols::cuda_runtime())
        && offers / 1000 < needs / 1000
    {
        return Err(CudaProblem::DriverTooOld { offers, needs });
    }
    if let Some(hooks) = symbols::cuda_hooks().filter(|hooks| !same_file(hooks, library)) {
        return Err(CudaProblem::LoadedLate(hooks));
    }
    let seen = match tch::Cuda::is_available() {
        true => usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
        false => 0,
    };
    if seen == 0 {
        return Err(CudaProblem::Unseen);
    }
    let capability = |index| {
        driver
            .capability(index)
            .map(|(major, minor)| ComputeCapability { major, minor })
    };
    Ok(CudaDevices {
        capabilities: (0..seen).map(capability).collect(),
        code: symbols::libtorch_config().map_or_else(Vec::new, |config| code_in(&config)),
    })
}

/// Name of a CUDA device by the driver, as in `NVIDIA H100 80GB HBM3`.
pub(crate) fn device_model(index: usize) -> Option<String> {
    loaded_libraries().driver.as_ref().ok()?;
    CudaDriver::start().ok()?.name(index)
}

fn same_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(a) == real(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_libtorch_says_how_it_was_built() {
        load_cuda();
        let config = symbols::libtorch_config().unwrap();
        assert!(config.contains("PyTorch built with"), "{config}");
        let beside = library_path();
        assert!(
            beside.is_absolute() && beside.with_file_name("libtorch_cpu.so").exists(),
            "{beside:?}"
        );
        assert!(
            describe_loaded().contains("CUDA hooks: "),
            "{}",
            describe_loaded()
        );
    }
}
