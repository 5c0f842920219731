//! Counts of an electrocardiograph as amplitudes: `(count − baseline) / gain`, lead by lead.
//!
//! Nearly all gains are whole numbers, or at least floats of 24 bits. Then one correction of the estimate by the reciprocal is
//! enough. The remainder `n − q·d` of the estimate `q` is exact in a fused multiply-add, and what is rounded in the end differs from
//! `n/d` by less than 2^-104 of it (both roundings of the estimate times that of the reciprocal). For a whole `n` below 2^53 and a
//! divisor of 24 bits, `n/d` is never nearer than 2^-78 of it to the middle of two floats, where that would matter: such a middle has
//! 54 bits, and times the divisor at most 78.

use crate::leads::COUNT;
use multiversion::{multiversion, target::target_cfg_f};

/// Bytes of a count.
const COUNT_BYTES: usize = 2;
/// Samples that are converted at a time: whole registers of any width.
const TILE: usize = 8;
/// Counts of a tile.
const VALUES: usize = TILE * COUNT;
/// Count that stands for a missing value.
const MISSING: i16 = i16::MIN;
/// Magnitudes of gains and of baselines for which nothing leaves the normal range.
const MODERATE: std::ops::RangeInclusive<f64> = 1e-30..=1e30;
const MAX_BASELINE: f64 = 1e15;

/// What turns counts of twelve leads into amplitudes.
#[derive(Debug, Clone)]
pub struct CountScale {
    baselines: [f64; VALUES],
    gains: [f64; VALUES],
    reciprocals: [f64; VALUES],
    /// True where one correction of an estimate is enough.
    has_short_gains: bool,
}

impl CountScale {
    /// Of leads with these baselines, in counts, and gains, in counts per unit of the amplitudes.
    pub fn new(baselines: &[f64; COUNT], gains: &[f64; COUNT]) -> Self {
        let is_short = |gain: &f64| f64::from(*gain as f32) == *gain && MODERATE.contains(&gain.abs());
        let is_whole = |baseline: &f64| baseline.fract() == 0.0 && baseline.abs() < MAX_BASELINE;
        let gains_in_turn: [f64; VALUES] = std::array::from_fn(|i| gains[i % COUNT]);
        Self {
            baselines: std::array::from_fn(|i| baselines[i % COUNT]),
            gains: gains_in_turn,
            reciprocals: gains_in_turn.map(|gain| 1.0 / gain),
            has_short_gains: gains.iter().all(is_short) && baselines.iter().all(is_whole),
        }
    }

    /// Converts `counts`, little-endian integers of 16 bits, sample by sample with all twelve leads of each, into as many values of
    /// `out`. Quotients are correctly rounded; −32768 becomes NaN. Returns the sum of the counts of each lead, modulo 2^16. Bytes
    /// that are no whole sample are left out.
    ///
    /// ```
    /// use ecgfm_recipe::counts::CountScale;
    /// let counts: Vec<u8> = (0..12i16).flat_map(|lead| (lead * 10).to_le_bytes()).collect();
    /// let mut out = [0.0; 12];
    /// let sums = CountScale::new(&[0.0; 12], &[1000.0; 12]).convert(&counts, &mut out);
    /// assert_eq!((out[1], out[11], sums[11]), (0.01, 0.11, 110));
    /// ```
    pub fn convert(&self, counts: &[u8], out: &mut [f64]) -> [u16; COUNT] {
        let (tiles, rest) = counts.as_chunks::<{ VALUES * COUNT_BYTES }>();
        let (places, rest_places) = out.as_chunks_mut::<VALUES>();
        let mut sums = [0; VALUES];
        convert_tiles(tiles, self, places, &mut sums);
        let (mut last, mut values) = ([0; VALUES * COUNT_BYTES], [[0.0; VALUES]]);
        let whole = rest.len() / (COUNT * COUNT_BYTES) * COUNT;
        last[..whole * COUNT_BYTES].copy_from_slice(&rest[..whole * COUNT_BYTES]);
        convert_tiles(&[last], self, &mut values, &mut sums);
        for (place, value) in rest_places.iter_mut().zip(&values[0][..whole]) {
            *place = *value;
        }
        let of_lead = |lead| sums.iter().skip(lead).step_by(COUNT);
        std::array::from_fn(|lead| of_lead(lead).fold(0, |sum: u16, one| sum.wrapping_add(*one)))
    }
}

/// Converts whole tiles, and adds their counts to `sums`. Loops instead of closures: those would be compiled for any processor.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx+avx2+fma"))]
fn convert_tiles(
    tiles: &[[u8; VALUES * COUNT_BYTES]],
    scale: &CountScale,
    out: &mut [[f64; VALUES]],
    sums: &mut [u16; VALUES],
) {
    let (mut total, is_short) = (*sums, scale.has_short_gains);
    for (tile, out) in tiles.iter().zip(out) {
        let (mut counts, mut is_missing) = ([0i16; VALUES], false);
        for i in 0..VALUES {
            counts[i] = i16::from_le_bytes([tile[2 * i], tile[2 * i + 1]]);
        }
        for i in 0..VALUES {
            total[i] = total[i].wrapping_add(counts[i].cast_unsigned());
        }
        for count in &counts {
            is_missing |= *count == MISSING;
        }
        if target_cfg_f!(target_feature = "fma") && is_short {
            for i in 0..VALUES {
                let (count, gain, reciprocal) = (f64::from(counts[i]), scale.gains[i], scale.reciprocals[i]);
                let dividend = count - scale.baselines[i];
                let estimate = dividend * reciprocal;
                out[i] = (-estimate).mul_add(gain, dividend).mul_add(reciprocal, estimate);
            }
        } else {
            for i in 0..VALUES {
                out[i] = (f64::from(counts[i]) - scale.baselines[i]) / scale.gains[i];
            }
        }
        if is_missing {
            for i in 0..VALUES {
                if counts[i] == MISSING {
                    out[i] = f64::NAN;
                }
            }
        }
    }
    *sums = total;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_counts_are_divided_by_the_usual_gains_as_by_division() {
        let counts: Vec<i16> = (i16::MIN + 1..=i16::MAX)
            .flat_map(|count| [count; COUNT])
            .collect();
        let bytes: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        let mut out = vec![0.0; counts.len()];
        let gains = [
            1000.0,
            200.0,
            204.8,
            409.6,
            4880.0,
            1.0,
            3.0,
            -1000.0,
            16_777_215.0,
            0.1,
            999.0,
            1024.0,
        ];
        let gains = gains.map(|gain: f64| f64::from(gain as f32));
        for baseline in [0.0, 1024.0, -7.0, 32_768.0] {
            let scale = CountScale::new(&[baseline; COUNT], &gains);
            assert!(scale.has_short_gains);
            scale.convert(&bytes, &mut out);
            for (i, (count, out)) in counts.iter().zip(&out).enumerate() {
                let wanted = (f64::from(*count) - baseline) / gains[i % COUNT];
                assert_eq!(out.to_bits(), wanted.to_bits(), "{count}, {baseline}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_count_is_converted_as_one_by_one(
            counts in prop::collection::vec(prop_oneof![any::<i16>(), Just(i16::MIN)], 0..400),
            baselines in prop::array::uniform12(-40_000i32..40_000),
            gains in prop_oneof![
                prop::array::uniform12(prop_oneof![Just(1000.0), Just(200.0), 0.001f64..1e6, Just(-4.88)]),
                prop::array::uniform12((1e-9f32..1e15).prop_map(f64::from)),
                prop::array::uniform12((-60_000i32..-1).prop_map(f64::from)),
            ],
        ) {
            let baselines = baselines.map(f64::from);
            let bytes: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
            let whole = counts.len() / COUNT * COUNT;
            let mut out = vec![7.0; whole];
            let sums = CountScale::new(&baselines, &gains).convert(&bytes, &mut out);
            for (i, (count, out)) in counts.iter().zip(&out).enumerate() {
                let wanted = match *count {
                    i16::MIN => f64::NAN,
                    count => (f64::from(count) - baselines[i % COUNT]) / gains[i % COUNT],
                };
                prop_assert!(out.to_bits() == wanted.to_bits() || out.is_nan() && wanted.is_nan());
            }
            for (lead, sum) in sums.iter().enumerate() {
                let of_lead = counts[..whole].iter().skip(lead).step_by(COUNT);
                let wanted = of_lead.fold(0u16, |sum, count| sum.wrapping_add(count.cast_unsigned()));
                prop_assert_eq!(*sum, wanted);
            }
        }
    }
}
