//! Base64 on processors with AVX2, 32 characters at once: W. Muła and D. Lemire, *Faster Base64 Encoding and Decoding Using AVX2
//! Instructions*, ACM Transactions on the Web 12, 2018.
//!
//! Sound: all that is `unsafe` is the call of a function that is compiled for AVX2, after the processor was asked for it. Memory is
//! only reached through slices.
#![allow(unsafe_code)]

use super::base64_lines::{self, BLOCK, LineLayout};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_shuffle_epi8, _mm256_srli_epi32,
    _mm256_testz_si256,
};

/// Decodes lines as [`base64_lines::decode_lines`] does; none on other processors.
pub(super) fn decode_lines_at_once(
    text: &[u8],
    layout: LineLayout,
    bytes: &mut [u8],
) -> Option<(usize, usize)> {
    // SAFETY: the processor has what the function is compiled for.
    std::is_x86_feature_detected!("avx2").then(|| unsafe { decode_lines_avx2(text, layout, bytes) })
}

#[target_feature(enable = "avx2")]
fn decode_lines_avx2(text: &[u8], layout: LineLayout, bytes: &mut [u8]) -> (usize, usize) {
    base64_lines::decode_lines(text, layout, bytes, |block| decode_block(block))
}

/// By the low half of a character, and by its high half, bits of which they have one in common where the character is outside the
/// alphabet.
const OF_LOW: [u8; 16] = [
    0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
];
const OF_HIGH: [u8; 16] = [
    0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
];
/// What is added to a character of each high half, modulo 256; of the slash, whose is another, to the one before.
const SHIFTS: [u8; 16] = [0, 16, 19, 4, 191, 191, 185, 185, 0, 0, 0, 0, 0, 0, 0, 0];
/// Three bytes of every four, the highest first.
const THREE_OF_FOUR: [u8; 16] = [2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0x80, 0x80, 0x80, 0x80];
/// Words with bytes in them, together.
const TOGETHER: [u32; 8] = [0, 1, 2, 4, 5, 6, 7, 7];

fn twice(table: [u8; 16]) -> __m256i {
    bytemuck::must_cast([table; 2])
}

#[target_feature(enable = "avx2")]
#[inline]
fn decode_block(block: &[u8; BLOCK]) -> Option<[u8; BLOCK]> {
    let characters: __m256i = bytemuck::must_cast(*block);
    let slash = _mm256_set1_epi8(0x2F);
    let high = _mm256_and_si256(_mm256_srli_epi32::<4>(characters), slash);
    let low = _mm256_and_si256(characters, slash);
    let of_low = _mm256_shuffle_epi8(twice(OF_LOW), low);
    let of_high = _mm256_shuffle_epi8(twice(OF_HIGH), high);
    if _mm256_testz_si256(of_low, of_high) == 0 {
        return None;
    }
    let kind = _mm256_add_epi8(_mm256_cmpeq_epi8(characters, slash), high);
    let values = _mm256_add_epi8(characters, _mm256_shuffle_epi8(twice(SHIFTS), kind));
    let pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x0140_0140));
    let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_1000));
    let threes = _mm256_shuffle_epi8(fours, twice(THREE_OF_FOUR));
    let together = _mm256_permutevar8x32_epi32(threes, bytemuck::must_cast(TOGETHER));
    Some(bytemuck::must_cast(together))
}
