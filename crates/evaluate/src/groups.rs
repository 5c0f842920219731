//! Segments that belong to one ECG.

use ecgfm_artifacts::labelset::Pool;
use hashbrown::HashMap;
use std::hash::Hash;

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

impl Groups {
    /// Groups rows by key.
    pub(crate) fn by<K: Hash + Eq + Copy>(keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter();
        let mut numbers = HashMap::with_capacity(keys.size_hint().0);
        let mut last: Option<(K, u32)> = None;
        let mut groups = Self {
            of_row: Vec::new(),
            first: Vec::new(),
            sizes: Vec::new(),
        };
        for (row, key) in keys.enumerate() {
            let next = groups.first.len() as u32;
            // Segments of one ECG stand together, so that most belong where the last one did.
            let group = match last {
                Some((known, group)) if known == key => group,
                _ => *numbers.entry(key).or_insert(next),
            };
            last = Some((key, group));
            if group == next {
                groups.first.push(row);
                groups.sizes.push(0);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

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
