//! CUDA on a machine: its devices, or the reason why there is none.

use std::fmt;
use std::path::PathBuf;

/// Driver and devices of CUDA on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaStatus {
    /// True where there is an NVIDIA driver or device that is not hidden: then somebody expects it to be used.
    pub nvidia: bool,
    /// The devices that libtorch sees, or why there is none.
    pub devices: Result<CudaDevices, CudaProblem>,
    /// True where the environment makes NVIDIA's libraries compute float32 in TF32 all the same.
    pub tf32_forced: bool,
}

/// The CUDA devices of a machine, and what libtorch has code for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CudaDevices {
    /// Compute capability of each, where the driver says.
    pub capabilities: Vec<Option<ComputeCapability>>,
    /// Devices that this libtorch has code for; empty where it does not say.
    pub code: Vec<DeviceCode>,
}

/// A compute capability, as in 9.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComputeCapability {
    /// Number before the point.
    pub major: u32,
    /// Number after the point.
    pub minor: u32,
}

impl fmt::Display for ComputeCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Code for a kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceCode {
    /// Machine code: runs on devices of the same major and at least this minor number.
    Machine(ComputeCapability),
    /// Code that the driver translates: runs on every device of at least this capability.
    Portable(ComputeCapability),
}

impl DeviceCode {
    fn runs_on(self, device: ComputeCapability) -> bool {
        match self {
            Self::Machine(made) => made.major == device.major && made <= device,
            Self::Portable(made) => made <= device,
        }
    }

    fn capability(self) -> ComputeCapability {
        let (Self::Machine(made) | Self::Portable(made)) = self;
        made
    }
}

/// Reason why there is no CUDA device to run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CudaProblem {
    /// The driver's library is not there.
    NoDriver(String),
    /// The driver is there and does not start.
    DriverFails(String),
    /// The driver knows no device.
    NoDevice,
    /// The driver is older than the CUDA that libtorch is made for; versions as in 12040.
    DriverTooOld {
        /// Version of CUDA that the driver offers.
        offers: u32,
        /// Version of CUDA that libtorch is made for.
        needs: u32,
    },
    /// libtorch's CUDA half does not load.
    NoLibrary {
        /// Path where it was looked for.
        path: PathBuf,
        /// The linker's words.
        reason: String,
    },
    /// libtorch had already decided that there is no CUDA.
    LoadedLate(PathBuf),
    /// The driver knows devices and libtorch sees none.
    Unseen,
}

impl CudaProblem {
    /// Returns true where the machine lacks a device, so that asking for one is a mistake of the configuration; otherwise the machine
    /// or the installation is at fault.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NoDriver(_) | Self::NoDevice)
    }
}

impl fmt::Display for CudaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver(reason) => write!(
                f,
                "NVIDIA's driver is not there ({reason}): install it, or start the container with GPUs (as `docker run --gpus all` does)"
            ),
            Self::DriverFails(reason) => write!(
                f,
                "NVIDIA's driver does not start ({reason}): see what `nvidia-smi` says"
            ),
            Self::NoDevice => f.write_str(
                "NVIDIA's driver knows no GPU: see what `nvidia-smi -L` and the variable CUDA_VISIBLE_DEVICES say",
            ),
            Self::DriverTooOld { offers, needs } => write!(
                f,
                "the NVIDIA driver is for CUDA {}, and this libtorch is made for CUDA {}: install driver {} or newer, or build \
                 with a libtorch for CUDA {} (docs/gpu.md)",
                version_text(*offers),
                version_text(*needs),
                driver_for(*needs),
                offers / 1000
            ),
            Self::NoLibrary { path, reason } => write!(
                f,
                "libtorch's CUDA half does not load from {} ({reason}): fetch it by `ECGFM_LIBTORCH=cuda tools/setup`",
                path.display()
            ),
            Self::LoadedLate(hooks) => write!(
                f,
                "libtorch had taken its CUDA functions from {} before its CUDA half was loaded: run the stage in a process of its \
                 own (`ecgfm run --only`), and report this",
                hooks.display()
            ),
            Self::Unseen => f.write_str(
                "NVIDIA's driver knows a GPU and libtorch sees none: see what `nvidia-smi` says, and ECGFM_LOG=debug",
            ),
        }
    }
}

/// A CUDA version as people write it.
fn version_text(number: u32) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 10)
}

/// The oldest driver that runs every CUDA of a major version, by NVIDIA's table of compatibility.
fn driver_for(cuda: u32) -> u32 {
    match cuda / 1000 {
        ..=11 => 450,
        12 => 525,
        _ => 580,
    }
}

impl CudaStatus {
    /// Checks that a device can be used; the error says why not, and what to do about it.
    ///
    /// # Errors
    /// The reason, in a sentence.
    pub fn usable(&self, index: usize) -> Result<(), UnusableDevice> {
        let devices = self.devices.as_ref().map_err(|trouble| UnusableDevice {
            what: trouble.to_string(),
            absent: trouble.is_absence(),
        })?;
        let Some(capability) = devices.capabilities.get(index) else {
            let there = devices.capabilities.len();
            return Err(UnusableDevice {
                what: format!(
                    "there is no cuda:{index}: libtorch sees {there} CUDA devices, numbered from 0"
                ),
                absent: true,
            });
        };
        match capability {
            Some(capability) if !devices.has_code_for(*capability) => Err(UnusableDevice {
                what: format!(
                    "the GPU has compute capability {capability}, and this libtorch has code for {} only: use another GPU, or \
                     build with a libtorch that has it (docs/gpu.md)",
                    devices.code_names()
                ),
                absent: false,
            }),
            _ => Ok(()),
        }
    }
}

impl CudaStatus {
    /// Numbers of the devices that can be used, in ascending order.
    pub fn usable_devices(&self) -> impl Iterator<Item = usize> {
        (0..self.count()).filter(|index| self.usable(*index).is_ok())
    }

    /// Numbers of the other devices, each with the reason.
    pub fn unusable_devices(&self) -> impl Iterator<Item = (usize, UnusableDevice)> {
        (0..self.count()).filter_map(|index| Some((index, self.usable(index).err()?)))
    }

    fn count(&self) -> usize {
        self.devices
            .as_ref()
            .map_or(0, |devices| devices.capabilities.len())
    }
}

/// Reason why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableDevice {
    /// The reason, and what to do about it.
    pub what: String,
    /// True where there is no such device at all.
    pub absent: bool,
}

impl CudaDevices {
    fn has_code_for(&self, device: ComputeCapability) -> bool {
        self.code.is_empty() || self.code.iter().any(|code| code.runs_on(device))
    }

    fn code_names(&self) -> String {
        let mut made: Vec<ComputeCapability> = self.code.iter().map(|code| code.capability()).collect();
        made.sort();
        made.dedup();
        made.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Devices that libtorch has code for, from the flags of its compiler: `-gencode;arch=compute_90,code=sm_90`.
pub(super) fn code_in(config: &str) -> Vec<DeviceCode> {
    let named = config.split("code=").skip(1).filter_map(|rest| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest.get(..end)
    });
    let capability = |digits: &str| {
        // A letter at the end is for code that runs on that very capability.
        let number: u32 = digits
            .trim_end_matches(|c: char| c.is_ascii_alphabetic())
            .parse()
            .ok()?;
        Some(ComputeCapability {
            major: number / 10,
            minor: number % 10,
        })
    };
    let code = named.filter_map(|name| match name.split_once('_')? {
        ("sm", digits) => capability(digits).map(DeviceCode::Machine),
        ("compute", digits) => capability(digits).map(DeviceCode::Portable),
        _ => None,
    });
    code.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &str = "  - NVCC architecture flags: -gencode;arch=compute_75,code=sm_75;-gencode;arch=compute_86,code=sm_86;\
                         -gencode;arch=compute_90,code=sm_90a;-gencode;arch=compute_120,code=sm_120\n  - CuDNN 91.3\n";

    fn on(major: u32, minor: u32) -> CudaStatus {
        let capabilities = vec![Some(ComputeCapability { major, minor })];
        CudaStatus {
            nvidia: true,
            devices: Ok(CudaDevices {
                capabilities,
                code: code_in(FLAGS),
            }),
            tf32_forced: false,
        }
    }

    #[test]
    fn code_is_held_against_the_device() {
        for (major, minor) in [(7, 5), (8, 6), (8, 9), (9, 0), (12, 0), (12, 1)] {
            assert_eq!(on(major, minor).usable(0), Ok(()), "{major}.{minor}");
        }
        for (major, minor) in [(6, 1), (7, 0), (8, 0), (10, 0)] {
            let unusable = on(major, minor).usable(0).unwrap_err();
            let expected = format!(
                "compute capability {major}.{minor}, and this libtorch has code for 7.5, 8.6, 9.0, 12.0 only"
            );
            assert!(
                unusable.what.contains(&expected) && !unusable.absent,
                "{unusable:?}"
            );
        }
        let portable = CudaDevices {
            code: code_in("code=compute_80,"),
            ..CudaDevices::default()
        };
        assert!(portable.has_code_for(ComputeCapability { major: 12, minor: 0 }));
        assert!(!portable.has_code_for(ComputeCapability { major: 7, minor: 5 }));
        assert!(
            CudaDevices::default().has_code_for(ComputeCapability { major: 3, minor: 0 }),
            "it does not say"
        );
        assert!(on(9, 0).usable(1).unwrap_err().absent);
    }

    #[test]
    fn each_trouble_is_a_sentence_that_says_what_to_do() {
        let old = CudaProblem::DriverTooOld {
            offers: 12_040,
            needs: 13_000,
        };
        assert_eq!(
            old.to_string(),
            "the NVIDIA driver is for CUDA 12.4, and this libtorch is made for CUDA 13.0: install driver 580 or newer, or build with \
             a libtorch for CUDA 12 (docs/gpu.md)"
        );
        let library = CudaProblem::NoLibrary {
            path: "/x/libtorch_cuda.so".into(),
            reason: "libcusparse.so.12: cannot open shared object file".to_owned(),
        };
        let told = library.to_string();
        assert!(
            told.contains("/x/libtorch_cuda.so") && told.contains("`ECGFM_LIBTORCH=cuda tools/setup`"),
            "{told}"
        );
        assert!(!old.is_absence() && !library.is_absence() && CudaProblem::NoDevice.is_absence());
        assert!([449, 450, 525, 580].contains(&driver_for(11_080)));
        assert_eq!((driver_for(12_090), driver_for(13_010)), (525, 580));
    }
}
