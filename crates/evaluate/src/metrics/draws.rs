//! Weights of clusters: of drawn resamples, or of resamples without a group of clusters.

use super::lane_weights::{ByteWeights, HalfByteWeights, LANES, LOWER, SIDE};
use super::large_buffer::LargeBuffer;
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
pub(super) struct WeightBuffers {
    pub(super) weights: LargeBuffer<HalfByteWeights>,
    /// [`DRAWN_AT_ONCE`] times [`HalfByteCounts`] of each cluster.
    drawn: LargeBuffer<u8>,
}

impl WeightBuffers {
    pub(super) fn new(clusters: usize) -> Self {
        Self {
            weights: LargeBuffer::new(clusters),
            drawn: LargeBuffer::new(DRAWN_AT_ONCE * clusters.div_ceil(2)),
        }
    }

    /// Bytes of so many clusters.
    pub(super) fn bytes(clusters: usize) -> usize {
        clusters * size_of::<HalfByteWeights>() + DRAWN_AT_ONCE * clusters.div_ceil(2)
    }
}

/// Number of times that each cluster was drawn, in half a byte, so that the counts of many clusters stay in an inner cache: those of two
/// neighbours are a byte, the first one's its lower half.
struct HalfByteCounts<'a>(&'a mut [u8]);

impl HalfByteCounts<'_> {
    #[inline(always)]
    fn add(&mut self, cluster: u32) {
        let both = &mut self.0[cluster as usize / 2];
        *both = both.wrapping_add(1 << (4 * (cluster % 2)));
    }

    /// True if all of so many draws are counted. A count above 15 takes 16 from itself and gives the next one at most 1.
    fn are_all(&self, draws: usize) -> bool {
        let some = |bytes: &[u8]| {
            bytes.iter().fold(0, |sum: u32, both| {
                sum + u32::from(both & 15) + u32::from(both >> 4)
            })
        };
        self.0
            .chunks(1 << 16)
            .map(|bytes| some(bytes) as usize)
            .sum::<usize>()
            == draws
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
    pub(super) fn fill(
        self,
        block: usize,
        buffers: &mut WeightBuffers,
        apiece: usize,
    ) -> Result<(), WeightTooLarge> {
        let first = block * LANES;
        let clusters = buffers.weights.len();
        for side in (0..LOWER).step_by(SIDE) {
            let lane_of = |at: usize| side + if at < SIDE { at } else { LOWER + at - SIDE };
            let lanes = buffers.drawn.par_chunks_exact_mut(clusters.div_ceil(2).max(1));
            lanes
                .with_min_len(apiece)
                .enumerate()
                .try_for_each(|(at, counts)| self.draw_half_bytes(counts, clusters, first + lane_of(at)))?;
            set_lanes(&mut buffers.weights, side, &buffers.drawn);
        }
        Ok(())
    }

    /// Draws one resample.
    fn draw_half_bytes(
        self,
        counts: &mut [u8],
        clusters: usize,
        replicate: usize,
    ) -> Result<(), WeightTooLarge> {
        counts.fill(0);
        let mut counts = HalfByteCounts(counts);
        let draws = self.draw(clusters, replicate, |cluster| counts.add(cluster));
        if counts.are_all(draws) {
            Ok(())
        } else {
            Err(WeightTooLarge)
        }
    }

    /// Weights of a block that half a byte does not hold. A byte does: 256 times one cluster is less likely than 1 in 256!.
    pub(super) fn large(self, block: usize, clusters: usize) -> Vec<ByteWeights> {
        let mut weights = vec![ByteWeights::NONE; clusters];
        for lane in 0..LANES {
            self.draw(clusters, block * LANES + lane, |cluster| {
                let weight = &mut weights[cluster as usize].0[lane];
                *weight = weight.saturating_add(1);
            });
        }
        weights
    }

    /// Draws one resample, cluster after cluster; none where there are fewer resamples. Returns the number of draws.
    #[inline(always)]
    fn draw(self, clusters: usize, replicate: usize, mut draw: impl FnMut(u32)) -> usize {
        if replicate >= self.replicates() {
            return 0;
        }
        match self {
            Self::Resampled(plan) => {
                draw_resample(clusters, plan.seed, replicate as u64, draw);
                clusters
            }
            Self::GroupsLeftOut(groups) => {
                let kept = (0..clusters).filter(|cluster| cluster % groups != replicate);
                kept.map(|cluster| draw(cluster as u32)).count()
            }
            Self::Given(given, _) => {
                let times = (0..)
                    .zip(given)
                    .flat_map(|(cluster, times)| std::iter::repeat_n(cluster, usize::from(*times)));
                times.map(draw).count()
            }
        }
    }
}

/// Puts what was drawn into the weights of the [`SIDE`] lanes from `first` in either half.
#[multiversion(targets("x86_64+avx+avx2"))]
fn set_lanes(weights: &mut [HalfByteWeights], first: usize, drawn: &[u8]) {
    let bytes = weights.len().div_ceil(2);
    let lane = |at: usize| &drawn[at * bytes..][..bytes];
    let (lower, upper): ([&[u8]; SIDE], [&[u8]; SIDE]) = (
        std::array::from_fn(lane),
        std::array::from_fn(|at| lane(SIDE + at)),
    );
    for (byte, neighbours) in weights.chunks_mut(2).enumerate() {
        let (lower, upper) = (lower.map(|lane| lane[byte]), upper.map(|lane| lane[byte]));
        let both: [[u8; SIDE]; 2] = [
            std::array::from_fn(|at| lower[at] & 15 | upper[at] << 4),
            std::array::from_fn(|at| lower[at] >> 4 | upper[at] & 240),
        ];
        for (weights, both) in neighbours.iter_mut().zip(both) {
            weights.set(first, both);
        }
    }
}

/// Random words that are taken from the stream together. The places that they stand for are computed first and counted afterwards, so
/// that the processor waits for many places in memory at once.
const WORDS: usize = 512;

/// Draws one resample, of as many clusters as there are. Draws are those of `random_range(0..clusters)` of [`rand::RngExt`], one after
/// another.
#[inline(always)]
fn draw_resample(clusters: usize, seed: u64, replicate: u64, mut draw: impl FnMut(u32)) {
    let count = clusters as u32;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(replicate);
    let mut words = [0; WORDS];
    let mut left = clusters;
    while left > 0 {
        let words = &mut words[..WORDS.min(left)];
        random.fill(words);
        left -= match all_places(words, count) {
            true => {
                words.iter().for_each(|&cluster| draw(cluster));
                words.len()
            }
            false => draw_from_words(words, count, &mut draw, || random.next_u32()),
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

/// Draws clusters from all `words`, of which some draws take two (Canon's method); `further` gives the word after the last. Returns the
/// number of draws.
fn draw_from_words(
    words: &[u32],
    count: u32,
    mut draw: impl FnMut(u32),
    further: impl FnOnce() -> u32,
) -> usize {
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
        draw(cluster);
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
            let mut times = vec![0; count];
            draw_resample(count, seed, replicate, |cluster| times[cluster as usize] += 1);
            prop_assert_eq!(times, drawn_one_by_one(count, seed, replicate));
        }
    }

    #[test]
    fn draws_that_take_a_second_word_are_drawn_as_the_library_draws_them() {
        // Of so many clusters, hundreds of draws take a second word, and some of those are the last of their words.
        let count = 1_000_003;
        let mut times = vec![0; count];
        draw_resample(count, 42, 7, |cluster| times[cluster as usize] += 1);
        assert_eq!(times, drawn_one_by_one(count, 42, 7));
    }
}
