//! Sums over rows by falling score, of several parts of the rows, a lane a resample.

use super::lane_weights::LANES;
use ecgfm_artifacts::evaluation::ConfusionMatrix;
use multiversion::multiversion;

/// Statistics of one label in one resample, by the order of its scores and by its threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ResampleStatistics {
    pub(super) auroc: Option<f64>,
    pub(super) auprc: Option<f64>,
    pub(super) counts: ConfusionMatrix,
}

/// Sums of all parts that a pass scores.
///
/// Rows are added to their set: those of the same parts. What a part's sets hold is added up where it is needed, at the part's positives,
/// which are few.
pub(super) struct PassSums<'a> {
    parts_of_set: &'a [Vec<usize>],
    /// The sets of each part.
    sets_of_part: Vec<Vec<usize>>,
    /// Negatives of each set, but for those that are tied.
    negatives: Vec<[u32; LANES]>,
    /// Rows of each set that have the score of some positive.
    tied: Vec<TiedRows>,
    parts: Vec<PartSums>,
}

/// Rows of one score and one set.
#[derive(Clone)]
struct TiedRows {
    positives: [u32; LANES],
    negatives: [u32; LANES],
    has_positives: bool,
}

impl TiedRows {
    const NONE: Self = Self {
        positives: [0; LANES],
        negatives: [0; LANES],
        has_positives: false,
    };
}

/// Sums of one part.
#[derive(Clone)]
struct PartSums {
    tp: [u32; LANES],
    /// Negatives that are ranked.
    fp: [u32; LANES],
    twice_won: [u64; LANES],
    precision: [f64; LANES],
    /// `tp` and `fp` at the threshold; none before it.
    predicted: Option<([u32; LANES], [u32; LANES])>,
}

impl PartSums {
    const NONE: Self = Self {
        tp: [0; LANES],
        fp: [0; LANES],
        twice_won: [0; LANES],
        precision: [0.0; LANES],
        predicted: None,
    };
}

impl<'a> PassSums<'a> {
    /// Nothing yet, of so many parts, which are numbered from 0.
    pub(super) fn new(parts_of_set: &'a [Vec<usize>], parts: usize) -> Self {
        let mut sets_of_part = vec![Vec::new(); parts];
        for (set, parts) in parts_of_set.iter().enumerate() {
            parts.iter().for_each(|&part| sets_of_part[part].push(set));
        }
        Self {
            parts_of_set,
            sets_of_part,
            negatives: vec![[0; LANES]; parts_of_set.len()],
            tied: vec![TiedRows::NONE; parts_of_set.len()],
            parts: vec![PartSums::NONE; parts],
        }
    }

    /// The negatives of a set, to be added to.
    pub(super) fn negatives(&mut self, set: usize) -> &mut [u32; LANES] {
        &mut self.negatives[set]
    }

    /// The positives of a set that are tied with other rows, to be added to before [`Self::rank_ties`].
    pub(super) fn tied_positives(&mut self, set: usize) -> &mut [u32; LANES] {
        self.tied[set].has_positives = true;
        &mut self.tied[set].positives
    }

    /// The negatives of a set that are tied with positives, to be added to before [`Self::rank_ties`].
    pub(super) fn tied_negatives(&mut self, set: usize) -> &mut [u32; LANES] {
        &mut self.tied[set].negatives
    }

    /// Ranks positives of one score, which no other row has.
    pub(super) fn rank_positives(&mut self, set: usize, positives: &[u32; LANES]) {
        for &part in &self.parts_of_set[set] {
            let above = sum_of(&self.negatives, &self.sets_of_part[part]);
            rank(&mut self.parts[part], positives, &above);
        }
    }

    /// Ranks rows of one score: in each part that has positives of it. Elsewhere they are negatives like any others.
    pub(super) fn rank_ties(&mut self) {
        for (part, sums) in self.parts.iter_mut().enumerate() {
            let sets = &self.sets_of_part[part];
            if !sets.iter().any(|&set| self.tied[set].has_positives) {
                continue;
            }
            let (mut positives, mut negatives) = ([0; LANES], [0; LANES]);
            for &set in sets {
                add(&mut positives, &self.tied[set].positives);
                add(&mut negatives, &self.tied[set].negatives);
            }
            for lane in 0..LANES {
                // Half a pair each, counted twice. Pairs with the positives of before are in what `rank` adds.
                sums.twice_won[lane] += u64::from(negatives[lane]) * u64::from(positives[lane]);
            }
            let mut until = sum_of(&self.negatives, sets);
            add(&mut until, &negatives);
            rank(sums, &positives, &until);
        }
        for (tied, negatives) in self.tied.iter_mut().zip(&mut self.negatives) {
            add(negatives, &tied.negatives);
            *tied = TiedRows::NONE;
        }
    }

    /// All rows so far are predicted, those that follow are not.
    pub(super) fn end_of_predicted(&mut self) {
        for (sums, sets) in self.parts.iter_mut().zip(&self.sets_of_part) {
            sums.predicted = Some((sums.tp, sum_of(&self.negatives, sets)));
        }
    }

    /// The statistics of every part when all rows are added: `[part][lane]`.
    pub(super) fn statistics(mut self) -> Vec<Vec<ResampleStatistics>> {
        for (sums, sets) in self.parts.iter_mut().zip(&self.sets_of_part) {
            rank(sums, &[0; LANES], &sum_of(&self.negatives, sets));
        }
        self.parts.iter().map(PartSums::statistics).collect()
    }
}

/// Adds up the lanes of some sets.
#[multiversion(targets("x86_64+avx+avx2"))]
fn sum_of(negatives: &[[u32; LANES]], sets: &[usize]) -> [u32; LANES] {
    let mut sum = [0; LANES];
    sets.iter().for_each(|&set| add(&mut sum, &negatives[set]));
    sum
}

#[inline(always)]
fn add(sums: &mut [u32; LANES], more: &[u32; LANES]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += *more;
    }
}

/// Ranks positives of one score, and below all positives of before the negatives that have come since: `until` are the part's negatives
/// with this score or a higher one.
#[multiversion(targets("x86_64+avx+avx2"))]
fn rank(sums: &mut PartSums, positives: &[u32; LANES], until: &[u32; LANES]) {
    for lane in 0..LANES {
        let (gain, fp) = (positives[lane], until[lane]);
        // Pairs are counted twice so that a tie, half a pair, stays a whole number and the sum is exact.
        sums.twice_won[lane] += 2 * (u64::from(fp - sums.fp[lane]) * u64::from(sums.tp[lane]));
        sums.tp[lane] += gain;
        sums.fp[lane] = fp;
        let (tp, all) = (f64::from(sums.tp[lane]), f64::from(sums.tp[lane] + fp));
        // Where nothing has been drawn yet, nothing is gained either.
        sums.precision[lane] += f64::from(gain) * tp / all.max(1.0);
    }
}

impl PartSums {
    fn statistics(&self) -> Vec<ResampleStatistics> {
        // Without a threshold on the way, every row is predicted.
        let (tp, fp) = self.predicted.unwrap_or((self.tp, self.fp));
        (0..LANES)
            .map(|lane| self.in_lane(lane, u64::from(tp[lane]), u64::from(fp[lane])))
            .collect()
    }

    fn in_lane(&self, lane: usize, tp: u64, fp: u64) -> ResampleStatistics {
        let (positives, negatives) = (u64::from(self.tp[lane]), u64::from(self.fp[lane]));
        let pairs = positives as f64 * negatives as f64;
        ResampleStatistics {
            auroc: (pairs > 0.0).then(|| self.twice_won[lane] as f64 / (2.0 * pairs)),
            auprc: (positives > 0).then(|| self.precision[lane] / positives as f64),
            counts: ConfusionMatrix {
                tp,
                fp,
                r#fn: positives - tp,
                tn: negatives - fp,
            },
        }
    }
}
