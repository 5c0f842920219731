//! Seeded permutations of 0..n without a table: a Feistel network, applied until the result is in the range.
//!
//! Exam ids, patients and rows in the parts look unordered with them. They take no memory at any size, and
//! can be inverted.

use crate::random::{Purpose, RandomStream};

/// Rounds of the network. Four of them with random functions make a pseudorandom permutation (Luby and Rackoff, 1988); two
/// more, because the function here is a plain mixer.
const ROUNDS: usize = 6;

/// Permutation of 0..len.
#[derive(Debug, Clone)]
pub(crate) struct Permutation {
    len: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The `number`th permutation of 0..len under `seed`.
    pub(crate) fn new(seed: u64, number: u64, len: u64) -> Self {
        let mut stream = RandomStream::new(seed, Purpose::Permutation, number);
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self {
            len,
            half_bits: bits.div_ceil(2).max(1),
            keys: std::array::from_fn(|_| stream.bits()),
        }
    }

    /// Image of `i`, which is under the length.
    pub(crate) fn forward(&self, i: u64) -> u64 {
        let mut value = i;
        loop {
            let (mut left, mut right) = self.halves(value);
            for key in self.keys {
                (left, right) = (right, left ^ self.mix(right, key));
            }
            value = self.joined(left, right);
            // The network permutes 0 to a power of four; applied again to a value outside of 0..len, it comes back into it, and no
            // two numbers to the same (cycle walking: Black and Rogaway, 2002).
            if value < self.len {
                return value;
            }
        }
    }

    /// Number whose image is `i`, which is under the length.
    pub(crate) fn inverse(&self, i: u64) -> u64 {
        let mut value = i;
        loop {
            let (mut left, mut right) = self.halves(value);
            for key in self.keys.iter().rev() {
                (left, right) = (right ^ self.mix(left, *key), left);
            }
            value = self.joined(left, right);
            if value < self.len {
                return value;
            }
        }
    }

    fn mask(&self) -> u64 {
        (1 << self.half_bits) - 1
    }

    fn halves(&self, value: u64) -> (u64, u64) {
        (value >> self.half_bits, value & self.mask())
    }

    fn joined(&self, left: u64, right: u64) -> u64 {
        left << self.half_bits | right
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014), cut to half a word.
    fn mix(&self, value: u64, key: u64) -> u64 {
        let mut x = value.wrapping_add(key);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) & self.mask()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_taken_once_and_found_again(seed: u64, len in 1_u64..2000) {
            let permutation = Permutation::new(seed, 1, len);
            let mut taken = vec![false; len as usize];
            for i in 0..len {
                let to = permutation.forward(i);
                prop_assert!(!std::mem::replace(&mut taken[to as usize], true));
                prop_assert_eq!(permutation.inverse(to), i);
            }
        }
    }
}
