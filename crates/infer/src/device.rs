//! Finding the device to run on.
//!
//! The program is linked with libtorch's CPU half only, so it starts on machines without NVIDIA's libraries. The CUDA half
//! is loaded on demand, and only where there is a driver. That must happen before libtorch is first asked about CUDA:
//! it remembers the answer.

use crate::choice::{DeviceChoice, Precision};
use crate::{Error, Result, symbols};
use std::sync::OnceLock;
use tch::{Cuda, Device, Kind};

/// Where a model runs and in what numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The device.
    pub device: Device,
    /// The precision, never `auto`.
    pub precision: Precision,
}

impl Placement {
    /// Finds the device and checks that it has the precision; loads CUDA if it must.
    ///
    /// # Errors
    /// When the device is not there or does not know the precision.
    pub fn find(device: DeviceChoice, precision: Precision) -> Result<Self> {
        let precision = precision.resolved();
        let device = match device {
            DeviceChoice::Cpu => Device::Cpu,
            DeviceChoice::Cuda(index) => cuda(index)?,
            DeviceChoice::Auto => cuda(0).unwrap_or_else(|reason| {
                tracing::debug!("running on the CPU: {reason}");
                Device::Cpu
            }),
        };
        if precision == Precision::Tf32 && device == Device::Cpu {
            return Err(Error::device(
                "precision tf32 exists on CUDA only; on the CPU use float32, or bfloat16",
            ));
        }
        if device != Device::Cpu && !symbols::allow_tf32(precision == Precision::Tf32) {
            return Err(Error::device(
                "this libtorch offers no switch for TF32, so float32 could not be promised; use 2.11",
            ));
        }
        Ok(Self { device, precision })
    }

    /// Element type of weights and signals.
    pub fn kind(&self) -> Kind {
        match self.precision {
            Precision::Bfloat16 => Kind::BFloat16,
            Precision::Float16 => Kind::Half,
            Precision::Auto | Precision::Float32 | Precision::Tf32 => Kind::Float,
        }
    }

    /// The device as a configuration spells it.
    pub fn device_name(&self) -> String {
        match self.device {
            Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_owned(),
        }
    }
}

/// The CUDA device of a number, or why it is not to be had.
fn cuda(index: usize) -> Result<Device> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        symbols::load_forever("libcuda.so.1").map_err(|reason| format!("no NVIDIA driver ({reason})"))?;
        symbols::load_forever("libtorch_cuda.so").map_err(|reason| {
            format!("libtorch's CUDA half does not load ({reason}); set up again with the CUDA libraries, see the README")
        })
    });
    if let Err(reason) = loaded {
        return Err(Error::device(format!(
            "cuda is not available: {reason}; use device cpu or auto"
        )));
    }
    let count = if Cuda::is_available() {
        usize::try_from(Cuda::device_count()).unwrap_or(0)
    } else {
        0
    };
    if index < count {
        return Ok(Device::Cuda(index));
    }
    Err(Error::device(format!(
        "cuda:{index} is not there: libtorch sees {count} CUDA devices; use device cpu or auto"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there_and_has_no_tf32() {
        let placement = Placement::find(DeviceChoice::Cpu, Precision::Auto).unwrap();
        assert_eq!(
            (
                placement.device_name().as_str(),
                placement.precision,
                placement.kind()
            ),
            ("cpu", Precision::Float32, Kind::Float)
        );
        let message = Placement::find(DeviceChoice::Cpu, Precision::Tf32)
            .unwrap_err()
            .to_string();
        assert!(message.contains("float32"), "{message}");
    }

    #[test]
    fn a_device_that_is_not_there_says_so() {
        let message = Placement::find(DeviceChoice::Cuda(999), Precision::Auto)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("cuda") && message.contains("use device cpu or auto"),
            "{message}"
        );
        assert!(Placement::find(DeviceChoice::Auto, Precision::Auto).is_ok());
    }
}
