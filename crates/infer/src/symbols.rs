//! Functions that libtorch exports and tch does not bind, looked up by name where they are needed.

#![allow(unsafe_code)]
// Sound because: every symbol is looked up in the libraries that the process has loaded and called only if it is there;
// each signature is the one of PyTorch 2.11's headers (`aoti_torch/c/shim.h`, `stable/c/shim.h`, `ATen/Context.h`), whose mangled name
// includes the argument types; a C++ member function takes its object as a first pointer argument in the Itanium ABI;
// `globalContext` returns a reference to an object that lives as long as the process. Libraries are never unloaded.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};
use std::ffi::{CStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use tch::Tensor;

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

/// `at::globalContext().setSDPUseCuDNN(use)`; false where there is no such switch.
pub(crate) fn use_cudnn_attention(allow: bool) -> bool {
    let library = Library::this();
    // SAFETY: see the head of this file.
    unsafe {
        let context = library.get::<unsafe extern "C" fn() -> *mut c_void>(c"_ZN2at13globalContextEv");
        let set = library.get::<unsafe extern "C" fn(*mut c_void, bool)>(c"_ZN2at7Context14setSDPUseCuDNNEb");
        match (context, set) {
            (Ok(context), Ok(set)) => {
                set(context(), allow);
                true
            }
            _ => false,
        }
    }
}

/// `at::show_config()`: how libtorch was built, and with which CUDA where its CUDA half is loaded.
pub(crate) fn libtorch_config() -> Option<String> {
    /// `std::string` of the C++11 ABI: where its bytes are, how many, and room for short ones.
    #[repr(C)]
    struct Text {
        bytes: *const u8,
        len: usize,
        room: [usize; 2],
    }
    let mut text = Text {
        bytes: std::ptr::null(),
        len: 0,
        room: [0; 2],
    };
    let library = Library::this();
    // SAFETY: see the head of this file. The name says that the function returns a `std::string` of that ABI, which is
    // returned through a first pointer argument, to memory of 32 bytes; it holds `len` bytes at `bytes` afterwards. It is not
    // destroyed: its memory stays taken, once in a process.
    unsafe {
        let function = library
            .get::<unsafe extern "C" fn(*mut Text) -> *mut Text>(c"_ZN2at11show_configB5cxx11Ev")
            .ok()?;
        function(&raw mut text);
        if text.bytes.is_null() {
            return None;
        }
        let bytes = std::slice::from_raw_parts(text.bytes, text.len);
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The file that libtorch's CPU half was loaded from.
pub(crate) fn libtorch_path() -> Option<PathBuf> {
    let library = Library::this();
    // SAFETY: the address is only looked up, not called.
    let address = unsafe {
        library
            .get::<unsafe extern "C" fn()>(c"_ZN2at13globalContextEv")
            .ok()?
    };
    file_of(*address as *const c_void)
}

/// The file from which libtorch takes its CUDA functions. The first call of it decides that for good.
pub(crate) fn cuda_hooks() -> Option<PathBuf> {
    let library = Library::this();
    // SAFETY: see the head of this file; `getCUDAHooks` returns a reference to an object that lives as long as the process, and
    // an object with virtual functions begins with the address of its table of them.
    unsafe {
        let hooks = library
            .get::<unsafe extern "C" fn() -> *const *const c_void>(c"_ZN2at6detail12getCUDAHooksEv")
            .ok()?;
        file_of(*hooks())
    }
}

/// The file that an address was loaded from.
fn file_of(address: *const c_void) -> Option<PathBuf> {
    /// `Dl_info` of `dlfcn.h`.
    #[repr(C)]
    struct Info {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        at: *mut c_void,
    }
    unsafe extern "C" {
        fn dladdr(address: *const c_void, info: *mut Info) -> i32;
    }
    let mut info = Info {
        file: std::ptr::null(),
        base: std::ptr::null_mut(),
        symbol: std::ptr::null(),
        at: std::ptr::null_mut(),
    };
    // SAFETY: `dladdr` takes any address, writes through the second pointer only, and returns 0 where it knows nothing; the name that
    // it gives ends with a zero and stays as long as the library is loaded.
    unsafe {
        if dladdr(address, &raw mut info) == 0 || info.file.is_null() {
            return None;
        }
        let bytes = CStr::from_ptr(info.file).to_bytes();
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }
}

/// A float32 tensor in page-locked memory, not initialised; `None` where there is no such memory or no such function.
pub(crate) fn pinned_tensor(size: &[i64]) -> Option<Tensor> {
    type Create = unsafe extern "C" fn(
        i64,
        *const i64,
        *const i64,
        i32,
        i32,
        i32,
        *mut *mut torch_sys::C_tensor,
    ) -> i32;
    /// `c10::ScalarType::Float` and `c10::DeviceType::CPU`.
    const FLOAT: i32 = 6;
    const CPU: i32 = 0;
    let mut strides = vec![1; size.len()];
    for at in (1..size.len()).rev() {
        strides[at - 1] = strides[at] * size[at];
    }
    let mut made = std::ptr::null_mut();
    let library = Library::this();
    // SAFETY: see the head of this file. Both arrays have as many numbers as the first argument says. The function makes an
    // `at::Tensor` by `new`, as tch does, and returns 0 where it did.
    unsafe {
        let create = library.get::<Create>(c"aoti_torch_empty_strided_pinned").ok()?;
        let dimensions = i64::try_from(size.len()).ok()?;
        let code = create(
            dimensions,
            size.as_ptr(),
            strides.as_ptr(),
            FLOAT,
            CPU,
            0,
            &raw mut made,
        );
        (code == 0 && !made.is_null()).then(|| Tensor::from_ptr(made))
    }
}

/// Makes a stream of one's own the calling thread's, for what it does on a CUDA device; false where that cannot be had.
pub(crate) fn use_own_stream(index: usize) -> bool {
    let Ok(index) = i32::try_from(index) else {
        return false;
    };
    let library = Library::this();
    let mut stream = std::ptr::null_mut();
    // SAFETY: see the head of this file; both return 0 where they did what they say. Streams of libtorch's pool live as long as the
    // process.
    unsafe {
        let from_pool = library.get::<unsafe extern "C" fn(bool, i32, *mut *mut c_void) -> i32>(
            c"torch_get_cuda_stream_from_pool",
        );
        let set =
            library.get::<unsafe extern "C" fn(*mut c_void, i32) -> i32>(c"torch_set_current_cuda_stream");
        match (from_pool, set) {
            (Ok(from_pool), Ok(set)) => {
                from_pool(false, index, &raw mut stream) == 0 && set(stream, index) == 0
            }
            _ => false,
        }
    }
}

/// Names that a run on CUDA looks up and that this libtorch lacks.
pub(crate) fn missing_for_cuda() -> Vec<&'static str> {
    const NAMES: [(&CStr, &str); 6] = [
        (c"aoti_torch_empty_strided_pinned", "page-locked memory"),
        (c"torch_get_cuda_stream_from_pool", "streams"),
        (c"torch_set_current_cuda_stream", "setting a stream"),
        (c"_ZN2at7Context17setAllowTF32CuDNNEb", "the switch for TF32"),
        (c"_ZN2at7Context14setSDPUseCuDNNEb", "the switch for attention"),
        (c"_ZN2at11show_configB5cxx11Ev", "its configuration"),
    ];
    let library = Library::this();
    // SAFETY: the addresses are only looked up, not called.
    let is_missing = |name: &CStr| unsafe { library.get::<unsafe extern "C" fn()>(name).is_err() };
    let missing = NAMES.into_iter().filter(|(name, _)| is_missing(name));
    missing.map(|(_, what)| what).collect()
}

/// Version of the CUDA that libtorch is made for, as in 13000.
pub(crate) fn cuda_runtime() -> Option<u32> {
    read_written_number(c"cudaRuntimeGetVersion")
}

/// Number that a function of CUDA writes through its only argument, where it returns 0.
fn read_written_number(name: &CStr) -> Option<u32> {
    let library = Library::this();
    let mut value = 0i32;
    // SAFETY: see the head of this file; only used for functions of that signature.
    let code = unsafe { library.get::<unsafe extern "C" fn(*mut i32) -> i32>(name).ok()?(&raw mut value) };
    (code == 0).then(|| u32::try_from(value).ok()).flatten()
}

/// NVIDIA's driver, started.
pub(crate) struct CudaDriver(());

impl CudaDriver {
    /// Starts the driver, whose library must have been loaded.
    ///
    /// # Errors
    /// The driver's own words.
    pub(crate) fn start() -> Result<Self, String> {
        let library = Library::this();
        // SAFETY: see the head of this file; the signatures are those of `cuda.h`.
        unsafe {
            let start = library.get::<unsafe extern "C" fn(u32) -> i32>(c"cuInit");
            let start = start.map_err(|_| "it has no cuInit".to_owned())?;
            match start(0) {
                0 => Ok(Self(())),
                // `CUDA_ERROR_NO_DEVICE`: it works, and has nothing to do.
                100 => Ok(Self(())),
                code => Err(Self::error_text(code)),
            }
        }
    }

    fn error_text(code: i32) -> String {
        let library = Library::this();
        let mut text = std::ptr::null();
        // SAFETY: as above; the text ends with a zero and is the driver's own.
        unsafe {
            let name =
                library.get::<unsafe extern "C" fn(i32, *mut *const c_char) -> i32>(c"cuGetErrorString");
            match name {
                Ok(name) if name(code, &raw mut text) == 0 && !text.is_null() => {
                    format!("error {code}, {}", CStr::from_ptr(text).to_string_lossy())
                }
                _ => format!("error {code}"),
            }
        }
    }

    /// Number of devices that the driver knows.
    pub(crate) fn devices(&self) -> usize {
        read_written_number(c"cuDeviceGetCount").map_or(0, |count| count as usize)
    }

    /// The CUDA version that it offers, as in 12040.
    pub(crate) fn version(&self) -> Option<u32> {
        read_written_number(c"cuDriverGetVersion")
    }

    /// Handle of a device; none where there is no such device.
    fn handle(index: usize) -> Option<i32> {
        let (library, index) = (Library::this(), i32::try_from(index).ok()?);
        let mut device = 0i32;
        // SAFETY: as above; it writes through its first argument.
        let code = unsafe {
            let get = library.get::<unsafe extern "C" fn(*mut i32, i32) -> i32>(c"cuDeviceGet");
            get.ok()?(&raw mut device, index)
        };
        (code == 0).then_some(device)
    }

    /// Name of a device, as in `NVIDIA H100 80GB HBM3`.
    pub(crate) fn name(&self, index: usize) -> Option<String> {
        let (library, device) = (Library::this(), Self::handle(index)?);
        let mut name = [0u8; 256];
        // SAFETY: as above; it writes no more than the length that it is told, with a zero at the end.
        let code = unsafe {
            let ask = library.get::<unsafe extern "C" fn(*mut c_char, i32, i32) -> i32>(c"cuDeviceGetName");
            ask.ok()?(name.as_mut_ptr().cast(), 256, device)
        };
        let name = CStr::from_bytes_until_nul(&name).ok()?.to_string_lossy();
        (code == 0).then(|| name.trim().to_owned())
    }

    /// Compute capability of a device: before and after the point.
    pub(crate) fn capability(&self, index: usize) -> Option<(u32, u32)> {
        /// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `…_MINOR`.
        const ATTRIBUTES: [i32; 2] = [75, 76];
        let (library, device) = (Library::this(), Self::handle(index)?);
        let mut values = [0i32; 2];
        // SAFETY: as above; it writes through its first argument.
        unsafe {
            let ask = library
                .get::<unsafe extern "C" fn(*mut i32, i32, i32) -> i32>(c"cuDeviceGetAttribute")
                .ok()?;
            for (value, attribute) in values.iter_mut().zip(ATTRIBUTES) {
                if ask(value, attribute, device) != 0 {
                    return None;
                }
            }
        }
        let [major, minor] = values.map(|value| u32::try_from(value).ok());
        Some((major?, minor?))
    }
}

/// Loads a library for the rest of the process's life and makes its symbols visible.
pub(crate) fn load_forever(name: &Path) -> Result<(), String> {
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
/// It is asked on a thread of its own: setting the calling thread's device back would make a context, and take memory, on a
/// device that is not used.
pub(crate) fn cuda_memory(index: usize) -> Option<(u64, u64)> {
    let index = i32::try_from(index).ok()?;
    std::thread::scope(|scope| scope.spawn(move || memory_of(index)).join()).ok()?
}

/// Free and all bytes of a device, which becomes the calling thread's.
fn memory_of(index: i32) -> Option<(u64, u64)> {
    let library = Library::this();
    let (mut free, mut total) = (0usize, 0usize);
    // SAFETY: see the head of this file; the signatures are those of CUDA's `cuda_runtime_api.h`, whose functions write
    // through the pointers only, and return 0 where they did.
    unsafe {
        let set = library
            .get::<unsafe extern "C" fn(i32) -> i32>(c"cudaSetDevice")
            .ok()?;
        let info = library
            .get::<unsafe extern "C" fn(*mut usize, *mut usize) -> i32>(c"cudaMemGetInfo")
            .ok()?;
        let found = set(index) == 0 && info(&raw mut free, &raw mut total) == 0;
        found.then_some((free as u64, total as u64))
    }
}
