//! Segments that belong to one ECG.

use ecgfm_artifacts::labelset::Pool;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::prelude::*;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows grouped by a key; groups are numbered in the order of their first rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Groups {
    /// Number of the group of each row.
    pub(crate) of_row: Vec<u32>,
    /// First row of each group.
    pub(crate) first: Vec<usize>,
    /// Rows in each group.
    pub(crate) sizes: Vec<u32>,
}

/// What is a row's leader while it is known only to be that of the row before.
const AS_BEFORE: u32 = u32::MAX;
/// Rows whose keys are hashed at a time.
const ROWS: usize = 1 << 14;

impl Groups {
    /// Groups rows by key, of which there are fewer than 2³² − 1.
    ///
    /// What takes the time is finding a key among hundreds of thousands, which lie too far apart for a core's cache. So
    /// keys are dealt out by their hash, a table to a thread, and the tables hold rows, not keys. Which groups there are
    /// does not depend on the number of threads.
    pub(crate) fn by<K: Hash + Eq + Copy + Send + Sync>(keys: impl IntoIterator<Item = K>) -> Self {
        let keys: Vec<K> = keys.into_iter().collect();
        let hasher = DefaultHashBuilder::default();
        let mut hashes = vec![0; keys.len()];
        let chunks = hashes.par_chunks_mut(ROWS).zip(keys.par_chunks(ROWS));
        chunks.for_each(|(hashes, keys)| {
            let hashed = keys.iter().map(|key| hasher.hash_one(key));
            hashes
                .iter_mut()
                .zip(hashed)
                .for_each(|(slot, hash)| *slot = hash);
        });
        let leaders: Vec<AtomicU32> = keys.iter().map(|_| AtomicU32::new(AS_BEFORE)).collect();
        let parts = if keys.len() < ROWS {
            1
        } else {
            rayon::current_num_threads() as u64
        };
        (0..parts)
            .into_par_iter()
            .for_each(|part| lead(&keys, &hashes, (part, parts), &leaders));
        Self::led(leaders.into_iter().map(AtomicU32::into_inner))
    }

    /// Numbers the groups, given the first row of each row's.
    fn led(leaders: impl ExactSizeIterator<Item = u32>) -> Self {
        let mut groups = Self {
            of_row: Vec::with_capacity(leaders.len()),
            first: Vec::new(),
            sizes: Vec::new(),
        };
        for (row, leader) in leaders.enumerate() {
            let group = match leader {
                AS_BEFORE => groups.of_row[row - 1],
                leader if leader as usize == row => {
                    groups.first.push(row);
                    groups.sizes.push(0);
                    groups.first.len() as u32 - 1
                }
                leader => groups.of_row[leader as usize],
            };
            groups.sizes[group as usize] += 1;
            groups.of_row.push(group);
        }
        groups
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }

    /// One score a group. The mean and the product are taken in float64, in row order, and rounded once.
    pub(crate) fn pool(&self, scores: &[f32], pool: Pool) -> Vec<f32> {
        let rows = || {
            self.of_row
                .iter()
                .map(|g| *g as usize)
                .zip(scores.iter().copied())
        };
        match pool {
            Pool::Mean => {
                let mut sums = vec![0.0f64; self.len()];
                rows().for_each(|(group, score)| sums[group] += f64::from(score));
                sums.iter()
                    .zip(&self.sizes)
                    .map(|(sum, n)| (sum / f64::from(*n)) as f32)
                    .collect()
            }
            Pool::Max => {
                let mut largest = vec![f32::NEG_INFINITY; self.len()];
                rows().for_each(|(group, score)| largest[group] = largest[group].max(score));
                largest
            }
            Pool::NoisyOr => {
                let mut none = vec![1.0f64; self.len()];
                rows().for_each(|(group, score)| none[group] *= 1.0 - f64::from(score));
                none.iter().map(|none| (1.0 - none) as f32).collect()
            }
        }
    }
}

/// Finds the first row of every key of one part: the hashes that leave `part` when divided by `parts`. A row whose key is
/// that of the row before is left alone: segments of one ECG stand together, so that many are.
fn lead<K: Eq>(keys: &[K], hashes: &[u64], (part, parts): (u64, u64), leaders: &[AtomicU32]) {
    let mut firsts: HashTable<u32> = HashTable::with_capacity(keys.len() / parts as usize);
    for (row, (key, &hash)) in keys.iter().zip(hashes).enumerate() {
        // The table itself uses the lowest and the highest bits.
        let other = (hash >> 20) % parts != part;
        if other || (row > 0 && keys[row - 1] == *key) {
            continue;
        }
        let same = |first: &u32| keys[*first as usize] == *key;
        let leader = match firsts.entry(hash, same, |first| hashes[*first as usize]) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(place) => {
                place.insert(row as u32);
                row as u32
            }
        };
        leaders[row].store(leader, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, one row after the other.
    fn one_by_one(keys: &[u32]) -> Groups {
        let mut numbers = std::collections::HashMap::new();
        let leaders = keys
            .iter()
            .zip(0u32..)
            .map(|(key, row)| *numbers.entry(*key).or_insert(row));
        Groups::led(leaders.collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn groups_of_many_rows_are_those_found_one_by_one() {
        let mut state = 1u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        for of in [1, 3, 50_000, u32::MAX] {
            let keys: Vec<u32> = (0..3 * ROWS + 5).map(|_| number() % of).collect();
            let expected = one_by_one(&keys);
            for threads in [1, 2, 3, 8] {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                let groups = pool.install(|| Groups::by(keys.iter().copied()));
                assert!(groups == expected, "keys below {of}, {threads} threads");
            }
        }
        assert_eq!(Groups::by([0u8; 0]).len(), 0);
    }

    #[test]
    fn segments_of_one_ecg_are_pooled_wherever_they_stand() {
        let groups = Groups::by(["b", "a", "b", "c"]);
        assert_eq!(groups.first, [0, 1, 3]);
        assert_eq!(groups.sizes, [2, 1, 1]);
        let scores = [0.25, 0.5, 0.75, 0.1];
        assert_eq!(groups.pool(&scores, Pool::Mean), [0.5, 0.5, 0.1]);
        assert_eq!(groups.pool(&scores, Pool::Max), [0.75, 0.5, 0.1]);
    }

    proptest::proptest! {
        #[test]
        fn a_pooled_score_lies_among_its_segments(rows in proptest::collection::vec((0u8..4, 0.0f32..1.0), 1..40)) {
            let groups = Groups::by(rows.iter().map(|r| r.0));
            let scores: Vec<f32> = rows.iter().map(|r| r.1).collect();
            let (mean, max) = (groups.pool(&scores, Pool::Mean), groups.pool(&scores, Pool::Max));
            for (row, &group) in groups.of_row.iter().enumerate() {
                proptest::prop_assert!(max[group as usize] >= scores[row]);
            }
            for (group, &mean) in mean.iter().enumerate() {
                let of = || rows.iter().zip(&groups.of_row).filter(|(_, g)| **g == group as u32).map(|(r, _)| r.1);
                let (lo, hi) = (of().fold(1.0, f32::min), of().fold(0.0, f32::max));
                proptest::prop_assert!(lo <= mean && mean <= hi);
            }
            proptest::prop_assert_eq!(groups.sizes.iter().sum::<u32>() as usize, rows.len());
        }
    }
}
