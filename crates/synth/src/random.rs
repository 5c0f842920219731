//! Random numbers: ChaCha streams, one for each purpose and each patient or exam.
//!
//! A stream depends on the seed, a purpose and a number only, never on what was drawn before from another.
//! So any exam can be made alone, in any order, on any number of threads, and is the same.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Purpose of a stream's numbers. The discriminants are part of the format: changing one changes every ECG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Division of a block of slots among patients.
    Patients = 1,
    /// A patient: sex, age, disease, anatomy.
    Person = 2,
    /// Labels, findings and length of an exam.
    Plan = 3,
    /// Heart of an exam: beats and waves.
    Heart = 4,
    /// Electrode noise of an exam, in a stream of its own so that the noise level changes nothing else.
    Noise = 5,
    /// The keys of the permutations.
    Permutation = 6,
    /// Effect of a planted fault on its exam.
    Fault = 7,
    /// What is near the cut of a label in an exam, where classes overlap.
    Borderline = 8,
}

/// Stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct RandomStream(ChaCha8Rng);

impl RandomStream {
    /// The stream for `purpose` number `n` under `seed`. `n` is under 2^48.
    pub(crate) fn new(seed: u64, purpose: Purpose, n: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((purpose as u64) << 48) | n);
        Self(rng)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Random bytes.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits fill the mantissa of a float64, so that every value is exact and 1 is never reached.
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Normal with the given mean and standard deviation (Box and Muller).
    pub(crate) fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        // `1 - unit()` lies in (0, 1], whose logarithm is finite. The second number of the pair is not kept: every draw takes
        // two from the stream, whatever was drawn before.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + sd * radius * (TAU * self.unit()).cos()
    }

    /// Normal, pulled to the nearer bound where it falls outside.
    pub(crate) fn normal_within(&mut self, mean: f64, sd: f64, low: f64, high: f64) -> f64 {
        // Some tries first, so that few values are equal to a bound.
        for _ in 0..8 {
            let value = self.normal(mean, sd);
            if (low..=high).contains(&value) {
                return value;
            }
        }
        self.between(low, high)
    }

    /// A whole number under `n`, which is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }

    /// Draws one of `items`, each as likely as its weight says. The weights' sum is positive.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(T, f64)]) -> T {
        let total: f64 = items.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (item, weight) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        // Rounding of the sum can leave a rest beyond the last item.
        items[items.len() - 1].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_other_purposes_and_numbers_differ_and_repeat() {
        let first = |purpose, n| RandomStream::new(7, purpose, n).bits();
        assert_eq!(first(Purpose::Heart, 3), first(Purpose::Heart, 3));
        assert_ne!(first(Purpose::Heart, 3), first(Purpose::Heart, 4));
        assert_ne!(first(Purpose::Heart, 3), first(Purpose::Noise, 3));
    }

    #[test]
    fn normals_have_the_mean_and_spread_asked_for() {
        let mut stream = RandomStream::new(1, Purpose::Heart, 0);
        let values: Vec<f64> = (0..20_000).map(|_| stream.normal(3.0, 2.0)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 3.0).abs() < 0.06, "{mean}");
        assert!((var.sqrt() - 2.0).abs() < 0.05, "{var}");
    }
}
