//! Running median of an odd number of samples, zeros beyond both ends: `scipy.signal.medfilt` of one lead.
//!
//! The values of a stretch are sorted once. A window is then a set of ranks, a bit each: as it moves on, one bit is set and
//! one cleared, and the median moves to the next bit up or down, or stays. NaN counts as larger than any number.

use crate::rank_order::{RankOrder, WORD};
use multiversion::multiversion;

/// Medians that are taken of one sorted stretch, at least: few enough for its ranks to be near each other.
const STRETCH: usize = 2500;
/// Stretches that are gone through side by side, so that one's steps are done while another waits for its own.
const ABREAST: usize = 2;

/// Buffers of a running median, to be used again for lead after lead.
#[derive(Debug, Clone, Default)]
pub struct RunningMedian {
    padded: Vec<f64>,
    orders: [RankOrder; ABREAST],
    members: [Vec<u64>; ABREAST],
}

impl RunningMedian {
    /// Medians of the windows of `width` samples around each value. An even width is taken as one more.
    ///
    /// ```
    /// use ecgfm_recipe::running_median::RunningMedian;
    /// let mut medians = Vec::new();
    /// RunningMedian::default().medians(&[5.0, 1.0, 9.0, 2.0], 3, &mut medians);
    /// assert_eq!(medians, [1.0, 5.0, 2.0, 2.0]); // beyond the ends are zeros
    /// ```
    pub fn medians(&mut self, values: &[f64], width: usize, out: &mut Vec<f64>) {
        let half = width / 2;
        self.padded.clear();
        self.padded.resize(half, 0.0);
        self.padded.extend_from_slice(values);
        self.padded.resize(half + values.len() + half, 0.0);
        out.clear();
        out.resize(values.len(), 0.0);
        let most = STRETCH.max(8 * half);
        let (mut rest, mut start) = (&mut out[..], 0);
        while !rest.is_empty() {
            let mut parts: [&mut [f64]; ABREAST] = Default::default();
            for ((part, order), members) in parts.iter_mut().zip(&mut self.orders).zip(&mut self.members) {
                let end = most.min(rest.len());
                *part = rest.split_off_mut(..end).unwrap_or_default();
                let needed = if end == 0 { 0 } else { end + 2 * half };
                order.sort(&self.padded[start..start + needed]);
                members.clear();
                // A word more on each side, so that there is always one to look at.
                members.resize(order.ranks.len() / WORD + 3, 0);
                start += end;
            }
            run(&self.orders, half, &mut self.members, &mut parts);
        }
    }
}

/// Medians of all windows of `2 * half + 1` of these values, as many as each part of `out` has room for.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt"))]
fn run(
    orders: &[RankOrder; ABREAST],
    half: usize,
    members: &mut [Vec<u64>; ABREAST],
    out: &mut [&mut [f64]; ABREAST],
) {
    let width = 2 * half + 1;
    let [first, second] = orders;
    let [of_first, of_second] = members;
    let [first_out, second_out] = out;
    let mut first = MovingWindow::new(first, half, of_first);
    let mut second = MovingWindow::new(second, half, of_second);
    let both = first_out.len().min(second_out.len());
    for (at, (first_out, second_out)) in first_out.iter_mut().zip(second_out.iter_mut()).enumerate() {
        *first_out = first.next_median(at, width);
        *second_out = second.next_median(at, width);
    }
    for (at, out) in first_out.iter_mut().enumerate().skip(both) {
        *out = first.next_median(at, width);
    }
}

/// Window that moves over a stretch.
struct MovingWindow<'a> {
    ranks: &'a [u32],
    sorted: &'a [f64],
    members: Members<'a>,
    /// Rank of the median.
    median: usize,
}

impl<'a> MovingWindow<'a> {
    /// The first window. Of an empty stretch there is none, and no median is asked for.
    #[inline(always)]
    fn new(order: &'a RankOrder, half: usize, members: &'a mut [u64]) -> Self {
        let (mut members, mut median) = (Members(members), 0);
        if let Some(window) = order.ranks.get(..2 * half + 1) {
            window.iter().for_each(|rank| members.insert(*rank));
            median = members.next(0);
            for _ in 0..half {
                median = members.next(median);
            }
        }
        Self {
            ranks: &order.ranks,
            sorted: &order.sorted,
            members,
            median,
        }
    }

    /// Median of window number `at`; the next one is moved to, if there is one.
    #[inline(always)]
    fn next_median(&mut self, at: usize, width: usize) -> f64 {
        let median = self.median;
        let value = self.sorted[median - WORD];
        let Some(new) = self.ranks.get(at + width) else {
            return value;
        };
        let old = self.ranks[at];
        self.members.remove(old);
        self.members.insert(*new);
        let (old, new) = (old as usize, *new as usize);
        let more_below = isize::from(new < median) - isize::from(old < median);
        let (down, up) = (self.members.before(median), self.members.next(median));
        let same = if old == median { up } else { median };
        let moved = if more_below < 0 { up } else { same };
        self.median = if more_below > 0 { down } else { moved };
        value
    }
}

/// A set of ranks, a bit each. Ranks begin in the second word, and end before the last.
struct Members<'a>(&'a mut [u64]);

impl Members<'_> {
    #[inline(always)]
    fn insert(&mut self, rank: u32) {
        self.0[rank as usize / WORD] |= 1 << (rank as usize % WORD);
    }

    #[inline(always)]
    fn remove(&mut self, rank: u32) {
        self.0[rank as usize / WORD] &= !(1 << (rank as usize % WORD));
    }

    /// The next member above; where there is none, no matter what.
    #[inline(always)]
    fn next(&self, rank: usize) -> usize {
        let (mut word, bit) = (rank / WORD, rank % WORD);
        let here = self.0[word] & (u64::MAX << bit << 1);
        let mut bits = here;
        if here == 0 {
            word += 1;
            bits = self.0[word];
        }
        while bits == 0 && word + 1 < self.0.len() {
            word += 1;
            bits = self.0[word];
        }
        word * WORD + bits.trailing_zeros() as usize % WORD
    }

    /// The next member below; where there is none, no matter what.
    #[inline(always)]
    fn before(&self, rank: usize) -> usize {
        let (mut word, bit) = (rank / WORD, rank % WORD);
        let here = self.0[word] & !(u64::MAX << bit);
        let mut bits = here;
        if here == 0 {
            word -= 1;
            bits = self.0[word];
        }
        while bits == 0 && word > 1 {
            word -= 1;
            bits = self.0[word];
        }
        word * WORD + (WORD - 1 - bits.leading_zeros() as usize % WORD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_sorting(values: &[f64], width: usize) -> Vec<f64> {
        let half = (width / 2) as isize;
        let at = |i: isize| usize::try_from(i).ok().and_then(|i| values.get(i)).copied();
        let median = |i: isize| {
            let mut window: Vec<f64> = (i - half..=i + half).map(|k| at(k).unwrap_or(0.0)).collect();
            window.sort_unstable_by(f64::total_cmp);
            window[half as usize]
        };
        (0..values.len() as isize).map(median).collect()
    }

    proptest! {
        #[test]
        fn medians_are_those_of_sorted_windows(
            values in prop::collection::vec(prop_oneof![-1.0..1.0, Just(0.25), -1e9..1e9, Just(-0.0)], 0..400),
            half in 0usize..60,
        ) {
            let mut out = Vec::new();
            RunningMedian::default().medians(&values, 2 * half + 1, &mut out);
            prop_assert_eq!(out, by_sorting(&values, 2 * half + 1));
        }

        #[test]
        fn buffers_that_were_used_change_nothing(seed in 0u32..1000) {
            let wave = |k: u32| (0..700).map(|i| (f64::from(i * (seed + k)) * 0.01).sin()).collect::<Vec<_>>();
            let (mut used, mut out, mut again) = (RunningMedian::default(), Vec::new(), Vec::new());
            used.medians(&wave(3), 51, &mut out);
            used.medians(&wave(5), 201, &mut again);
            RunningMedian::default().medians(&wave(5), 201, &mut out);
            prop_assert_eq!(out, again);
        }
    }

    #[test]
    fn constants_and_values_that_are_no_numbers_end() {
        let mut out = Vec::new();
        RunningMedian::default().medians(&[2.5; 50], 11, &mut out);
        assert_eq!(out[10..40], [2.5; 30]);
        RunningMedian::default().medians(&[f64::NAN, 1.0, f64::INFINITY, 2.0, f64::NAN], 3, &mut out);
        assert_eq!(out[1..4], [f64::INFINITY, 2.0, f64::INFINITY]);
    }
}
