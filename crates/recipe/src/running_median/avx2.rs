//! Ranks of medians on processors with AVX2, which have the eight lanes in one register.
//!
//! Sound: all that is `unsafe` is the call of a function that is compiled for AVX2, after the processor was asked for it. Memory is
//! only reached through slices.
#![allow(unsafe_code)]

use super::known_ranks::{KNOWN, KnownRanks};
use super::lanes::{LANES, Lanes};
use super::moving_window::find_medians;
use super::rank_order::RankOrders;
use bytemuck::must_cast;
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_ps, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_cmpgt_epi32, _mm256_cvtepi32_ps, _mm256_max_epi32,
    _mm256_max_epu32, _mm256_min_epu32, _mm256_movemask_ps, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_sllv_epi32, _mm256_srli_epi32, _mm256_srlv_epi32, _mm256_sub_epi32, _mm256_xor_si256,
};

/// Sorts the stretches and finds the ranks of the medians of all windows of `width`; says whether the processor can.
pub(super) fn rank_medians(
    orders: &mut RankOrders,
    stretches: &[&[f64]; LANES],
    width: usize,
    medians: &mut [Lanes],
) -> bool {
    let can = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("lzcnt");
    if can {
        // SAFETY: the processor has what the function is compiled for.
        unsafe { rank_medians_avx2(orders, stretches, width, medians) }
    }
    can
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn rank_medians_avx2(
    orders: &mut RankOrders,
    stretches: &[&[f64]; LANES],
    width: usize,
    medians: &mut [Lanes],
) {
    orders.sort(stretches, |a, b| exchange(a, b));
    let advance = |known: &mut KnownRanks, old: &Lanes, new: &Lanes| advance(known, old, new);
    find_medians(orders, width, medians, advance, |places, start, width| {
        members(places, start, width)
    });
}

/// As [`super::lanes::exchange`].
#[target_feature(enable = "avx2")]
#[inline]
fn exchange(a: Lanes, b: Lanes) -> (Lanes, Lanes) {
    let (a, b): (__m256i, __m256i) = (must_cast(a.0), must_cast(b.0));
    (
        Lanes(must_cast(_mm256_min_epu32(a, b))),
        Lanes(must_cast(_mm256_max_epu32(a, b))),
    )
}

/// As [`super::known_ranks::members`].
#[target_feature(enable = "avx2")]
#[inline]
fn members(places: &[u32; KNOWN], start: u32, width: u32) -> u32 {
    let (start, last) = (
        _mm256_set1_epi32(start as i32),
        _mm256_set1_epi32(width as i32 - 1),
    );
    let mut members = 0;
    for (i, places) in places.as_chunks::<LANES>().0.iter().enumerate() {
        let since = _mm256_sub_epi32(must_cast(*places), start);
        let is_member = _mm256_cmpeq_epi32(_mm256_min_epu32(since, last), since);
        members |= (_mm256_movemask_ps(_mm256_castsi256_ps(is_member)) as u32) << (LANES * i);
    }
    members
}

/// As [`super::known_ranks::advance`], without a branch.
#[target_feature(enable = "avx2")]
#[inline]
fn advance(known: &mut KnownRanks, old: &Lanes, new: &Lanes) -> u32 {
    let [first, members, median, old, new]: [__m256i; 5] =
        [known.first.0, known.members.0, known.median.0, old.0, new.0].map(must_cast);
    let (zero, one) = (_mm256_setzero_si256(), _mm256_set1_epi32(1));
    let (old, new) = (_mm256_sub_epi32(old, first), _mm256_sub_epi32(new, first));
    // A shift by 32 or more leaves nothing.
    let changed = _mm256_xor_si256(_mm256_sllv_epi32(one, old), _mm256_sllv_epi32(one, new));
    let members = _mm256_xor_si256(members, changed);
    // 1 where one fewer is below the median, -1 where one more is.
    let fewer = _mm256_sub_epi32(_mm256_cmpgt_epi32(median, new), _mm256_cmpgt_epi32(median, old));
    let from = _mm256_add_epi32(median, _mm256_max_epi32(fewer, zero));
    let above = _mm256_srlv_epi32(members, from);
    let lowest = _mm256_and_si256(above, _mm256_sub_epi32(zero, above));
    let up = _mm256_add_epi32(from, exponent(lowest));
    let below = _mm256_and_si256(members, _mm256_sub_epi32(_mm256_sllv_epi32(one, median), one));
    // Without the bit below the highest, nothing is rounded up to the next power of two.
    let down = exponent(_mm256_andnot_si256(_mm256_srli_epi32::<1>(below), below));
    let [up, down, is_down] = [up, down, fewer].map(|lanes| _mm256_castsi256_ps(lanes));
    let median = _mm256_blendv_ps(up, down, is_down);
    known.members.0 = must_cast(members);
    known.median.0 = must_cast(_mm256_castps_si256(median));
    _mm256_movemask_ps(median) as u32
}

/// Place of the highest bit, which that of a float32 tells; -127 of 0.
#[target_feature(enable = "avx2")]
#[inline]
fn exponent(bits: __m256i) -> __m256i {
    let float = _mm256_castps_si256(_mm256_cvtepi32_ps(bits));
    let biased = _mm256_and_si256(_mm256_srli_epi32::<23>(float), _mm256_set1_epi32(255));
    _mm256_sub_epi32(biased, _mm256_set1_epi32(127))
}
