//! Buffers of the steps.

use crate::fourier::FourierResampler;
use crate::running_median::RunningMedian;

/// Buffers and plans, to be used again for recording after recording; one a thread.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(super) median: RunningMedian,
    pub(super) fourier: FourierResampler,
    pub(super) row: Vec<f64>,
    pub(super) lanes: Vec<f64>,
}
