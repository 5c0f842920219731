//! Ranks of values, by a radix sort of coarse keys. NaN counts as larger than any number.

use multiversion::multiversion;
use std::cmp::Ordering;

/// Bits of a word of a set of ranks; the first rank, so that a set has a word before it.
pub(crate) const WORD: usize = 64;
/// Bits of a digit by which values are sorted, at most, and its number of values.
const DIGIT: u32 = 10;
const DIGITS: usize = 1 << DIGIT;
/// Bits of a place in most stretches.
const PLACE: u32 = 12;

/// Values in order.
#[derive(Debug, Clone)]
pub(crate) struct RankOrder {
    /// Values, ascending.
    pub(crate) sorted: Vec<f64>,
    /// Rank of each value, in the order of time, from [`WORD`] on.
    pub(crate) ranks: Vec<u32>,
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
    pub(crate) fn sort(&mut self, values: &[f64]) {
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
