//! How a Fourier transform of a length is taken apart into short ones.

use std::f64::consts::TAU;

/// Transforms of 2 to 5 rows that make up one of `length` rows.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) length: usize,
    pub(super) stages: Vec<Stage>,
}

/// Transforms of as many rows as `radix` says, each a part of the block from the next.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) radix: usize,
    /// Factors of all results but the first, row after row: real and imaginary part.
    pub(super) twiddles: Vec<[f64; 2]>,
}

impl Plan {
    /// None of a length that has other prime factors than 2, 3 and 5.
    pub(super) fn new(length: usize) -> Option<Self> {
        let (mut stages, mut block) = (Vec::new(), length);
        for radix in [4, 2, 3, 5] {
            while block > 1 && block.is_multiple_of(radix) {
                stages.push(Stage::new(radix, block));
                block /= radix;
            }
        }
        (block == 1 && length > 1).then_some(Self { length, stages })
    }

    /// Where the forward transform leaves a frequency.
    pub(super) fn place(&self, frequency: usize) -> usize {
        let (mut rest, mut block, mut place) = (frequency, self.length, 0);
        for stage in &self.stages {
            block /= stage.radix;
            place += rest % stage.radix * block;
            rest /= stage.radix;
        }
        place
    }
}

impl Stage {
    fn new(radix: usize, block: usize) -> Self {
        let twiddle = |row: usize, result: usize| turn((row * result) as f64 / block as f64);
        let rows = 0..block / radix;
        let twiddles = rows.flat_map(|row| (1..radix).map(move |result| twiddle(row, result)));
        Self {
            radix,
            twiddles: twiddles.collect(),
        }
    }
}

/// A number of length 1 that is turned backwards by a part of a full circle.
pub(super) fn turn(part: f64) -> [f64; 2] {
    let (sin, cos) = (TAU * part).sin_cos();
    [cos, -sin]
}
