//! Weights of clusters: of drawn resamples, or of resamples without a group of clusters.

use super::lane_weights::{LANES, LOWER, LaneWeights, SIDE};
use multiversion::multiversion;
use rand::{RngExt, SeedableRng};
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

/// Draws one resample: how many times each cluster is in it.
fn draw_resample(times: &mut [u8], seed: u64, replicate: u64) {
    times.fill(0);
    let count = times.len() as u32;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(replicate);
    for _ in 0..count {
        let times = &mut times[random.random_range(0..count) as usize];
        *times = times.saturating_add(1);
    }
}
