//! A model on several devices, run as one.
//!
//! A batch goes to the device with the fewest batches at work. Where a device fails, the batch is computed on another one, and the
//! pool goes on without it. Where a device runs out of memory, it gets fewer batches at once, and none where a single one is too many.

use crate::backend::{Backend, BackendDescription, BackendError, BatchOutput, DeviceName, ExtraOutput};
use crate::failure::{first_sentence, is_out_of_memory, machine_advice};
use crate::shape::SegmentShape;
use crate::signal_buffer::SignalBuffer;
use crate::{Error, Result};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Devices that may fail on one batch, other than by lack of memory, before the batch is taken to be what they fail on.
const FAILURES_OF_BATCH: usize = 2;

/// A model, loaded on one or more devices.
#[derive(Debug)]
pub(crate) struct DevicePool<B> {
    /// Never empty.
    members: Vec<B>,
    state: Mutex<PoolState>,
    /// Notified when a device has room for another batch, or is left out.
    changed: Condvar,
}

#[derive(Debug)]
struct PoolState {
    loads: Vec<DeviceLoad>,
    /// What to tell the user, until it is asked for.
    warnings: Vec<String>,
    /// Words of the last failure of a device.
    last_failure: String,
}

/// Batches of a device.
#[derive(Debug, Clone, Copy)]
struct DeviceLoad {
    running: usize,
    /// Most batches at once; 0 for a device that is left out.
    most: usize,
}

/// Device that a batch was handed to.
#[derive(Debug, Clone, Copy)]
struct TakenDevice {
    device: usize,
    /// Batches that it had then, this one among them.
    running: usize,
}

impl<B: Backend> DevicePool<B> {
    /// The model on a first device and on others.
    pub(crate) fn new(first: B, others: impl IntoIterator<Item = B>) -> Self {
        let members: Vec<B> = std::iter::once(first).chain(others).collect();
        let idle = DeviceLoad {
            running: 0,
            most: usize::MAX,
        };
        let state = PoolState {
            loads: vec![idle; members.len()],
            warnings: Vec::new(),
            last_failure: String::new(),
        };
        Self {
            members,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// The model on each device.
    pub(crate) fn members_mut(&mut self) -> &mut [B] {
        &mut self.members
    }

    /// The model on the device with the least free memory, which decides how large a batch may be.
    pub(crate) fn smallest_mut(&mut self) -> &mut B {
        let free = self.members.iter().map(Backend::free_memory).enumerate();
        let smallest = free.min_by_key(|(_, free)| *free).map_or(0, |(at, _)| at);
        &mut self.members[smallest]
    }

    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room on a device and takes it; none where all devices are left out.
    fn take_device(&self) -> Option<TakenDevice> {
        let mut state = self.state();
        loop {
            let loads = state.loads.iter().enumerate();
            let free = loads.filter(|(_, load)| load.running < load.most);
            if let Some((device, _)) = free.min_by_key(|(_, load)| load.running) {
                let load = &mut state.loads[device];
                load.running += 1;
                return Some(TakenDevice {
                    device,
                    running: load.running,
                });
            }
            if state.loads.iter().all(|load| load.most == 0) {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, taken: TakenDevice) {
        self.state().loads[taken.device].running -= 1;
        self.changed.notify_all();
    }

    /// Gives a device back that has failed: with room for fewer batches where memory is what it lacks, or for none.
    fn reduce(&self, taken: TakenDevice, failure: &str) {
        let mut state = self.state();
        let load = &mut state.loads[taken.device];
        // Another batch may have ended since, whose memory was missing.
        let at_once = taken.running.max(load.running);
        load.running -= 1;
        let most = if is_out_of_memory(failure) { at_once - 1 } else { 0 };
        let fewer = most < load.most;
        load.most = load.most.min(most);
        let left = state.loads.iter().filter(|load| load.most > 0).count();
        if fewer && left > 0 {
            let warning = self.warning(taken.device, most, left, failure);
            state.warnings.push(warning);
        }
        failure.clone_into(&mut state.last_failure);
        drop(state);
        self.changed.notify_all();
    }

    /// Warning about a device that is to compute no more than `most` batches at once.
    fn warning(&self, device: usize, most: usize, left: usize, failure: &str) -> String {
        let (name, all) = (&self.devices()[device], self.members.len());
        let what = match most {
            0 => format!("{name} is left out from here on, and {left} of {all} devices go on"),
            _ => format!("{name} computes {most} at a time from here on"),
        };
        format!("{what}: {}", first_sentence(failure))
    }
}

impl<B: Backend> Backend for DevicePool<B> {
    fn labels(&self) -> usize {
        self.members[0].labels()
    }

    fn extras(&self) -> &[ExtraOutput] {
        self.members[0].extras()
    }

    fn prepare(&mut self, shape: SegmentShape, batch_sizes: &[usize]) -> Result<()> {
        let several = self.members.len() > 1;
        for member in &mut self.members {
            let prepared = member.prepare(shape, batch_sizes);
            prepared.map_err(|error| match error {
                Error::Machine { what } if several => {
                    Error::machine(format!("{}: {what}", member.describe().device))
                }
                other => other,
            })?;
        }
        Ok(())
    }

    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer> {
        // Page-locked memory of one CUDA device is that of all: they share one address space.
        self.members[0].allocate(rows, shape)
    }

    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError> {
        let mut failures = 0;
        while let Some(taken) = self.take_device() {
            let device = taken.device;
            let error = match self.members[device].run(signals, rows) {
                Ok(output) => {
                    self.give_back(taken);
                    return Ok(BatchOutput { device, ..output });
                }
                Err(error) => error,
            };
            let words = error.to_string();
            if machine_advice(&words).is_none() {
                self.give_back(taken);
                return Err(error);
            }
            self.reduce(taken, &words);
            failures += usize::from(!is_out_of_memory(&words));
            if failures == FAILURES_OF_BATCH {
                return Err(error);
            }
        }
        Err(self.state().last_failure.clone().into())
    }

    fn describe(&self) -> BackendDescription {
        let mut whole = self.members[0].describe();
        for member in &self.members[1..] {
            let device = member.describe().device;
            // As a configuration spells it: `cuda:0,2`.
            whole.device.push(',');
            whole
                .device
                .push_str(device.rsplit_once(':').map_or(&device, |(_, number)| number));
        }
        whole
    }

    fn devices(&self) -> Vec<DeviceName> {
        self.members.iter().flat_map(Backend::devices).collect()
    }

    fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.state().warnings)
    }
}

#[cfg(test)]
mod tests;
