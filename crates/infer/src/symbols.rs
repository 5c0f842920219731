//! Functions that libtorch exports and tch does not bind, looked up by name where they are needed.

#![allow(unsafe_code)]
// Sound because: every symbol is looked up in the libraries that the process has loaded and called only if it is there;
// each signature is the one of PyTorch 2.11's headers (`aoti_torch/c/shim.h`, `ATen/Context.h`), whose mangled name
// includes the argument types; a C++ member function takes its object as a first pointer argument in the Itanium ABI;
// `globalContext` returns a reference to an object that lives as long as the process. Libraries are never unloaded.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};
use std::ffi::{CStr, c_void};

/// `aoti_torch_abi_version`: major, minor and patch in the three highest bytes.
pub(crate) fn abi_version() -> Option<u64> {
    let library = Library::this();
    // SAFETY: see the head of this file.
    unsafe {
        let function = library
            .get::<unsafe extern "C" fn() -> u64>(c"aoti_torch_abi_version")
            .ok()?;
        Some(function())
    }
}

/// `at::globalContext().setAllowTF32…(allow)`, for convolutions and for matrix products; false where there are none.
pub(crate) fn allow_tf32(allow: bool) -> bool {
    const SETTERS: [&CStr; 2] = [
        c"_ZN2at7Context17setAllowTF32CuDNNEb",
        c"_ZN2at7Context18setAllowTF32CuBLASEb",
    ];
    let library = Library::this();
    // SAFETY: see the head of this file.
    unsafe {
        let Ok(context) = library.get::<unsafe extern "C" fn() -> *mut c_void>(c"_ZN2at13globalContextEv")
        else {
            return false;
        };
        SETTERS.into_iter().all(
            |name| match library.get::<unsafe extern "C" fn(*mut c_void, bool)>(name) {
                Ok(set) => {
                    set(context(), allow);
                    true
                }
                Err(_) => false,
            },
        )
    }
}

/// Loads a library for the rest of the process's life and makes its symbols visible.
pub(crate) fn load_forever(name: &str) -> Result<(), String> {
    // SAFETY: loading runs the library's initialisers; these are NVIDIA's driver and PyTorch's own CUDA half, both made
    // to be loaded so.
    let library = unsafe { Library::open(Some(name), RTLD_LAZY | RTLD_GLOBAL) };
    library.map(std::mem::forget).map_err(|error| {
        // The linker's own words are one level down.
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
    })
}

/// `cudaMemGetInfo` on a device: free bytes and all bytes; `None` where there is no such device.
///
/// `cudaGetDevice` and `cudaSetDevice` around it leave the thread's device as it was.
pub(crate) fn cuda_memory(index: usize) -> Option<(u64, u64)> {
    let index = i32::try_from(index).ok()?;
    let library = Library::this();
    let (mut before, mut free, mut total) = (0i32, 0usize, 0usize);
    // SAFETY: see the head of this file; the signatures are those of CUDA's `cuda_runtime_api.h`, whose functions write
    // through the pointers only, and return 0 where they did.
    unsafe {
        let get = library
            .get::<unsafe extern "C" fn(*mut i32) -> i32>(c"cudaGetDevice")
            .ok()?;
        let set = library
            .get::<unsafe extern "C" fn(i32) -> i32>(c"cudaSetDevice")
            .ok()?;
        let info = library
            .get::<unsafe extern "C" fn(*mut usize, *mut usize) -> i32>(c"cudaMemGetInfo")
            .ok()?;
        if get(&raw mut before) != 0 || set(index) != 0 {
            return None;
        }
        let found = info(&raw mut free, &raw mut total) == 0;
        set(before);
        found.then_some((free as u64, total as u64))
    }
}
