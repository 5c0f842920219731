//! Looks for a CUDA device without libtorch.

use ecgfm_system::presence::exists;
use std::path::Path;

/// Files that the kernel's driver makes; the last is that of Windows' Linux.
const DEVICES: [&str; 3] = ["/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"];
/// The driver's library.
const LIBRARY: &str = "libcuda.so.1";
/// Directories where the system's loader finds it, beside LD_LIBRARY_PATH and its cache.
const PLACES: [&str; 7] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib64",
    "/usr/lib/wsl/lib",
    "/usr/local/nvidia/lib64",
];
/// File in which the loader keeps the names of the libraries that it knows.
const CACHE: &str = "/etc/ld.so.cache";

/// Reason why there is certainly no CUDA device here; none where there may be one, which libtorch finds out.
pub(crate) fn why_no_cuda() -> Option<&'static str> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    if DEVICES.iter().any(|device| may_exist(Path::new(device))) {
        return None;
    }
    let named = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let named: Vec<_> = std::env::split_paths(&named).collect();
    let mut places = PLACES
        .iter()
        .map(Path::new)
        .chain(named.iter().map(AsRef::as_ref));
    let loads = places.any(|place| may_exist(&place.join(LIBRARY)))
        || std::env::var_os("LD_PRELOAD").is_some()
        || std::fs::read(CACHE)
            .is_ok_and(|cache| cache.windows(LIBRARY.len()).any(|at| at == LIBRARY.as_bytes()));
    (!loads).then_some(
        "there is no NVIDIA driver here: neither the file /dev/nvidiactl nor the library libcuda.so.1",
    )
}

/// Returns false where certainly nothing is at `path`.
fn may_exist(path: &Path) -> bool {
    exists(path).unwrap_or(true)
}
