//! What is known of a window of each of eight stretches: which of some ranks around its median are in it.

use super::lanes::{LANES, Lanes};

/// Ranks of which it is known.
pub(super) const KNOWN: usize = u32::BITS as usize;
/// The bit of a median that is not among the known ranks.
const LOST: u32 = 1 << 31;

/// Members of the window of each stretch, of those near its median.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KnownRanks {
    /// First rank of those that are known.
    pub(super) first: Lanes,
    /// Which of them are members, a bit each.
    pub(super) members: Lanes,
    /// Rank of the median, counted from `first`; the highest bit is set if it is not known.
    pub(super) median: Lanes,
}

/// Moves every window on, where the value of rank `old` leaves it and that of rank `new` enters. Bits of the lanes whose median
/// is not among the known ranks any more.
#[inline(always)]
pub(super) fn advance(known: &mut KnownRanks, old: &Lanes, new: &Lanes) -> u32 {
    let mut lost = 0;
    for lane in 0..LANES {
        let (first, median) = (known.first.0[lane], known.median.0[lane]);
        let (old, new) = (old.0[lane].wrapping_sub(first), new.0[lane].wrapping_sub(first));
        let bit = |rank: u32| 1u32.checked_shl(rank).unwrap_or(0);
        let members = known.members.0[lane] ^ bit(old) ^ bit(new);
        let is_below = |rank: u32| (rank as i32) < median as i32;
        let moved = match (is_below(old), is_below(new)) {
            (false, true) => (members & (bit(median) - 1)).checked_ilog2(),
            (true, false) => lowest_from(members, median + 1),
            _ => lowest_from(members, median),
        };
        known.members.0[lane] = members;
        known.median.0[lane] = moved.unwrap_or(LOST);
        lost |= u32::from(moved.is_none()) << lane;
    }
    lost
}

fn lowest_from(members: u32, rank: u32) -> Option<u32> {
    let above = members.checked_shr(rank).filter(|above| *above != 0)?;
    Some(rank + above.trailing_zeros())
}

/// Which of these places are in the window of `width` that begins at place `start`, a bit each.
#[inline(always)]
pub(super) fn members(places: &[u32; KNOWN], start: u32, width: u32) -> u32 {
    let is_member = |place: u32| u32::from(place.wrapping_sub(start) < width);
    let bits = places
        .iter()
        .enumerate()
        .map(|(bit, place)| is_member(*place) << bit);
    bits.fold(0, |members, bit| members | bit)
}
