//! Memory and time that the process that opens a file may use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;

/// Exit code of that process where it may use no more memory.
pub const OUT_OF_MEMORY: u8 = 12;

/// Limits of the process that opens one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessLimits {
    /// Processor time for opening, and again for every row, in seconds.
    pub(super) cpu_seconds: u64,
    /// Memory beyond what the process has when it starts, in MiB.
    pub(super) memory_mib: u64,
    /// Time that an answer may take on the clock. Long, because reading from a network disk may be slow.
    pub(super) patience: Duration,
}

impl ProcessLimits {
    /// Opening a part of the release takes milliseconds and a few megabytes. A block that is decoded by the library may
    /// take 1 GiB ([`crate::tracings::MAX_ROW_BYTES`]).
    pub(super) const DEFAULT: Self = Self {
        cpu_seconds: 60,
        memory_mib: 3072,
        patience: Duration::from_secs(300),
    };
}

/// Confines this process: no core dump, no writing to files, few open files, bounded memory and processor time.
///
/// # Errors
/// The system refuses.
pub(super) fn confine_process(limits: &ProcessLimits) -> std::io::Result<()> {
    let memory = limits.memory_mib.saturating_mul(1 << 20);
    lower_limit(Resource::Core, 0)?;
    lower_limit(Resource::Fsize, 0)?;
    lower_limit(Resource::Nofile, 64)?;
    // Relative to what is in use now, which depends on how the program was built.
    lower_limit(Resource::As, memory_in_use("VmSize:").saturating_add(memory))?;
    lower_limit(Resource::Data, memory_in_use("VmData:").saturating_add(memory))?;
    allow_cpu_seconds(limits.cpu_seconds)
}

/// Memory that a process of this user may use, in MiB, where that is less than `limits` would allow.
pub(super) fn users_memory_limit_mib(limits: &ProcessLimits) -> Option<u64> {
    let wanted = limits.memory_mib.saturating_mul(1 << 20);
    let of = |resource, kind| {
        let allowed = getrlimit(resource).current?;
        (allowed < wanted.saturating_add(memory_in_use(kind))).then_some(allowed >> 20)
    };
    let both = [of(Resource::As, "VmSize:"), of(Resource::Data, "VmData:")];
    both.into_iter().flatten().min()
}

/// Allows `seconds` more of processor time from now on.
///
/// # Errors
/// The system refuses.
pub(super) fn allow_cpu_seconds(seconds: u64) -> std::io::Result<()> {
    let spent = cpu_time().as_secs();
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = spent.saturating_add(seconds).saturating_add(1);
    let current = maximum.map_or(current, |maximum| current.min(maximum));
    Ok(setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(current),
            maximum,
        },
    )?)
}

/// Lowers both limits of a resource, never raises one.
fn lower_limit(resource: Resource, to: u64) -> std::io::Result<()> {
    let to = getrlimit(resource).maximum.map_or(to, |maximum| to.min(maximum));
    Ok(setrlimit(
        resource,
        Rlimit {
            current: Some(to),
            maximum: Some(to),
        },
    )?)
}

/// Bytes of this process's memory of one kind (`VmSize:`, `VmData:`), from Linux's /proc; 0 on other systems.
fn memory_in_use(kind: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

fn cpu_time() -> Duration {
    let clock = rustix::time::ClockId::ProcessCPUTime;
    let spent = rustix::time::clock_gettime(clock);
    Duration::new(
        spent.tv_sec.try_into().unwrap_or(0),
        spent.tv_nsec.try_into().unwrap_or(0),
    )
}
