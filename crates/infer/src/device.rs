//! Device and precision of a run.
//!
//! [`Placement::resolve`] decides, from what is known of the machine, and changes nothing; [`Placement::activate`] sets the switches of
//! libtorch that hold for the whole process.

use crate::cuda::{CudaStatus, UnusableDevice};
use crate::{Error, Result, symbols};
use ecgfm_stage_params::{DeviceChoice, Precision};
use tch::{Device, Kind};

/// Device of a model, and precision of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The device.
    pub device: Device,
    /// The precision, never `auto`.
    pub precision: Precision,
}

/// Placements, with a note for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedPlacement {
    /// Device and precision; of several devices the first.
    pub placement: Placement,
    /// Further devices, in the same precision.
    pub others: Vec<Placement>,
    /// Reason why it is the CPU although there is an NVIDIA driver or device, or which devices are not used.
    pub note: Option<String>,
}

impl ResolvedPlacement {
    /// The placements on all devices.
    pub fn all(&self) -> impl Iterator<Item = Placement> {
        std::iter::once(self.placement).chain(self.others.iter().copied())
    }
}

/// Devices that a choice comes to, and what to tell the user.
struct FoundDevices {
    first: Device,
    others: Vec<Device>,
    status: Option<CudaStatus>,
    /// Reason why it is the CPU although a GPU is expected.
    fallen: Option<String>,
    note: Option<String>,
}

impl FoundDevices {
    fn cpu(fallen: Option<String>) -> Self {
        Self {
            first: Device::Cpu,
            others: Vec::new(),
            status: None,
            note: fallen
                .as_ref()
                .map(|reason| format!("running on the CPU: {reason}")),
            fallen,
        }
    }

    fn cuda(first: usize, others: impl Iterator<Item = usize>, status: CudaStatus) -> Self {
        Self {
            first: Device::Cuda(first),
            others: others.map(Device::Cuda).collect(),
            status: Some(status),
            fallen: None,
            note: None,
        }
    }

    fn noting(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }
}

/// Decides on devices and a precision, and changes nothing. `found` is called where CUDA may be used.
///
/// # Errors
/// When a device is not there, cannot be used, or does not know the precision.
pub fn resolve_with(
    choice: DeviceChoice,
    precision: Precision,
    found: impl FnOnce() -> CudaStatus,
) -> Result<ResolvedPlacement> {
    let precision = precision.resolved();
    let devices = match choice {
        DeviceChoice::Cpu => FoundDevices::cpu(None),
        DeviceChoice::Auto => first_or_cpu(found()),
        DeviceChoice::Cuda(index) => named_devices(&[index], found())?,
        DeviceChoice::SeveralCuda(numbers) => named_devices(&numbers.iter().collect::<Vec<_>>(), found())?,
        DeviceChoice::AllCuda => all_devices(found())?,
    };
    if precision == Precision::Tf32 && devices.first == Device::Cpu {
        let why = devices
            .fallen
            .map_or_else(String::new, |reason| format!(" (no GPU is used: {reason})"));
        return Err(Error::device(format!(
            "precision tf32 exists on CUDA only; on the CPU use float32, or bfloat16{why}"
        )));
    }
    if precision == Precision::Float32 && devices.status.is_some_and(|status| status.tf32_forced) {
        return Err(Error::device(
            "NVIDIA_TF32_OVERRIDE=1 would make the GPU compute in TF32 where float32 is asked for; unset it, or use precision tf32",
        ));
    }
    let on = |device| Placement { device, precision };
    Ok(ResolvedPlacement {
        placement: on(devices.first),
        others: devices.others.into_iter().map(on).collect(),
        note: devices.note,
    })
}

/// The first CUDA device where it can be used, else the CPU.
fn first_or_cpu(status: CudaStatus) -> FoundDevices {
    match status.usable(0) {
        Err(reason) => FoundDevices::cpu(status.nvidia.then_some(reason.what)),
        Ok(()) => {
            let further = status.usable_devices().count() - 1;
            let note = format!(
                "running on cuda:0; `device: cuda:all` uses the other {further} CUDA devices of this machine as well"
            );
            FoundDevices::cuda(0, std::iter::empty(), status).noting((further > 0).then_some(note))
        }
    }
}

/// The CUDA devices of these numbers, each of which must be usable.
fn named_devices(numbers: &[usize], status: CudaStatus) -> Result<FoundDevices> {
    for &index in numbers {
        status
            .usable(index)
            .map_err(|reason| unusable_device(index, reason))?;
    }
    let (first, others) = numbers
        .split_first()
        .map_or((0, &[][..]), |(first, others)| (*first, others));
    Ok(FoundDevices::cuda(first, others.iter().copied(), status))
}

/// All CUDA devices that can be used, of which there must be one.
fn all_devices(status: CudaStatus) -> Result<FoundDevices> {
    let mut usable = status.usable_devices().collect::<Vec<_>>().into_iter();
    let Some(first) = usable.next() else {
        return named_devices(&[0], status);
    };
    let unusable = status
        .unusable_devices()
        .map(|(index, reason)| format!("cuda:{index} is not used: {}", reason.what));
    let note = unusable.collect::<Vec<_>>().join("; ");
    Ok(FoundDevices::cuda(first, usable, status).noting((!note.is_empty()).then_some(note)))
}

fn unusable_device(index: usize, reason: UnusableDevice) -> Error {
    let what = format!("cuda:{index} cannot be used: {}; or use device cpu", reason.what);
    match reason.absent {
        true => Error::device(what),
        false => Error::machine(what),
    }
}

impl Placement {
    /// Decides on a device and a precision on this machine, and changes nothing.
    ///
    /// # Errors
    /// As [`resolve_with`].
    pub fn resolve(choice: DeviceChoice, precision: Precision) -> Result<ResolvedPlacement> {
        resolve_with(choice, precision, CudaStatus::detect)
    }

    /// Sets the switches of libtorch that the placement needs, for the whole process: TF32, and no fuser.
    ///
    /// # Errors
    /// When this libtorch has no switch for TF32.
    pub fn activate(&self) -> Result<()> {
        if self.device == Device::Cpu {
            return Ok(());
        }
        // The fuser makes other kernels for the first shapes that it sees than for later ones, so that the bits of a result
        // would depend on what ran before; and these models have next to nothing to fuse.
        tch::jit::f_set_tensor_expr_fuser_enabled(false)
            .map_err(|error| Error::machine(crate::failure::first_sentence(&error.to_string())))?;
        if !symbols::allow_tf32(self.precision == Precision::Tf32) {
            return Err(Error::machine(
                "this libtorch offers no switch for TF32, so float32 could not be promised; use 2.11",
            ));
        }
        Ok(())
    }

    /// The same device in another precision.
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Element type of weights and signals.
    pub fn kind(&self) -> Kind {
        match self.precision {
            Precision::Bfloat16 => Kind::BFloat16,
            Precision::Float16 => Kind::Half,
            Precision::Auto | Precision::Float32 | Precision::Tf32 => Kind::Float,
        }
    }

    /// What the device is, by its driver or by the system; none where they do not say.
    pub fn device_model(&self) -> Option<String> {
        match self.device {
            Device::Cuda(index) => crate::cuda::device_model(index),
            _ => crate::processor::processor_model(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::{ComputeCapability, CudaDevices, CudaProblem};

    fn found(devices: Result<CudaDevices, CudaProblem>) -> CudaStatus {
        CudaStatus {
            nvidia: true,
            devices,
            tf32_forced: false,
        }
    }

    fn one_gpu() -> CudaStatus {
        let capability = ComputeCapability { major: 9, minor: 0 };
        found(Ok(CudaDevices {
            capabilities: vec![Some(capability)],
            code: Vec::new(),
        }))
    }

    /// Devices of these major numbers, and a libtorch with code for 9.0 only.
    fn gpus(majors: &[u32]) -> CudaStatus {
        let capability = |&major: &u32| Some(ComputeCapability { major, minor: 0 });
        found(Ok(CudaDevices {
            capabilities: majors.iter().map(capability).collect(),
            code: vec![crate::cuda::DeviceCode::Machine(ComputeCapability {
                major: 9,
                minor: 0,
            })],
        }))
    }

    fn too_old() -> CudaStatus {
        found(Err(CudaProblem::DriverTooOld {
            offers: 12_040,
            needs: 13_000,
        }))
    }

    #[test]
    fn the_cpu_is_always_there_and_has_no_tf32() {
        let never = || -> CudaStatus { panic!("no need to look") };
        let resolved = resolve_with(DeviceChoice::Cpu, Precision::Auto, never).unwrap();
        let placement = resolved.placement;
        assert_eq!(
            (placement.device_name().as_str(), placement.kind()),
            ("cpu", Kind::Float)
        );
        assert_eq!((placement.precision, resolved.note), (Precision::Float32, None));
        let error = resolve_with(DeviceChoice::Cpu, Precision::Tf32, never).unwrap_err();
        assert!(
            matches!(error, Error::Device { .. }) && error.to_string().contains("float32"),
            "{error}"
        );
    }

    #[test]
    fn auto_takes_a_gpu_or_says_why_not_where_somebody_expects_one() {
        let auto = |found: CudaStatus| resolve_with(DeviceChoice::Auto, Precision::Auto, || found).unwrap();
        assert_eq!(auto(one_gpu()).placement.device, Device::Cuda(0));
        let resolved = auto(too_old());
        assert_eq!(resolved.placement.device, Device::Cpu);
        let note = resolved.note.unwrap();
        assert!(
            note.starts_with("running on the CPU: the NVIDIA driver is for CUDA 12.4"),
            "{note}"
        );
        let nothing = CudaStatus {
            nvidia: false,
            ..found(Err(CudaProblem::NoDriver("no such file".to_owned())))
        };
        assert_eq!(
            auto(nothing).note,
            None,
            "most machines have no GPU, and nobody need be told"
        );
        let error = resolve_with(DeviceChoice::Auto, Precision::Tf32, too_old).unwrap_err();
        assert!(
            error.to_string().contains("no GPU is used: the NVIDIA driver"),
            "{error}"
        );
    }

    #[test]
    fn a_gpu_that_is_asked_for_and_not_there_is_a_mistake_and_one_that_fails_is_none() {
        let cuda =
            |index, found: CudaStatus| resolve_with(DeviceChoice::Cuda(index), Precision::Auto, || found);
        assert_eq!(cuda(0, one_gpu()).unwrap().placement.device, Device::Cuda(0));
        let absent = cuda(1, one_gpu()).unwrap_err();
        assert!(matches!(absent, Error::Device { .. }), "{absent:?}");
        assert!(
            absent.to_string().contains("there is no cuda:1: libtorch sees 1"),
            "{absent}"
        );
        let failing = cuda(0, too_old()).unwrap_err();
        assert!(matches!(failing, Error::Machine { .. }), "{failing:?}");
        assert!(failing.to_string().contains("driver 580 or newer"), "{failing}");
    }

    #[test]
    fn several_devices_are_those_named_or_all_that_can_be_used() {
        let of = |choice: &str, majors: &[u32]| {
            resolve_with(choice.parse().unwrap(), Precision::Bfloat16, || gpus(majors))
        };
        let names = |resolved: &ResolvedPlacement| {
            let names: Vec<String> = resolved.all().map(|placement| placement.device_name()).collect();
            names.join(" ")
        };
        let all = of("cuda:all", &[9, 6, 9]).unwrap();
        assert_eq!(names(&all), "cuda:0 cuda:2");
        assert!(
            all.all()
                .all(|placement| placement.precision == Precision::Bfloat16)
        );
        let note = all.note.unwrap();
        assert!(
            note.starts_with("cuda:1 is not used: the GPU has compute capability 6.0"),
            "{note}"
        );
        let named = of("cuda:0,2", &[9, 6, 9]).unwrap();
        assert_eq!((names(&named).as_str(), named.note), ("cuda:0 cuda:2", None));
        let error = of("cuda:0,1", &[9, 6, 9]).unwrap_err();
        assert!(error.to_string().starts_with("cuda:1 cannot be used"), "{error}");
        let error = of("cuda:0,3", &[9, 9]).unwrap_err();
        assert!(error.to_string().contains("there is no cuda:3"), "{error}");
        let error = of("cuda:all", &[6]).unwrap_err();
        assert!(error.to_string().starts_with("cuda:0 cannot be used"), "{error}");
        let auto = of("auto", &[9, 9, 9]).unwrap();
        assert!(auto.note.as_deref().unwrap().contains("the other 2 CUDA devices"));
        assert_eq!(
            (names(&auto).as_str(), of("auto", &[9]).unwrap().note),
            ("cuda:0", None)
        );
    }

    #[test]
    fn float32_is_not_promised_where_the_environment_makes_it_tf32() {
        let forced = || CudaStatus {
            tf32_forced: true,
            ..one_gpu()
        };
        let error = resolve_with(DeviceChoice::Auto, Precision::Auto, forced).unwrap_err();
        assert!(error.to_string().contains("NVIDIA_TF32_OVERRIDE"), "{error}");
        assert!(resolve_with(DeviceChoice::Auto, Precision::Tf32, forced).is_ok());
    }

    #[test]
    fn a_device_that_this_machine_lacks_says_so() {
        let error = Placement::resolve(DeviceChoice::Cuda(999), Precision::Auto).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("cuda:999 cannot be used") && message.contains("use device cpu"),
            "{message}"
        );
        assert!(Placement::resolve(DeviceChoice::Auto, Precision::Auto).is_ok());
    }
}
