//! A seeded permutation that stays the same with every version of every library.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A uniform permutation of 0..n: Fisher–Yates from the end, driven by ChaCha8 seeded with `seed`.
pub(crate) fn random_permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, uniform_below(&mut rng, i as u64 + 1) as usize);
    }
    order
}

/// Uniform in 0..bound without bias: Lemire's multiply and reject.
fn uniform_below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_permutation_for_ever() {
        let order = random_permutation(10, 42);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        assert_eq!(order, random_permutation(10, 42));
        assert_ne!(order, random_permutation(10, 43));
    }

    #[test]
    fn every_item_is_as_likely_to_be_first() {
        let mut first = [0usize; 5];
        (0..5000).for_each(|seed| first[random_permutation(5, seed)[0]] += 1);
        assert!(first.iter().all(|n| (900..1100).contains(n)), "{first:?}");
    }
}
