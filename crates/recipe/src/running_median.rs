//! Running median of an odd number of samples, zeros beyond both ends: `scipy.signal.medfilt` of one lead.
//!
//! The values of a stretch are sorted once. A window is then a set of ranks, a bit each: as it moves on, one bit is set and
//! one cleared, and the median moves to the next bit up or down, or stays. NaN counts as larger than any number.

use multiversion::multiversion;
use std::cmp::Ordering;

/// Medians that are taken of one sorted stretch, at least: few enough for its ranks to be near each other.
const STRETCH: usize = 2500;
const WORD: usize = 64;

/// Buffers of a running median, to be used again for lead after lead.
#[derive(Debug, Clone, Default)]
pub struct RunningMedian {
    padded: Vec<f64>,
    order: RankOrder,
    members: Vec<u64>,
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
        out.clear();
        let half = width / 2;
        self.padded.clear();
        self.padded.resize(half, 0.0);
        self.padded.extend_from_slice(values);
        self.padded.resize(half + values.len() + half, 0.0);
        let most = STRETCH.max(8 * half);
        for start in (0..values.len()).step_by(most) {
            let end = (start + most).min(values.len());
            self.order.sort(&self.padded[start..end + 2 * half]);
            self.members.clear();
            // A word more on each side, so that there is always one to look at.
            self.members.resize(self.order.ranks.len() / WORD + 3, 0);
            run(&self.order, half, &mut self.members, out);
        }
    }
}

/// Medians of all windows of `2 * half + 1` of these values.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt"))]
fn run(order: &RankOrder, half: usize, members: &mut [u64], out: &mut Vec<f64>) {
    let ranks = &order.ranks[..];
    let mut window = Members(members);
    ranks
        .iter()
        .take(2 * half + 1)
        .for_each(|rank| window.insert(*rank));
    let mut median = (0..half).fold(window.next(0), |median, _| window.next(median));
    out.push(order.sorted[median - WORD]);
    for (old, new) in ranks.iter().zip(&ranks[2 * half + 1..]) {
        window.remove(*old);
        window.insert(*new);
        let (old, new) = (*old as usize, *new as usize);
        let more_below = isize::from(new < median) - isize::from(old < median);
        let (down, up) = (window.before(median), window.next(median));
        let same = if old == median { up } else { median };
        let moved = if more_below < 0 { up } else { same };
        median = if more_below > 0 { down } else { moved };
        out.push(order.sorted[median - WORD]);
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

/// Bits of a digit by which values are sorted, and its number of values.
const DIGIT: u32 = 11;
const DIGITS: usize = 1 << DIGIT;

/// Values in order.
#[derive(Debug, Clone, Default)]
struct RankOrder {
    sorted: Vec<f64>,
    /// Rank of each value, in the order of time, from [`WORD`] on.
    ranks: Vec<u32>,
    keyed: Vec<u64>,
    other: Vec<u64>,
}

impl RankOrder {
    /// Sorts by a coarse key of two digits, then what has the same key.
    fn sort(&mut self, values: &[f64]) {
        self.keyed.resize(values.len(), 0);
        self.other.resize(values.len(), 0);
        write_keys(values, &mut self.keyed);
        let mut starts = starts(&self.keyed);
        distribute(&self.keyed, &mut self.other, 0, &mut starts[0]);
        distribute(&self.other, &mut self.keyed, 1, &mut starts[1]);
        sort_equal_keys(&mut self.keyed, values);
        self.ranks.resize(values.len(), 0);
        self.sorted.clear();
        for (rank, keyed) in self.keyed.iter().enumerate() {
            let place = *keyed as u32 as usize;
            self.ranks[place] = (rank + WORD) as u32;
            self.sorted.push(values[place]);
        }
    }
}

/// For each digit, the place of the first value with each of its values.
fn starts(keyed: &[u64]) -> [[u32; DIGITS]; 2] {
    let mut counts = [[0; DIGITS]; 2];
    for keyed in keyed {
        let key = (keyed >> 32) as usize;
        counts[0][key % DIGITS] += 1;
        counts[1][key / DIGITS % DIGITS] += 1;
    }
    for counts in &mut counts {
        counts
            .iter_mut()
            .fold(0, |next, count| next + std::mem::replace(count, next));
    }
    counts
}

/// Number of keys, less one.
const TOP: f64 = ((1u32 << (2 * DIGIT)) - 1) as f64;

/// Keys that grow with the values, in steps of equal width from the least to the largest number, above places.
#[multiversion(targets("x86_64+avx+avx2"))]
fn write_keys(values: &[f64], keyed: &mut [u64]) {
    let (low, high) = range(values);
    let scale = if high > low { TOP / (high - low) } else { 0.0 };
    for (place, (keyed, v)) in keyed.iter_mut().zip(values).enumerate() {
        let at = (v - low) * scale;
        // Without a scale all have one key. NaN is above all others.
        let at = if at < TOP { at } else { TOP };
        let at = if at > 0.0 && scale > 0.0 { at } else { 0.0 };
        // In this range the lowest bits of a float64 count by one.
        let key = (at + f64::from(1u32 << 26) * f64::from(1u32 << 26)).to_bits() & 0xffff_ffff;
        *keyed = key << 32 | place as u64;
    }
}

/// Least and largest number. Several are looked for at once, so that none waits for the one before it.
#[inline(always)]
fn range(values: &[f64]) -> (f64, f64) {
    let (mut lows, mut highs) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    let (eights, rest) = values.as_chunks::<8>();
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for values in eights.iter().chain([&last]) {
        for ((low, high), v) in lows.iter_mut().zip(&mut highs).zip(values) {
            let v = if v.is_finite() { *v } else { 0.0 };
            *low = if v < *low { v } else { *low };
            *high = if v > *high { v } else { *high };
        }
    }
    let low = lows.into_iter().fold(f64::INFINITY, f64::min);
    (low, highs.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// One pass of a radix sort.
fn distribute(from: &[u64], to: &mut [u64], digit: u32, starts: &mut [u32; DIGITS]) {
    for keyed in from {
        let start = &mut starts[(keyed >> (32 + digit * DIGIT)) as usize % DIGITS];
        to[*start as usize] = *keyed;
        *start += 1;
    }
}

fn sort_equal_keys(keyed: &mut [u64], values: &[f64]) {
    let value = |keyed: &u64| values[*keyed as u32 as usize];
    for run in keyed
        .chunk_by_mut(|a, b| a >> 32 == b >> 32)
        .filter(|run| run.len() > 1)
    {
        run.sort_unstable_by(|a, b| compare(value(a), value(b)));
    }
}

fn compare(a: f64, b: f64) -> Ordering {
    match a.partial_cmp(&b) {
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()),
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
