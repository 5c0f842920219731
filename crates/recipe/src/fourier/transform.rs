//! Fourier transforms of two leads as one complex signal each, several side by side, on processors with AVX2.

use super::plan::{Plan, Stage};
use bytemuck::must_cast;
use std::arch::x86_64::{
    __m256d, _mm256_add_pd, _mm256_addsub_pd, _mm256_fmadd_pd, _mm256_fmaddsub_pd, _mm256_fmsub_pd,
    _mm256_fmsubadd_pd, _mm256_fnmadd_pd, _mm256_mul_pd, _mm256_permute_pd, _mm256_permute2f128_pd,
    _mm256_set1_pd, _mm256_sub_pd, _mm256_unpackhi_pd, _mm256_unpacklo_pd,
};

/// A sample of four leads: two complex numbers.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Quad(pub(super) [f64; 4]);

/// A sample of several leads.
pub(super) type Row<const V: usize> = [Quad; V];

/// Four values of each of four leads, the other way round.
#[target_feature(enable = "avx2,fma")]
#[inline]
pub(super) fn turn_tile(tile: [[f64; 4]; 4]) -> [[f64; 4]; 4] {
    let [a, b, c, d]: [__m256d; 4] = tile.map(must_cast);
    let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
    let (later_even, later_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
    [
        must_cast(_mm256_permute2f128_pd::<0x20>(even, later_even)),
        must_cast(_mm256_permute2f128_pd::<0x20>(odd, later_odd)),
        must_cast(_mm256_permute2f128_pd::<0x31>(even, later_even)),
        must_cast(_mm256_permute2f128_pd::<0x31>(odd, later_odd)),
    ]
}

/// Multiplies the spectrum of `rows` by `response`, in the order of [`Plan::place`], and by their number.
#[target_feature(enable = "avx2,fma")]
pub(super) fn filter<const V: usize>(plan: &Plan, response: &[[f64; 2]], rows: &mut [Row<V>]) {
    filter_block(&plan.stages, response, rows);
}

#[target_feature(enable = "avx2,fma")]
fn filter_block<const V: usize>(stages: &[Stage], response: &[[f64; 2]], block: &mut [Row<V>]) {
    let Some((stage, rest)) = stages.split_first() else {
        return;
    };
    if rest.is_empty() {
        return match stage.radix {
            2 => filter_shortest::<2, V>(block, response),
            3 => filter_shortest::<3, V>(block, response),
            4 => filter_shortest::<4, V>(block, response),
            _ => filter_shortest::<5, V>(block, response),
        };
    }
    take_apart(stage, block);
    let part = block.len() / stage.radix;
    for (part, response) in block.chunks_exact_mut(part).zip(response.chunks_exact(part)) {
        filter_block(rest, response, part);
    }
    put_together(stage, block);
}

/// Transforms rows; frequencies are left in the order of [`Plan::place`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn forward<const V: usize>(stages: &[Stage], block: &mut [Row<V>]) {
    let Some((stage, rest)) = stages.split_first() else {
        return;
    };
    take_apart(stage, block);
    for part in block.chunks_exact_mut(block.len() / stage.radix) {
        forward(rest, part);
    }
}

/// Transforms back what [`forward`] made, times the number of rows.
#[target_feature(enable = "avx2,fma")]
pub(super) fn backward<const V: usize>(stages: &[Stage], block: &mut [Row<V>]) {
    let Some((stage, rest)) = stages.split_first() else {
        return;
    };
    for part in block.chunks_exact_mut(block.len() / stage.radix) {
        backward(rest, part);
    }
    put_together(stage, block);
}

#[target_feature(enable = "avx2,fma")]
fn take_apart<const V: usize>(stage: &Stage, block: &mut [Row<V>]) {
    match stage.radix {
        2 => pass::<2, V, false>(stage, block),
        3 => pass::<3, V, false>(stage, block),
        4 => pass::<4, V, false>(stage, block),
        _ => pass::<5, V, false>(stage, block),
    }
}

#[target_feature(enable = "avx2,fma")]
fn put_together<const V: usize>(stage: &Stage, block: &mut [Row<V>]) {
    match stage.radix {
        2 => pass::<2, V, true>(stage, block),
        3 => pass::<3, V, true>(stage, block),
        4 => pass::<4, V, true>(stage, block),
        _ => pass::<5, V, true>(stage, block),
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
#[allow(
    clippy::needless_range_loop,
    reason = "the number is a place in several arrays"
)]
fn pass<const R: usize, const V: usize, const BACK: bool>(stage: &Stage, block: &mut [Row<V>]) {
    let count = block.len() / R;
    let mut parts = block.chunks_exact_mut(count);
    let parts: [&mut [Row<V>]; R] =
        std::array::from_fn(|_| parts.next().map_or(&mut [][..], |part| &mut part[..count]));
    for (i, twiddles) in (0..count).zip(stage.twiddles.chunks_exact(R - 1)) {
        for v in 0..V {
            let mut x: [__m256d; R] = std::array::from_fn(|j| must_cast(parts[j][i][v].0));
            if BACK {
                for j in 1..R {
                    x[j] = times::<true>(x[j], twiddles[j - 1]);
                }
                transform::<R, true>(&mut x);
            } else {
                transform::<R, false>(&mut x);
                for j in 1..R {
                    x[j] = times::<false>(x[j], twiddles[j - 1]);
                }
            }
            for j in 0..R {
                parts[j][i][v].0 = must_cast(x[j]);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
#[allow(
    clippy::needless_range_loop,
    reason = "the number is a place in several arrays"
)]
fn filter_shortest<const R: usize, const V: usize>(block: &mut [Row<V>], response: &[[f64; 2]]) {
    let Some(rows) = block.first_chunk_mut::<R>() else {
        return;
    };
    let Some(response) = response.first_chunk::<R>() else {
        return;
    };
    for v in 0..V {
        let mut x: [__m256d; R] = std::array::from_fn(|j| must_cast(rows[j][v].0));
        transform::<R, false>(&mut x);
        for j in 0..R {
            x[j] = times::<false>(x[j], response[j]);
        }
        transform::<R, true>(&mut x);
        for j in 0..R {
            rows[j][v].0 = must_cast(x[j]);
        }
    }
}

/// Product of complex numbers and `by`, or the conjugate of `by`.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn times<const CONJUGATE: bool>(x: __m256d, by: [f64; 2]) -> __m256d {
    let [re, im] = by.map(|part| _mm256_set1_pd(part));
    let crossed = _mm256_mul_pd(_mm256_permute_pd::<0b0101>(x), im);
    if CONJUGATE {
        _mm256_fmsubadd_pd(x, re, crossed)
    } else {
        _mm256_fmaddsub_pd(x, re, crossed)
    }
}

/// `a - i b` and `a + i b`, or the other way round.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn turned<const BACK: bool>(a: __m256d, b: __m256d) -> (__m256d, __m256d) {
    let b = _mm256_permute_pd::<0b0101>(b);
    let (minus, plus) = (
        _mm256_fmsubadd_pd(a, _mm256_set1_pd(1.0), b),
        _mm256_addsub_pd(a, b),
    );
    if BACK { (plus, minus) } else { (minus, plus) }
}

const SIN_60: f64 = 0.866_025_403_784_438_6;
const COS_72: f64 = 0.309_016_994_374_947_45;
const COS_144: f64 = -0.809_016_994_374_947_5;
const SIN_72: f64 = 0.951_056_516_295_153_5;
const SIN_144: f64 = 0.587_785_252_292_473_1;

/// Discrete Fourier transform of a few rows.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn transform<const R: usize, const BACK: bool>(x: &mut [__m256d; R]) {
    let (add, sub) = (|a, b| _mm256_add_pd(a, b), |a, b| _mm256_sub_pd(a, b));
    match x.as_mut_slice() {
        [a, b] => (*a, *b) = (add(*a, *b), sub(*a, *b)),
        [a, b, c] => {
            let (sum, middle) = (add(*b, *c), _mm256_mul_pd(sub(*b, *c), _mm256_set1_pd(SIN_60)));
            (*b, *c) = turned::<BACK>(_mm256_fnmadd_pd(sum, _mm256_set1_pd(0.5), *a), middle);
            *a = add(*a, sum);
        }
        [a, b, c, d] => {
            let (even, odd) = (add(*a, *c), add(*b, *d));
            (*b, *d) = turned::<BACK>(sub(*a, *c), sub(*b, *d));
            (*a, *c) = (add(even, odd), sub(even, odd));
        }
        [a, b, c, d, e] => {
            let [cos1, cos2, sin1, sin2] = [COS_72, COS_144, SIN_72, SIN_144].map(|v| _mm256_set1_pd(v));
            let (sum1, sum2, off1, off2) = (add(*b, *e), add(*c, *d), sub(*b, *e), sub(*c, *d));
            let middle1 = _mm256_fmadd_pd(cos2, sum2, _mm256_fmadd_pd(cos1, sum1, *a));
            let middle2 = _mm256_fmadd_pd(cos1, sum2, _mm256_fmadd_pd(cos2, sum1, *a));
            let side1 = _mm256_fmadd_pd(sin1, off1, _mm256_mul_pd(sin2, off2));
            let side2 = _mm256_fmsub_pd(sin2, off1, _mm256_mul_pd(sin1, off2));
            *a = add(*a, add(sum1, sum2));
            (*b, *e) = turned::<BACK>(middle1, side1);
            (*c, *d) = turned::<BACK>(middle2, side2);
        }
        _ => {}
    }
}
