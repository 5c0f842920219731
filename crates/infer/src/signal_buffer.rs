//! Memory for the signals of a batch, which is reused and which a GPU can copy from by itself.

#![allow(unsafe_code)]
// Sound because: the tensor is made in `SignalBuffer::new`, contiguous, float32 and in main memory, and is never resized, so its
// pointer is aligned and points at `len` initialised values for as long as it lives; values are seen as a slice only
// through a borrow of the `SignalBuffer` that owns the tensor. A handle to the same memory is given to this crate only
// (`SignalBuffer::first_rows`), whose one user, the TorchScript backend, gives it up before it returns: by then the answer has been
// copied to main memory, which a device does after every copy and kernel that came before it.

use crate::shape::SegmentShape;
use crate::symbols;
use tch::{Device, Kind, TchError, Tensor};

/// Memory for a batch: (rows, leads, samples) of float32.
#[derive(Debug)]
pub struct SignalBuffer {
    tensor: Tensor,
    shape: SegmentShape,
}

impl SignalBuffer {
    /// Allocates memory for `rows` segments, all zero. For a GPU it is page-locked, so that the GPU copies it while the CPU goes on.
    ///
    /// # Errors
    /// When there is no such memory left.
    pub fn new(rows: usize, shape: SegmentShape, device: Device) -> Result<Self, TchError> {
        let size = [rows, shape.leads, shape.samples].map(|size| size as i64);
        let locked = match device {
            Device::Cpu => None,
            _ => symbols::pinned_tensor(&size),
        };
        // Memory that is not page-locked gives the same results, only slower.
        let tensor = match locked {
            Some(mut locked) => locked.f_zero_()?,
            None => Tensor::f_zeros(size, (Kind::Float, Device::Cpu))?,
        };
        Ok(Self { tensor, shape })
    }

    /// Leads and samples of a segment.
    pub fn shape(&self) -> SegmentShape {
        self.shape
    }

    /// Values of all segments, one after the other.
    pub fn values(&self) -> &[f32] {
        match self.tensor.numel() {
            // An empty tensor has no memory to point at.
            0 => &[],
            // SAFETY: see the head of this file.
            len => unsafe { std::slice::from_raw_parts(self.tensor.data_ptr().cast::<f32>(), len) },
        }
    }

    /// Values of all segments, to be filled.
    pub fn values_mut(&mut self) -> &mut [f32] {
        match self.tensor.numel() {
            0 => &mut [],
            // SAFETY: see the head of this file.
            len => unsafe { std::slice::from_raw_parts_mut(self.tensor.data_ptr().cast::<f32>(), len) },
        }
    }

    /// Copies the first segment into the rows from `from` to before `to`: padding that any model can compute.
    pub fn pad(&mut self, from: usize, to: usize) {
        let len = self.shape.len();
        let values = self.values_mut();
        for row in from..to {
            values.copy_within(..len, row * len);
        }
    }

    /// The first `rows` segments as a tensor of the same memory. Must not be kept longer than `self` is borrowed.
    pub(crate) fn first_rows(&self, rows: usize) -> Result<Tensor, TchError> {
        self.tensor.f_narrow(0, 0, rows as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: SegmentShape = SegmentShape { leads: 2, samples: 3 };

    #[test]
    fn what_is_filled_is_what_the_model_sees() {
        let mut signals = SignalBuffer::new(3, SHAPE, Device::Cpu).unwrap();
        let values: Vec<f32> = (0..18).map(|i| i as f32).collect();
        signals.values_mut().copy_from_slice(&values);
        let first = signals.first_rows(2).unwrap();
        assert_eq!(first.size(), [2, 2, 3]);
        assert_eq!(Vec::<f32>::try_from(first.flatten(0, 2)).unwrap(), values[..12]);
        assert_eq!(signals.values(), values);
    }

    #[test]
    fn padding_repeats_the_first_segment_and_nothing_else_changes() {
        let mut signals = SignalBuffer::new(4, SHAPE, Device::Cpu).unwrap();
        signals.values_mut().fill(7.0);
        signals.values_mut()[..6].copy_from_slice(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        signals.pad(2, 3);
        assert_eq!(signals.values()[12..18], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!(
            [&signals.values()[6..12], &signals.values()[18..]]
                .iter()
                .all(|row| row.iter().all(|value| *value == 7.0))
        );
    }

    #[test]
    fn nothing_is_nothing() {
        let mut signals = SignalBuffer::new(0, SHAPE, Device::Cpu).unwrap();
        assert!(signals.values().is_empty() && signals.values_mut().is_empty());
    }
}
