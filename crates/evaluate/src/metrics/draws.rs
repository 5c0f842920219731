//! Weights of clusters: of drawn resamples, or of resamples without a group of clusters.

use super::lane_weights::{LANES, LOWER, LaneWeights, SIDE};
use multiversion::multiversion;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Number and seed of resamples.
#[derive(Debug, Clone, Copy)]
pub struct ResamplingPlan {
    /// Number of resamples.
    pub replicates: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// Resamples that are drawn together, each into bytes that stand together: drawn straight into the weights, whose parts of one
/// resample are a line of the cache apart, every draw would wait for memory.
const DRAWN_AT_ONCE: usize = 2 * SIDE;

/// Weights of clusters, and the room that drawing them takes.
pub(super) struct WeightBuffers<W> {
    pub(super) weights: Vec<W>,
    /// [`DRAWN_AT_ONCE`] times each cluster, `[lane][cluster]`.
    drawn: Vec<u8>,
}

impl<W: LaneWeights> WeightBuffers<W> {
    /// Bytes of a cluster.
    pub(super) const BYTES: usize = size_of::<W>() + DRAWN_AT_ONCE;

    pub(super) fn new(clusters: usize) -> Self {
        Self {
            weights: vec![W::NONE; clusters],
            drawn: vec![0; DRAWN_AT_ONCE * clusters],
        }
    }
}

/// What the weights of clusters are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weighting<'a> {
    /// As many clusters are drawn as there are.
    Resampled(ResamplingPlan),
    /// Every cluster once but those of one group. Cluster i is in group i mod the number of groups.
    GroupsLeftOut(usize),
    /// These of each cluster, in every one of so many resamples.
    #[cfg_attr(not(test), expect(dead_code, reason = "for tests"))]
    Given(&'a [u8], usize),
}

/// A weight is more than the type of weights can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WeightTooLarge;

impl Weighting<'_> {
    /// Number of resamples.
    pub(super) fn replicates(self) -> usize {
        match self {
            Self::Resampled(plan) => plan.replicates,
            Self::GroupsLeftOut(groups) => groups,
            Self::Given(_, replicates) => replicates,
        }
    }

    /// Fills in the weights of the block of [`LANES`] resamples with this number; lanes past the last resample weigh nothing. Each
    /// thread draws `apiece` resamples or more.
    pub(super) fn fill<W: LaneWeights>(
        self,
        block: usize,
        buffers: &mut WeightBuffers<W>,
        apiece: usize,
    ) -> Result<(), WeightTooLarge> {
        let first = block * LANES;
        let clusters = buffers.weights.len().max(1);
        for side in (0..LOWER).step_by(SIDE) {
            let lane_of = |at: usize| side + if at < SIDE { at } else { LOWER + at - SIDE };
            let lanes = buffers.drawn.par_chunks_exact_mut(clusters).with_min_len(apiece);
            lanes.enumerate().for_each(|(at, times)| {
                let replicate = first + lane_of(at);
                if replicate < self.replicates() {
                    self.weigh_one(times, replicate);
                } else {
                    times.fill(0);
                }
            });
            let most = buffers.drawn.iter().fold(0, |most: u8, times| most.max(*times));
            if most > W::MOST {
                return Err(WeightTooLarge);
            }
            set_lanes(&mut buffers.weights, side, &buffers.drawn);
        }
        Ok(())
    }

    /// The weight of every cluster in one resample.
    fn weigh_one(self, times: &mut [u8], replicate: usize) {
        match self {
            Self::Resampled(plan) => draw_resample(times, plan.seed, replicate as u64),
            Self::GroupsLeftOut(groups) => {
                let of_cluster = |(cluster, times): (usize, &mut u8)| {
                    *times = u8::from(cluster % groups != replicate);
                };
                times.iter_mut().enumerate().for_each(of_cluster);
            }
            Self::Given(given, _) => times.copy_from_slice(given),
        }
    }
}

/// Puts what was drawn, `[lane][cluster]`, into the weights of the [`SIDE`] lanes from `first` in either half.
#[multiversion(targets("x86_64+avx+avx2"))]
fn set_lanes<W: LaneWeights>(weights: &mut [W], first: usize, drawn: &[u8]) {
    let count = weights.len();
    let lane = |at: usize| &drawn[at * count..][..count];
    let (lower, upper): ([&[u8]; SIDE], [&[u8]; SIDE]) = (
        std::array::from_fn(lane),
        std::array::from_fn(|at| lane(SIDE + at)),
    );
    for (cluster, weights) in weights.iter_mut().enumerate() {
        let mut times = [[0; SIDE]; 2];
        for at in 0..SIDE {
            times[0][at] = lower[at][cluster];
            times[1][at] = upper[at][cluster];
        }
        weights.set(first, times[0], times[1]);
    }
}

/// Random words that are taken from the stream together. The places that they stand for are computed first and counted afterwards, so
/// that the processor waits for many places in memory at once.
const WORDS: usize = 512;

/// Draws one resample: how many times each cluster is in it. Draws are those of `random_range(0..count)` of [`rand::RngExt`], one
/// after another.
fn draw_resample(times: &mut [u8], seed: u64, replicate: u64) {
    times.fill(0);
    let count = times.len() as u32;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(replicate);
    let mut words = [0; WORDS];
    let mut left = times.len();
    while left > 0 {
        let words = &mut words[..WORDS.min(left)];
        random.fill(words);
        left -= match all_places(words, count) {
            true => count_draws(times, words),
            false => draw_from_words(times, words, || random.next_u32()),
        };
    }
}

/// Replaces random words by the clusters that they draw of so many, unless a draw takes a second word; then all stay as they are.
#[multiversion(targets("x86_64+avx+avx2"))]
fn all_places(words: &mut [u32], count: u32) -> bool {
    let most = words.iter().map(|word| word.wrapping_mul(count)).max();
    if most.is_some_and(|most| takes_second_word(most, count)) {
        return false;
    }
    for word in words {
        *word = ((u64::from(*word) * u64::from(count)) >> 32) as u32;
    }
    true
}

/// True if the lower half of a word's product with `count` says that the draw is not even, as one in 2³² / `count` is not.
fn takes_second_word(lower: u32, count: u32) -> bool {
    lower > count.wrapping_neg()
}

/// Counts the clusters that were drawn; returns their number.
fn count_draws(times: &mut [u8], drawn: &[u32]) -> usize {
    for cluster in drawn {
        count_draw(times, *cluster);
    }
    drawn.len()
}

fn count_draw(times: &mut [u8], cluster: u32) {
    let times = &mut times[cluster as usize];
    *times = times.saturating_add(1);
}

/// Draws clusters from all `words`, of which some draws take two (Canon's method); `further` gives the word after the last. Returns the
/// number of draws.
fn draw_from_words(times: &mut [u8], words: &[u32], further: impl FnOnce() -> u32) -> usize {
    let count = times.len() as u32;
    let product = |word: u32| {
        let product = u64::from(word) * u64::from(count);
        ((product >> 32) as u32, product as u32)
    };
    let (mut words, mut further) = (words.iter(), Some(further));
    let mut draws = 0;
    while let Some(word) = words.next() {
        let (mut cluster, lower) = product(*word);
        if takes_second_word(lower, count) {
            let second = words
                .next()
                .copied()
                .or_else(|| further.take().map(|further| further()));
            let (carried, _) = product(second.unwrap_or_default());
            cluster += u32::from(lower.checked_add(carried).is_none());
        }
        count_draw(times, cluster);
        draws += 1;
    }
    draws
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::RngExt;

    /// As many times as `random_range` draws each cluster.
    fn drawn_one_by_one(count: usize, seed: u64, replicate: u64) -> Vec<u8> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(replicate);
        let mut times = vec![0u8; count];
        for _ in 0..count {
            let times = &mut times[random.random_range(0..count as u32) as usize];
            *times = times.saturating_add(1);
        }
        times
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn clusters_are_drawn_as_the_library_draws_them(count in 0usize..5000, seed: u64, replicate: u64) {
            let mut times = vec![9; count];
            draw_resample(&mut times, seed, replicate);
            prop_assert_eq!(times, drawn_one_by_one(count, seed, replicate));
        }
    }

    #[test]
    fn draws_that_take_a_second_word_are_drawn_as_the_library_draws_them() {
        // Of so many clusters, hundreds of draws take a second word, and some of those are the last of their words.
        let count = 1_000_003;
        let mut times = vec![0; count];
        draw_resample(&mut times, 42, 7);
        assert_eq!(times, drawn_one_by_one(count, 42, 7));
    }
}
