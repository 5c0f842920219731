//! Standardised values, lead by lead.
//!
//! A quotient is rounded to float64, then to float32. Its products by two numbers, one a little below and one a little above the
//! reciprocal of the divisor, lie on either side of it; where both round to one float32, it rounds to that, too, whatever the float64
//! between them is. Where they do not, once in millions of values, a tile is divided.

use crate::divide::Divisors;
use crate::leads::COUNT;
use crate::sample::Sample;
use multiversion::{multiversion, target::target_cfg_f};

/// Samples that are divided and turned at a time.
const TILE: usize = 8;
/// Values of a tile.
const VALUES: usize = TILE * COUNT;
/// Pairs of samples in a tile.
const PAIRS: usize = TILE / 2;

/// Subtracts the mean of every lead from `samples` (sample-major) and divides them into `out`, lead-major, each quotient rounded to the
/// nearest float32.
///
/// A tile is divided as it lies. Then float32 of two samples that follow each other are made one word of 64 bits, so that half as many
/// words are turned.
#[multiversion(targets("x86_64+avx+avx2+fma"))]
pub(crate) fn lead_major_twelve<S: Sample>(
    samples: &[S],
    means: &[f64; COUNT],
    divisors: &[f64; COUNT],
    out: &mut [f32],
) {
    let length = samples.len() / COUNT;
    let (tiles, rest) = samples.as_chunks::<VALUES>();
    let mut leads = out.chunks_exact_mut(length.max(1));
    let rows: [&mut [[f32; TILE]]; COUNT] =
        std::array::from_fn(|_| leads.next().map_or(&mut [][..], |row| row.as_chunks_mut().0));
    // Of a length that is the same for all, no bound is checked.
    let count = rows.iter().fold(tiles.len(), |count, row| count.min(row.len()));
    let rows = rows.map(|row| &mut row[..count]);
    let by = Divisors::<VALUES>::cycled(divisors);
    let means: [f64; VALUES] = std::array::from_fn(|i| means[i % COUNT]);
    let bounds = ReciprocalBounds::new(divisors);
    let is_fused = target_cfg_f!(target_feature = "fma") && by.are_moderate();
    for number in 0..count {
        let (mut words, is_certain) = bound_pairs(&tiles[number], &means, &bounds);
        if !(is_certain && by.are_moderate()) {
            words = match is_fused {
                true => divide_pairs::<true, S>(&tiles[number], &means, &by),
                false => divide_pairs::<false, S>(&tiles[number], &means, &by),
            };
        }
        for lead in 0..COUNT {
            let mut column = [0f32; TILE];
            for pair in 0..PAIRS {
                column[2 * pair] = f32::from_bits(words[pair][lead] as u32);
                column[2 * pair + 1] = f32::from_bits((words[pair][lead] >> 32) as u32);
            }
            rows[lead][number] = column;
        }
    }
    for (t, sample) in rest.as_chunks::<COUNT>().0.iter().enumerate() {
        for lead in 0..COUNT {
            let centred = sample[lead].to_f64() - means[lead];
            if let Some(place) = out.get_mut(lead * length + count * TILE + t) {
                *place = (centred / divisors[lead]) as f32;
            }
        }
    }
}

/// Numbers below and above the reciprocals of the divisors of a tile's values.
struct ReciprocalBounds {
    below: [f64; VALUES],
    above: [f64; VALUES],
}

impl ReciprocalBounds {
    /// The reciprocal, the bound and a product by it are each off by 2⁻⁵³ of their size at most; the bounds are 4 times that apart from
    /// the reciprocal. (Results that are too small for that are 0 in float32.)
    fn new(divisors: &[f64; COUNT]) -> Self {
        const APART: f64 = 4.0 * (f64::EPSILON / 2.0);
        let reciprocal = |i: usize| 1.0 / divisors[i % COUNT];
        Self {
            below: std::array::from_fn(|i| reciprocal(i) * (1.0 - APART)),
            above: std::array::from_fn(|i| reciprocal(i) * (1.0 + APART)),
        }
    }
}

/// As [`divide_pairs`], and true where that is certain, for divisors of moderate size.
#[inline(always)]
#[allow(
    clippy::needless_range_loop,
    reason = "the numbers are places in several arrays"
)]
fn bound_pairs<S: Sample>(
    tile: &[S; VALUES],
    means: &[f64; VALUES],
    bounds: &ReciprocalBounds,
) -> ([[u64; COUNT]; PAIRS], bool) {
    let (mut words, mut unlike) = ([[0; COUNT]; PAIRS], [0; COUNT]);
    for pair in 0..PAIRS {
        for lead in 0..COUNT {
            let (at, next) = (2 * pair * COUNT + lead, (2 * pair + 1) * COUNT + lead);
            let (first, second) = (tile[at].to_f64() - means[at], tile[next].to_f64() - means[next]);
            let below = ((first * bounds.below[at]) as f32).to_bits();
            let above = ((first * bounds.above[at]) as f32).to_bits();
            let next_below = ((second * bounds.below[next]) as f32).to_bits();
            let next_above = ((second * bounds.above[next]) as f32).to_bits();
            unlike[lead] |= (below ^ above) | (next_below ^ next_above);
            words[pair][lead] = u64::from(below) | u64::from(next_below) << 32;
        }
    }
    let mut all = 0u32;
    for lead in 0..COUNT {
        all |= unlike[lead];
    }
    (words, all == 0)
}

/// Float32 of a tile's values, centred and divided: each word has those of two samples that follow each other.
#[inline(always)]
#[allow(
    clippy::needless_range_loop,
    reason = "the numbers are places in several arrays"
)]
fn divide_pairs<const FUSED: bool, S: Sample>(
    tile: &[S; VALUES],
    means: &[f64; VALUES],
    by: &Divisors<VALUES>,
) -> [[u64; COUNT]; PAIRS] {
    let mut words = [[0; COUNT]; PAIRS];
    for pair in 0..PAIRS {
        for lead in 0..COUNT {
            let (at, next) = (2 * pair * COUNT + lead, (2 * pair + 1) * COUNT + lead);
            let first = by.quotient::<FUSED>(at, tile[at].to_f64() - means[at]) as f32;
            let second = by.quotient::<FUSED>(next, tile[next].to_f64() - means[next]) as f32;
            words[pair][lead] = u64::from(first.to_bits()) | u64::from(second.to_bits()) << 32;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotients_between_two_float32_are_rounded_as_by_dividing() {
        let half = f64::EPSILON * 2f64.powi(28);
        for (number, divisor) in [1.0, 3.0, 0.7, 1e-3, 1e90].into_iter().enumerate() {
            let quotients = (0..VALUES * 4).map(|i| match i % 5 {
                0 => 1.0 + half * (2 * i + 1) as f64,
                1 => -(1.0 + half * (2 * i + 1) as f64),
                2 => f64::from(f32::from_bits(i as u32 + 1)) * 1.5,
                3 => [0.0, -0.0, f64::INFINITY, f64::NAN, 1e-320, 3.4028235677973366e38][i % 6],
                _ => 0.37 * i as f64,
            });
            let values: Vec<f64> = quotients.map(|quotient| quotient * divisor).collect();
            let mut out = vec![7f32; values.len()];
            lead_major_twelve(&values, &[0.0; COUNT], &[divisor; COUNT], &mut out);
            let length = values.len() / COUNT;
            for (i, value) in values.iter().enumerate() {
                let (t, lead) = (i / COUNT, i % COUNT);
                let wanted = (*value / divisor) as f32;
                assert_eq!(
                    out[lead * length + t].to_bits(),
                    wanted.to_bits(),
                    "{number}: {value:e}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn every_value_is_centred_and_divided_as_one_by_one(
            values in prop::collection::vec(-50f64..50.0, 12..700),
            means in prop::array::uniform12(-2f64..2.0),
            divisors in prop::array::uniform12(prop_oneof![1e-6f64..3.0, Just(1.0), Just(1e-200)]),
        ) {
            let length = values.len() / COUNT;
            let float32: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            let (mut of_f64, mut of_f32) = (vec![7f32; length * COUNT], vec![7f32; length * COUNT]);
            lead_major_twelve(&values[..length * COUNT], &means, &divisors, &mut of_f64);
            lead_major_twelve(&float32[..length * COUNT], &means, &divisors, &mut of_f32);
            for lead in 0..COUNT {
                for t in 0..length {
                    let wanted = |v: f64| ((v - means[lead]) / divisors[lead]) as f32;
                    let at = lead * length + t;
                    prop_assert_eq!(of_f64[at].to_bits(), wanted(values[t * COUNT + lead]).to_bits());
                    prop_assert_eq!(of_f32[at].to_bits(), wanted(float32[t * COUNT + lead].into()).to_bits());
                }
            }
        }
    }
}
