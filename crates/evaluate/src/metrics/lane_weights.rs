//! Weights of clusters in many resamples at a time.

use bytemuck::{Pod, Zeroable};
use multiversion::multiversion;

/// Resamples that are computed together.
pub(super) const LANES: usize = 128;

/// Lanes whose weights are set together: so many, and as many that lie half of all lanes further.
pub(super) const SIDE: usize = 8;

/// Lanes whose weights are the lower halves of the bytes of [`HalfByteWeights`].
pub(super) const LOWER: usize = LANES / 2;

/// Number of times that a cluster is in each of [`LANES`] resamples.
pub(super) trait LaneWeights: Copy + Send + Sync {
    /// The most that a lane can say.
    const MOST: u8;

    /// The weight of every lane.
    fn all(&self) -> [u8; LANES];
}

/// Weights of half a byte: those of all lanes are one line of the processor's cache, the least that is read from memory.
///
/// They hold nearly every resample. A cluster is drawn 16 times or more in fewer than one of 16! resamples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct HalfByteWeights([u8; LOWER]);

impl HalfByteWeights {
    /// Sets the weights of [`SIDE`] lanes from `first` in the lower half of all lanes, the lower halves of the bytes, and of those as far
    /// in the upper half.
    #[inline(always)]
    pub(super) fn set(&mut self, first: usize, both: [u8; SIDE]) {
        self.0[first..first + SIDE].copy_from_slice(&both);
    }
}

impl LaneWeights for HalfByteWeights {
    const MOST: u8 = 15;

    #[inline(always)]
    fn all(&self) -> [u8; LANES] {
        let mut all = [0; LANES];
        let (lower, upper) = all.split_at_mut(LOWER);
        for ((lower, upper), both) in lower.iter_mut().zip(upper).zip(&self.0) {
            (*lower, *upper) = (both & 15, both >> 4);
        }
        all
    }
}

/// Weights of a byte, for resamples that half of one does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct ByteWeights(pub(super) [u8; LANES]);

impl ByteWeights {
    /// In none of the resamples.
    pub(super) const NONE: Self = Self([0; LANES]);
}

impl LaneWeights for ByteWeights {
    const MOST: u8 = u8::MAX;

    #[inline(always)]
    fn all(&self) -> [u8; LANES] {
        self.0
    }
}

/// The weights of some clusters in `N` lanes from `first`, as numbers to multiply by.
#[multiversion(targets("x86_64+avx+avx2"))]
pub(super) fn multipliers<W: LaneWeights, F: From<u8>, const N: usize>(
    of_clusters: &mut [[F; N]],
    weights: &[W],
    first: usize,
) {
    for (multipliers, weights) in of_clusters.iter_mut().zip(weights) {
        let all = weights.all();
        for (multiplier, weight) in multipliers.iter_mut().zip(&all[first..]) {
            *multiplier = F::from(*weight);
        }
    }
}
