//! Windows that move over eight stretches at once, and the ranks of their medians.
//!
//! Of each window it is known which of 32 ranks around its median are in it, a bit each. As it moves on, one bit is set and one
//! cleared if they are among these, and the median moves to the next bit up or down, or stays. Where there is no bit, other
//! ranks are looked up.

use super::known_ranks::{KNOWN, KnownRanks};
use super::lanes::{LANES, Lanes};
use super::rank_order::{MARGIN, RankOrders};

/// Ranks that are looked up on the side that a median comes from.
const BEHIND: u32 = 8;

/// Ranks of the medians of all windows of `width` of each stretch. `advance` moves the windows on, `members` says which places
/// are in a window, as [`super::known_ranks`] does.
#[inline(always)]
pub(super) fn find_medians(
    orders: &RankOrders,
    width: usize,
    medians: &mut [Lanes],
    advance: impl Fn(&mut KnownRanks, &Lanes, &Lanes) -> u32,
    members: impl Fn(&[u32; KNOWN], u32, u32) -> u32,
) {
    let search = Search {
        orders,
        width: width as u32,
        members,
    };
    let mut known = search.first_windows();
    let moves = medians.len().saturating_sub(1);
    let (olds, news) = (&orders.ranks[..moves], &orders.ranks[width..][..moves]);
    for (at, medians) in medians.iter_mut().enumerate() {
        for lane in 0..LANES {
            medians.0[lane] = known.first.0[lane] + known.median.0[lane];
        }
        let (Some(old), Some(new)) = (olds.get(at), news.get(at)) else {
            return;
        };
        let mut lost = advance(&mut known, old, new);
        while lost != 0 {
            let lane = lost.trailing_zeros() as usize % LANES;
            lost &= lost - 1;
            let before = medians.0[lane];
            let below = |rank: &Lanes| rank.0[lane] < before;
            match (below(old), below(new)) {
                (false, true) => search.look_down(&mut known, lane, before, at as u32 + 1),
                (true, false) => search.look_up(&mut known, lane, before + 1, at as u32 + 1),
                _ => search.look_up(&mut known, lane, before, at as u32 + 1),
            }
        }
    }
}

struct Search<'a, M> {
    orders: &'a RankOrders,
    width: u32,
    members: M,
}

impl<M: Fn(&[u32; KNOWN], u32, u32) -> u32> Search<'_, M> {
    /// Members among the ranks from `first` on, of the window that begins at place `start`. There is none beyond the margin.
    #[inline(always)]
    fn members(&self, lane: usize, first: u32, start: u32) -> u32 {
        let places = self.orders.places[lane].get(first as usize..);
        let places = places.and_then(|places| places.first_chunk());
        places.map_or(0, |places| (self.members)(places, start, self.width))
    }

    fn is_beyond(&self, lane: usize, first: u32) -> bool {
        first as usize >= self.orders.places[lane].len()
    }

    /// The first window of each stretch.
    #[inline(always)]
    fn first_windows(&self) -> KnownRanks {
        let mut known = KnownRanks::default();
        for lane in 0..LANES {
            let (mut first, mut below) = (MARGIN as u32, self.width / 2);
            let mut members = self.members(lane, first, 0);
            while members.count_ones() <= below && !self.is_beyond(lane, first) {
                below -= members.count_ones();
                first += KNOWN as u32;
                members = self.members(lane, first, 0);
            }
            (0..below).for_each(|_| members &= members.wrapping_sub(1));
            self.look_up(&mut known, lane, first + members.trailing_zeros(), 0);
        }
        known
    }

    /// Moves to the first member from a rank on.
    #[inline(always)]
    fn look_up(&self, known: &mut KnownRanks, lane: usize, from: u32, start: u32) {
        let mut first = from - BEHIND;
        let mut members = self.members(lane, first, start);
        let mut above = members & (u32::MAX << BEHIND);
        while above == 0 && !self.is_beyond(lane, first) {
            first += KNOWN as u32;
            members = self.members(lane, first, start);
            above = members;
        }
        known.first.0[lane] = first;
        known.members.0[lane] = members;
        known.median.0[lane] = above.trailing_zeros() % KNOWN as u32;
    }

    /// Moves to the last member below a rank.
    #[inline(always)]
    fn look_down(&self, known: &mut KnownRanks, lane: usize, from: u32, start: u32) {
        let mut first = from + BEHIND - KNOWN as u32;
        let mut members = self.members(lane, first, start);
        let mut below = members & (u32::MAX >> BEHIND);
        while below == 0 && first >= KNOWN as u32 {
            first -= KNOWN as u32;
            members = self.members(lane, first, start);
            below = members;
        }
        known.first.0[lane] = first;
        known.members.0[lane] = members;
        known.median.0[lane] = KNOWN as u32 - 1 - below.leading_zeros() % KNOWN as u32;
    }
}
