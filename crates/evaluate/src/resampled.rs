//! Intervals out of resamples.

use crate::clusters::Clusters;
use crate::known::KnownRows;
use crate::metrics::LabelRows;
use crate::metrics::bootstrap::{
    ClusterSums, Resampled, ResamplingPlan, leave_out, leave_out_rankings, leave_out_sums, resample_labels,
    resample_rankings, resample_sums,
};
use crate::metrics::interval::{Interval, IntervalEstimator, bca_interval, percentile_interval};
use ecgfm_artifacts::evaluation::Statistic;

/// Groups of clusters that the jackknife of BCa leaves out, one after the other; each cluster is one where there are no more.
const GROUPS: usize = 256;

/// Resamples to draw, and the way to read intervals off them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) plan: ResamplingPlan,
    pub(crate) method: IntervalEstimator,
}

/// Statistics of all labels in all resamples.
pub(crate) struct Resamples {
    /// `[label][replicate]`.
    replicates: Vec<Vec<Resampled>>,
    /// `[label][group]`, for BCa.
    left_out: Option<Vec<Vec<Resampled>>>,
}

impl Resamples {
    pub(crate) fn draw(labels: &[KnownRows<'_>], clusters: &Clusters, sampling: Sampling) -> Self {
        let count = clusters.count;
        let groups = GROUPS.min(count);
        let rows = clusters.of_row.len();
        let draw =
            |labels: &[LabelRows<'_>], of_row: &[u32]| resample_labels(labels, of_row, count, sampling.plan);
        let left_out = |labels: &[LabelRows<'_>], of_row: &[u32]| leave_out(labels, of_row, count, groups);
        Self {
            replicates: resample_each(labels, rows, draw),
            left_out: (sampling.method == IntervalEstimator::Bca)
                .then(|| resample_each(labels, rows, left_out)),
        }
    }

    /// Of parts of the rows: the labels of each are in the same resamples of all `count` clusters, which are drawn once. Errors
    /// are not resampled.
    pub(crate) fn draw_parts(parts: &[&[KnownRows<'_>]], count: usize, sampling: Sampling) -> Vec<Self> {
        let labels: Vec<(LabelRows<'_>, &[u32])> = parts
            .iter()
            .flat_map(|part| part.iter())
            .map(|known| (known.label(), &known.clusters[..]))
            .collect();
        let mut replicates = resample_rankings(&labels, count, sampling.plan).into_iter();
        let left_out = (sampling.method == IntervalEstimator::Bca)
            .then(|| leave_out_rankings(&labels, count, GROUPS.min(count)));
        let mut left_out = left_out.map(Vec::into_iter);
        let part = |part: &&[KnownRows<'_>]| Self {
            replicates: replicates.by_ref().take(part.len()).collect(),
            left_out: left_out
                .as_mut()
                .map(|all| all.by_ref().take(part.len()).collect()),
        };
        parts.iter().map(part).collect()
    }

    /// The interval of a label's statistic; none where it is undefined or not resampled.
    pub(crate) fn of_label(
        &self,
        label: usize,
        statistic: &Statistic,
        value: Option<f64>,
    ) -> Option<Interval> {
        self.of(value, |all, at| all[label][at].value(statistic))
    }

    /// The interval of what a label's statistic is here less what it is in `reference`, of which the resamples are the same.
    pub(crate) fn of_difference(
        &self,
        reference: &Self,
        label: usize,
        statistic: &Statistic,
        value: Option<f64>,
    ) -> Option<Interval> {
        let changes = |here: &[Vec<Resampled>], there: &[Vec<Resampled>]| -> Vec<Option<f64>> {
            let pairs = here[label].iter().zip(&there[label]);
            let change = |(a, b): (&Resampled, &Resampled)| Some(a.value(statistic)? - b.value(statistic)?);
            pairs.map(change).collect()
        };
        let left_out = self.left_out.as_ref().zip(reference.left_out.as_ref());
        interval_of(
            value?,
            changes(&self.replicates, &reference.replicates),
            left_out.map(|(here, there)| changes(here, there)),
        )
    }

    /// The interval of anything that is computed from all labels of one resample.
    pub(crate) fn of(
        &self,
        value: Option<f64>,
        compute: impl Fn(&[Vec<Resampled>], usize) -> Option<f64>,
    ) -> Option<Interval> {
        let all = |all: &[Vec<Resampled>]| -> Vec<Option<f64>> {
            let replicates = all.first().map_or(0, Vec::len);
            (0..replicates).map(|at| compute(all, at)).collect()
        };
        interval_of(
            value?,
            all(&self.replicates),
            self.left_out.as_ref().map(|left_out| all(left_out)),
        )
    }
}

/// Resamples labels of which some are known in a part of the rows only. A resample draws the same clusters for all.
pub(crate) fn resample_each(
    labels: &[KnownRows<'_>],
    rows: usize,
    resample: impl Fn(&[LabelRows<'_>], &[u32]) -> Vec<Vec<Resampled>>,
) -> Vec<Vec<Resampled>> {
    let whole: Vec<&KnownRows<'_>> = labels.iter().filter(|known| known.truth.len() == rows).collect();
    let together: Vec<LabelRows<'_>> = whole.iter().map(|known| known.label()).collect();
    let mut together = match whole.first() {
        Some(first) => resample(&together, &first.clusters).into_iter(),
        None => Vec::new().into_iter(),
    };
    let one = |known: &KnownRows<'_>| {
        if known.truth.len() == rows {
            return together.next().unwrap_or_default();
        }
        resample(&[known.label()], &known.clusters)
            .pop()
            .unwrap_or_default()
    };
    labels.iter().map(one).collect()
}

/// Sums over rows in all resamples.
pub(crate) struct RowSums {
    /// `[column][replicate]`.
    replicates: Vec<Vec<f64>>,
    /// `[column][group]`, for BCa.
    left_out: Option<Vec<Vec<f64>>>,
}

impl RowSums {
    /// Of columns, whose sums over the rows of each of `count` clusters are given.
    pub(crate) fn draw(sums: &ClusterSums, count: usize, sampling: Sampling) -> Self {
        let groups = GROUPS.min(count);
        Self {
            replicates: resample_sums(sums, sampling.plan),
            left_out: (sampling.method == IntervalEstimator::Bca).then(|| leave_out_sums(sums, groups)),
        }
    }

    /// The interval of what is computed from the sums of one resample.
    pub(crate) fn of(&self, value: Option<f64>, compute: impl Fn(&[f64]) -> Option<f64>) -> Option<Interval> {
        let all = |all: &[Vec<f64>]| -> Vec<Option<f64>> {
            let replicates = all.first().map_or(0, Vec::len);
            let sums = |at: usize| all.iter().map(|column| column[at]).collect::<Vec<f64>>();
            (0..replicates).map(|at| compute(&sums(at))).collect()
        };
        interval_of(
            value?,
            all(&self.replicates),
            self.left_out.as_ref().map(|left_out| all(left_out)),
        )
    }
}

fn interval_of(
    value: f64,
    replicates: Vec<Option<f64>>,
    left_out: Option<Vec<Option<f64>>>,
) -> Option<Interval> {
    let replicates = replicates.into_iter();
    let interval = match left_out {
        None => percentile_interval(replicates),
        Some(left_out) => bca_interval(replicates, value, left_out.into_iter()),
    };
    // Where every resample gives the same, as at an AUROC of 1, resampling cannot tell how sure the value is.
    interval.filter(|interval| interval.lo < interval.hi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ConfusionMatrix;
    use ecgfm_artifacts::evaluation::STATISTICS;

    fn resamples(auroc: impl Fn(usize) -> Option<f64>) -> Resamples {
        let one = |at: usize| Resampled {
            auroc: auroc(at),
            auprc: None,
            brier: None,
            log_loss: None,
            counts: ConfusionMatrix::default(),
        };
        Resamples {
            replicates: vec![(0..1000).map(one).collect()],
            left_out: None,
        }
    }

    #[test]
    fn a_difference_is_taken_resample_by_resample() {
        // Both vary a lot, and together: the difference does not.
        let wave = |at: usize| (at as f64 * 0.37).sin() / 4.0;
        let group = resamples(|at| Some(0.6 + wave(at) + at as f64 * 1e-5));
        let reference = resamples(|at| Some(0.5 + wave(at)));
        let auroc = STATISTICS
            .iter()
            .find(|statistic| statistic.name == "auroc")
            .unwrap();
        let interval = group.of_difference(&reference, 0, auroc, Some(0.105)).unwrap();
        assert!(
            (interval.lo - 0.1).abs() < 1e-3 && (interval.hi - 0.11).abs() < 1e-3,
            "{interval:?}"
        );
        let rarely = resamples(|at| (at % 2 == 0).then_some(0.5));
        assert!(group.of_difference(&rarely, 0, auroc, Some(0.1)).is_none());
    }
}
