//! Ranks of the values of eight stretches at once: coarse keys are sorted by a network, then the few that are out of order.
//! NaN counts as larger than any number.

use super::lanes::{LANES, Lanes};
use super::sorting_network::{Exchange, sort_columns};
use std::cmp::Ordering;

/// Ranks begin at this number, and as many more follow the last, so that there are always some to look at.
pub(super) const MARGIN: usize = 64;
/// Place of a rank that no value has.
const NO_PLACE: u32 = u32::MAX;
/// Most values of a stretch that have coarse keys.
const MOST_KEYED: usize = 4096;
/// Most steps that a value takes from the rank of its key to its own, on average.
const MOST_MOVES: usize = 8;

/// Stretches of equal length in order, a lane each.
#[derive(Debug, Clone, Default)]
pub(super) struct RankOrders {
    /// Rank of each value, in the order of time.
    pub(super) ranks: Vec<Lanes>,
    /// Values by rank.
    pub(super) sorted: [Vec<f64>; LANES],
    /// Places in time by rank.
    pub(super) places: [Vec<u32>; LANES],
    /// Coarse keys above places, stretch after stretch, and side by side.
    keyed: Vec<u32>,
    rows: Vec<Lanes>,
}

impl RankOrders {
    /// Sorts each stretch; `order` exchanges rows of keys.
    #[inline(always)]
    pub(super) fn sort(&mut self, stretches: &[&[f64]; LANES], order: impl Exchange) {
        let count = stretches[0].len();
        self.ranks.resize(count, Lanes::default());
        self.sorted
            .iter_mut()
            .for_each(|sorted| sorted.resize(count + 2 * MARGIN, 0.0));
        for places in &mut self.places {
            places.resize(count + 2 * MARGIN, NO_PLACE);
            places[MARGIN + count..].fill(NO_PLACE);
        }
        if count <= MOST_KEYED {
            self.sort_keys(stretches, order);
        }
        for (lane, values) in stretches.iter().enumerate() {
            if count > MOST_KEYED || !self.take(values, lane) {
                self.sort_by_comparison(values, lane);
            }
        }
    }

    /// Sorts places by their keys.
    #[inline(always)]
    fn sort_keys(&mut self, stretches: &[&[f64]; LANES], order: impl Exchange) {
        let count = stretches[0].len();
        let places = count.next_power_of_two().max(8);
        self.keyed.resize(LANES * places, 0);
        for (keyed, values) in self.keyed.chunks_exact_mut(places).zip(stretches) {
            write_keys(values, keyed);
        }
        self.rows.resize(places, Lanes::default());
        put_side_by_side(&self.keyed, &mut self.rows);
        sort_columns(&mut self.rows, count, order);
    }

    /// Ranks of the values of a lane whose keys are in order; says whether it was not too much to put right.
    fn take(&mut self, values: &[f64], lane: usize) -> bool {
        let (count, mask) = (values.len(), self.rows.len() - 1);
        let (ranks, rows) = (&mut self.ranks[..count], &self.rows[..count]);
        let sorted = &mut self.sorted[lane][MARGIN..][..count];
        let places = &mut self.places[lane][MARGIN..][..count];
        let (mut last, mut moves) = (f64::NEG_INFINITY, 0);
        for rank in 0..count {
            let place = rows[rank].0[lane] as usize & mask;
            let (value, mut at) = (values[place], rank);
            if value.partial_cmp(&last).is_none_or(Ordering::is_lt) {
                // Values of one key lie as they came.
                while at > 0 && compare(value, sorted[at - 1]).is_lt() {
                    ranks[places[at - 1] as usize].0[lane] = (at + MARGIN) as u32;
                    sorted[at] = sorted[at - 1];
                    places[at] = places[at - 1];
                    at -= 1;
                }
                moves += rank - at;
                if moves > MOST_MOVES * count {
                    return false;
                }
            }
            ranks[place].0[lane] = (at + MARGIN) as u32;
            sorted[at] = value;
            places[at] = place as u32;
            last = sorted[rank];
        }
        true
    }

    fn sort_by_comparison(&mut self, values: &[f64], lane: usize) {
        let mut places: Vec<usize> = (0..values.len()).collect();
        places.sort_unstable_by(|a, b| compare(values[*a], values[*b]));
        for (rank, place) in (MARGIN..).zip(places) {
            self.sorted[lane][rank] = values[place];
            self.places[lane][rank] = place as u32;
            self.ranks[place].0[lane] = rank as u32;
        }
    }
}

/// Keys that grow with the values, in steps of equal width from the least to the largest number, above places. What is left
/// of `keyed` is filled with the largest key.
#[inline(always)]
fn write_keys(values: &[f64], keyed: &mut [u32]) {
    let (low, high) = range(values);
    let shift = keyed.len().trailing_zeros();
    let top = f64::from(u32::MAX >> shift);
    let scale = if high > low { top / (high - low) } else { 0.0 };
    let (keys, rest) = keyed.split_at_mut(values.len());
    for (place, (keyed, v)) in keys.iter_mut().zip(values).enumerate() {
        let at = (v - low) * scale;
        // NaN is above all others.
        let at = if at < top { at } else { top };
        let at = if at > 0.0 { at } else { 0.0 };
        // In this range the lowest bits of a float64 count by one.
        let key = (at + f64::from(1u32 << 26) * f64::from(1u32 << 26)).to_bits() as u32;
        *keyed = key << shift | place as u32;
    }
    rest.fill(u32::MAX);
}

/// Least and largest value. Several are looked for at once, so that none waits for the one before it.
#[inline(always)]
fn range(values: &[f64]) -> (f64, f64) {
    let (mut lows, mut highs) = ([f64::INFINITY; 16], [f64::NEG_INFINITY; 16]);
    let (parts, rest) = values.as_chunks::<16>();
    let mut last = [f64::NAN; 16];
    last[..rest.len()].copy_from_slice(rest);
    for values in parts.iter().chain([&last]) {
        for ((low, high), v) in lows.iter_mut().zip(&mut highs).zip(values) {
            *low = if *v < *low { *v } else { *low };
            *high = if *v > *high { *v } else { *high };
        }
    }
    let low = lows.into_iter().fold(f64::INFINITY, f64::min);
    (low, highs.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// Makes rows of a key of each stretch.
#[inline(always)]
fn put_side_by_side(keyed: &[u32], rows: &mut [Lanes]) {
    let mut parts = keyed.chunks_exact(rows.len());
    let stretches: [&[u32]; LANES] =
        std::array::from_fn(|_| parts.next().map_or(&[][..], |keys| &keys[..rows.len()]));
    for (place, row) in rows.iter_mut().enumerate() {
        for (lane, keys) in row.0.iter_mut().zip(stretches) {
            *lane = keys[place];
        }
    }
}

fn compare(a: f64, b: f64) -> Ordering {
    match a.partial_cmp(&b) {
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()),
    }
}
