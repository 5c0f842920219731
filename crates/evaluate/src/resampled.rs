//! Intervals out of resamples.

use crate::known::KnownRows;
use crate::metrics::bootstrap::{Replicates, Resampled, ResampledRows, ResamplingPlan};
use crate::metrics::cluster_sums::ClusterSums;
use crate::metrics::interval::{Interval, IntervalEstimator, bca_interval, percentile_interval};
use crate::metrics::row_parts::RowParts;
use ecgfm_artifacts::evaluation::Statistic;

/// Groups of clusters that the jackknife of BCa leaves out, one after the other; each cluster is one where there are no more.
const GROUPS: usize = 256;

/// Resamples to draw, and the way to read intervals off them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) plan: ResamplingPlan,
    pub(crate) method: IntervalEstimator,
}

/// Rows of one unit that are resampled, with those of other units.
pub(crate) struct RowsToResample<'a> {
    /// Rows of every label.
    pub(crate) known: &'a [KnownRows<'a>],
    /// Groups of the rows.
    pub(crate) parts: Option<&'a RowParts>,
    /// Columns that are summed over rows.
    pub(crate) sums: Option<ClusterSums>,
}

/// Resamples of one unit.
pub(crate) struct ResampledUnit {
    /// Of all its rows.
    pub(crate) all: Resamples,
    /// Of each group of them, without errors and sums.
    pub(crate) groups: Vec<Resamples>,
}

/// Statistics of all labels, and sums over rows, in all resamples.
pub(crate) struct Resamples {
    /// `[label][replicate]`.
    labels: Vec<Vec<Resampled>>,
    /// `[column][replicate]`.
    sums: Vec<Vec<f64>>,
    /// The same without each group of clusters, for BCa.
    left_out: Option<Box<Self>>,
}

impl Resamples {
    /// Draws resamples of `clusters` clusters, the same for all `units`; in the order of these.
    pub(crate) fn draw(
        units: Vec<RowsToResample<'_>>,
        clusters: usize,
        sampling: Sampling,
    ) -> Vec<ResampledUnit> {
        let shapes: Vec<UnitShape> = units.iter().map(UnitShape::of).collect();
        let rows = ResampledRows {
            labels: (units.iter())
                .flat_map(|unit| unit.known.iter().map(|known| known.label_with(unit.parts)))
                .collect(),
            sums: units.into_iter().filter_map(|unit| unit.sums).collect(),
            clusters,
        };
        let mut drawn = divide_by_unit(rows.resample(sampling.plan), &shapes);
        if sampling.method == IntervalEstimator::Bca {
            let left_out = divide_by_unit(rows.leave_out(GROUPS.min(clusters)), &shapes);
            for (drawn, left_out) in drawn.iter_mut().zip(left_out) {
                drawn.all.left_out = Some(Box::new(left_out.all));
                for (drawn, left_out) in drawn.groups.iter_mut().zip(left_out.groups) {
                    drawn.left_out = Some(Box::new(left_out));
                }
            }
        }
        drawn
    }

    fn without_sums(labels: Vec<Vec<Resampled>>) -> Self {
        Self {
            labels,
            sums: Vec::new(),
            left_out: None,
        }
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
        let changes = |here: &Self, there: &Self| -> Vec<Option<f64>> {
            let pairs = here.labels[label].iter().zip(&there.labels[label]);
            let change = |(a, b): (&Resampled, &Resampled)| Some(a.value(statistic)? - b.value(statistic)?);
            pairs.map(change).collect()
        };
        let left_out = self.left_out.as_deref().zip(reference.left_out.as_deref());
        interval_of(
            value?,
            changes(self, reference),
            left_out.map(|(here, there)| changes(here, there)),
        )
    }

    /// The interval of anything that is computed from all labels of one resample.
    pub(crate) fn of(
        &self,
        value: Option<f64>,
        compute: impl Fn(&[Vec<Resampled>], usize) -> Option<f64>,
    ) -> Option<Interval> {
        self.interval(value, |resamples| {
            let replicates = resamples.labels.first().map_or(0, Vec::len);
            (0..replicates).map(|at| compute(&resamples.labels, at)).collect()
        })
    }

    /// The interval of what is computed from the sums of one resample.
    pub(crate) fn of_sums(
        &self,
        value: Option<f64>,
        compute: impl Fn(&[f64]) -> Option<f64>,
    ) -> Option<Interval> {
        self.interval(value, |resamples| {
            let replicates = resamples.sums.first().map_or(0, Vec::len);
            let sums = |at: usize| {
                resamples
                    .sums
                    .iter()
                    .map(|column| column[at])
                    .collect::<Vec<f64>>()
            };
            (0..replicates).map(|at| compute(&sums(at))).collect()
        })
    }

    fn interval(&self, value: Option<f64>, compute: impl Fn(&Self) -> Vec<Option<f64>>) -> Option<Interval> {
        interval_of(value?, compute(self), self.left_out.as_deref().map(&compute))
    }
}

/// What is computed of a unit.
struct UnitShape {
    labels: usize,
    groups: usize,
    has_sums: bool,
}

impl UnitShape {
    fn of(unit: &RowsToResample<'_>) -> Self {
        Self {
            labels: unit.known.len(),
            groups: unit.parts.map_or(0, RowParts::groups),
            has_sums: unit.sums.is_some(),
        }
    }
}

/// Divides what was computed by the units whose it is.
fn divide_by_unit(replicates: Replicates, units: &[UnitShape]) -> Vec<ResampledUnit> {
    let mut labels = replicates.labels.into_iter();
    let mut groups_of_labels = replicates.groups.into_iter();
    let mut sums = replicates.sums.into_iter();
    let unit = |unit: &UnitShape| {
        let mut all = Resamples::without_sums(labels.by_ref().take(unit.labels).collect());
        if unit.has_sums {
            all.sums = sums.next().unwrap_or_default();
        }
        let mut groups: Vec<Vec<_>> = vec![Vec::with_capacity(unit.labels); unit.groups];
        for of_label in groups_of_labels.by_ref().take(unit.labels) {
            groups
                .iter_mut()
                .zip(of_label)
                .for_each(|(group, of)| group.push(of));
        }
        ResampledUnit {
            all,
            groups: groups.into_iter().map(Resamples::without_sums).collect(),
        }
    };
    units.iter().map(unit).collect()
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
            labels: vec![(0..1000).map(one).collect()],
            sums: Vec::new(),
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
