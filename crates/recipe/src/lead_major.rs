//! Standardised values, lead by lead.

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
    let is_fused = target_cfg_f!(target_feature = "fma") && by.are_moderate();
    for number in 0..count {
        let words = match is_fused {
            true => divide_pairs::<true, S>(&tiles[number], &means, &by),
            false => divide_pairs::<false, S>(&tiles[number], &means, &by),
        };
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
