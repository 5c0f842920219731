//! Running median of an odd number of samples, zeros beyond both ends: `scipy.signal.medfilt` of one lead.
//!
//! The values of a stretch are sorted once. A window is then a set of ranks, a bit each: as it moves on, one bit is set and
//! one cleared, and the median moves to the next bit up or down, or stays. NaN counts as larger than any number.

use multiversion::multiversion;
use std::cmp::Ordering;

/// Medians that are taken of one sorted stretch, at least: few enough for its ranks to be near each other.
const STRETCH: usize = 2500;
/// Stretches that are gone through side by side, so that one's steps are done while another waits for its own.
const ABREAST: usize = 2;
const WORD: usize = 64;

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

/// Bits of a digit by which values are sorted, at most, and its number of values.
const DIGIT: u32 = 10;
const DIGITS: usize = 1 << DIGIT;
/// Bits of a place in most stretches.
const PLACE: u32 = 12;

/// Values in order.
#[derive(Debug, Clone)]
struct RankOrder {
    sorted: Vec<f64>,
    /// Rank of each value, in the order of time, from [`WORD`] on.
    ranks: Vec<u32>,
    /// Coarse keys above places.
    keyed: Vec<u32>,
    other: Vec<u32>,
    starts: [[u32; DIGITS]; 2],
}

impl Default for RankOrder {
    fn default() -> Self {
        Self {
            sorted: Vec::new(),
            ranks: Vec::new(),
            keyed: Vec::new(),
            other: Vec::new(),
            starts: [[0; DIGITS]; 2],
        }
    }
}

/// Parts of a word: the place of a value in its lowest bits, two digits of its key above.
#[derive(Debug, Clone, Copy)]
struct KeyLayout {
    place: u32,
    digit: u32,
}

impl KeyLayout {
    /// Layout for that many values: the more there are, the coarser their keys.
    fn of(values: usize) -> Self {
        let place = PLACE.max(usize::BITS - values.leading_zeros()).min(u32::BITS);
        let digit = (u32::BITS - place) / 2;
        Self { place, digit }
    }

    /// Greatest key.
    fn top(self) -> f64 {
        ((1u32 << (2 * self.digit)) - 1) as f64
    }

    #[inline(always)]
    fn place(self, keyed: u32) -> usize {
        keyed as usize & ((1 << self.place) - 1)
    }

    #[inline(always)]
    fn digit(self, keyed: u32, number: u32) -> usize {
        (u64::from(keyed) >> (self.place + number * self.digit)) as usize & ((1 << self.digit) - 1)
    }
}

impl RankOrder {
    /// Sorts by a coarse key of two digits, then what has the same key.
    fn sort(&mut self, values: &[f64]) {
        let layout = KeyLayout::of(values.len());
        self.keyed.resize(values.len(), 0);
        self.other.resize(values.len(), 0);
        write_keys(values, layout, &mut self.keyed);
        find_starts(&self.keyed, layout, &mut self.starts);
        distribute(
            &self.keyed,
            &mut self.other,
            |keyed| layout.digit(keyed, 0),
            &mut self.starts[0],
        );
        distribute(
            &self.other,
            &mut self.keyed,
            |keyed| layout.digit(keyed, 1),
            &mut self.starts[1],
        );
        self.rank(values, layout);
    }

    /// Fills in ranks and sorted values, where the keys are in order.
    fn rank(&mut self, values: &[f64], layout: KeyLayout) {
        self.ranks.resize(values.len(), 0);
        self.sorted.resize(values.len(), 0.0);
        let (mut rank, mut last) = (0, f64::NEG_INFINITY);
        while let Some(keyed) = self.keyed.get(rank) {
            let place = layout.place(*keyed);
            let value = values[place];
            if value < last || last.is_nan() && !value.is_nan() {
                // Values of this key are not in order yet: once they are, all is done again from the first of them on.
                let key = |keyed: &u32| u64::from(*keyed) >> layout.place;
                let of_key = key(keyed);
                rank = self.keyed.partition_point(|keyed| key(keyed) < of_key);
                let end = self.keyed.partition_point(|keyed| key(keyed) <= of_key);
                let value = |keyed: &u32| values[layout.place(*keyed)];
                self.keyed[rank..end].sort_unstable_by(|a, b| compare(value(a), value(b)));
                last = f64::NEG_INFINITY;
                continue;
            }
            self.ranks[place] = (rank + WORD) as u32;
            self.sorted[rank] = value;
            (rank, last) = (rank + 1, value);
        }
    }
}

/// For each digit, the place of the first value with each of its values.
fn find_starts(keyed: &[u32], layout: KeyLayout, starts: &mut [[u32; DIGITS]; 2]) {
    starts.iter_mut().for_each(|starts| starts.fill(0));
    let [low, high] = starts;
    for keyed in keyed {
        low[layout.digit(*keyed, 0) % DIGITS] += 1;
        high[layout.digit(*keyed, 1) % DIGITS] += 1;
    }
    for counts in [low, high] {
        let mut next = 0;
        for count in counts {
            next += std::mem::replace(count, next);
        }
    }
}

/// Keys that grow with the values, in steps of equal width from the least to the largest number, above places.
#[multiversion(targets("x86_64+avx+avx2"))]
fn write_keys(values: &[f64], layout: KeyLayout, keyed: &mut [u32]) {
    let (low, high) = range(values);
    let top = layout.top();
    let scale = if high > low { top / (high - low) } else { 0.0 };
    for (place, (keyed, v)) in keyed.iter_mut().zip(values).enumerate() {
        let at = (v - low) * scale;
        // Without a scale all have one key. NaN is above all others.
        let at = if at < top { at } else { top };
        let at = if at > 0.0 && scale > 0.0 { at } else { 0.0 };
        // In this range the lowest bits of a float64 count by one.
        let key = (at + f64::from(1u32 << 26) * f64::from(1u32 << 26)).to_bits() as u32;
        *keyed = key.wrapping_shl(layout.place) | place as u32;
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
#[inline(always)]
fn distribute(from: &[u32], to: &mut [u32], digit: impl Fn(u32) -> usize, starts: &mut [u32; DIGITS]) {
    for keyed in from {
        let start = &mut starts[digit(*keyed) % DIGITS];
        to[*start as usize] = *keyed;
        *start += 1;
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
