//! Intervals out of resamples.

use crate::clusters::Clusters;
use crate::metrics::bootstrap::{Label, Plan, Resampled, leave_out, resample};
use crate::metrics::interval::{Interval, Method, bca, percentile};
use ecgfm_artifacts::evaluation::Estimate;

/// Groups of clusters that the jackknife of BCa leaves out, one after the other; each cluster is one where there are no more.
const GROUPS: usize = 256;

/// How to resample, and how to read intervals off it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) plan: Plan,
    pub(crate) method: Method,
}

/// All labels in all resamples.
pub(crate) struct Resamples {
    /// `[label][replicate]`.
    drawn: Vec<Vec<Resampled>>,
    /// `[label][group]`, for BCa.
    left_out: Option<Vec<Vec<Resampled>>>,
}

impl Resamples {
    pub(crate) fn draw(labels: &[Label<'_>], clusters: &Clusters, sampling: Sampling) -> Self {
        let (rows, count) = (&clusters.of_row, clusters.count);
        let groups = GROUPS.min(count);
        Self {
            drawn: resample(labels, rows, count, sampling.plan),
            left_out: (sampling.method == Method::Bca).then(|| leave_out(labels, rows, count, groups)),
        }
    }

    /// The interval of a label's statistic; none where it is undefined or not resampled.
    pub(crate) fn of_label(&self, label: usize, statistic: &str, value: Option<f64>) -> Option<Interval> {
        self.of(value, |all, at| all[label][at].get(statistic))
    }

    /// The interval of anything that is computed from all labels of one resample.
    pub(crate) fn of(
        &self,
        value: Option<f64>,
        compute: impl Fn(&[Vec<Resampled>], usize) -> Option<f64>,
    ) -> Option<Interval> {
        let value = value?;
        let each = |all: &[Vec<Resampled>]| -> Vec<Option<f64>> {
            let replicates = all.first().map_or(0, Vec::len);
            (0..replicates).map(|at| compute(all, at)).collect()
        };
        let drawn = each(&self.drawn).into_iter();
        let interval = match &self.left_out {
            None => percentile(drawn),
            Some(left_out) => bca(drawn, value, each(left_out).into_iter()),
        };
        // Where every resample gives the same, as at an AUROC of 1, resampling cannot tell how sure the value is.
        interval.filter(|interval| interval.lo < interval.hi)
    }
}

/// Puts an interval into an estimate.
pub(crate) fn set(estimate: &mut Estimate, interval: Interval) {
    (estimate.lo, estimate.hi) = (Some(interval.lo), Some(interval.hi));
}
