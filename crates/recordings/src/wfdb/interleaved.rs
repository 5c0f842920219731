//! Samples of several signals, frame by frame.

/// Samples of the signals of a file in its order: in every frame, those of the first signal, then those of the next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InterleavedSamples {
    /// Samples of all signals.
    pub(super) samples: Vec<i32>,
    /// Samples of a frame, at least one.
    pub(super) per_frame: usize,
}

impl InterleavedSamples {
    /// Number of frames.
    pub(super) fn frames(&self) -> usize {
        self.samples.len() / self.per_frame
    }

    /// Values of samples `first..first + count` of every frame.
    pub(super) fn map<T>(&self, first: usize, count: usize, value: impl Fn(i32) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.frames() * count);
        if count == 1 {
            let samples = self.samples.iter().skip(first).step_by(self.per_frame);
            values.extend(samples.map(|sample| value(*sample)));
        } else {
            for frame in self.samples.chunks_exact(self.per_frame) {
                values.extend(frame[first..first + count].iter().map(|sample| value(*sample)));
            }
        }
        values
    }

    /// Makes values of first differences, in samples `first..first + count` of every frame; `before` is the value before the
    /// first.
    pub(super) fn accumulate(&mut self, first: usize, count: usize, before: i64) {
        // As all 32-bit readers of format 8 do, in which a damaged file may overflow.
        let mut value = before as i32;
        for frame in self.samples.chunks_exact_mut(self.per_frame) {
            for sample in &mut frame[first..first + count] {
                value = value.wrapping_add(*sample);
                *sample = value;
            }
        }
    }

    /// Sum modulo 2^16 of each of the samples of a frame, over all frames.
    pub(super) fn checksums(&self) -> Vec<u16> {
        let mut sums = vec![0u16; self.per_frame];
        for frame in self.samples.chunks_exact(self.per_frame) {
            for (sum, sample) in sums.iter_mut().zip(frame) {
                *sum = sum.wrapping_add(*sample as u16);
            }
        }
        sums
    }
}
