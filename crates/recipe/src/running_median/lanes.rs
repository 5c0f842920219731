//! A number of each of eight stretches.

/// Stretches that are gone through together.
pub(super) const LANES: usize = 8;

/// A number of each stretch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(32))]
pub(super) struct Lanes(pub(super) [u32; LANES]);

/// The smaller number of each lane, and the larger one.
#[inline(always)]
pub(super) fn exchange(a: Lanes, b: Lanes) -> (Lanes, Lanes) {
    (
        Lanes(std::array::from_fn(|lane| a.0[lane].min(b.0[lane]))),
        Lanes(std::array::from_fn(|lane| a.0[lane].max(b.0[lane]))),
    )
}
