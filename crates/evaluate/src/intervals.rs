//! Intervals of the statistics of labels: read off resamples, or Wilson's for shares of rows.

use crate::estimate::set_interval;
use crate::known::KnownRows;
use crate::metrics::interval::wilson_interval;
use crate::resampled::Resamples;
use ecgfm_artifacts::evaluation::{Estimate, ShareOf, Statistic};
use std::collections::HashSet;

/// Resamples of all labels of the same rows, from which their intervals are computed.
pub(crate) struct Intervals<'a> {
    known: &'a [KnownRows<'a>],
    /// None where no intervals are asked for.
    pub(crate) resamples: Option<Resamples>,
    /// Every row is another patient's.
    independent: bool,
}

impl<'a> Intervals<'a> {
    /// Intervals from resamples that are drawn already.
    pub(crate) fn new(known: &'a [KnownRows<'a>], resamples: Option<Resamples>, independent: bool) -> Self {
        Self {
            known,
            resamples,
            independent,
        }
    }

    /// Adds the interval of a statistic of the label at `label`, whose decisions are `decided`.
    pub(crate) fn add_to(
        &self,
        estimate: &mut Estimate,
        statistic: &Statistic,
        label: usize,
        decided: &[bool],
    ) {
        let resamples = self.resamples.as_ref();
        if let Some(interval) = resamples.and_then(|r| r.of_label(label, statistic, estimate.value)) {
            set_interval(estimate, interval);
        }
        if let Some(share_of) = statistic.share_of {
            let known = &self.known[label];
            let columns = (&known.truth[..], decided, &known.clusters[..]);
            add_wilson(estimate, share_of, columns, self.independent);
        }
    }
}

/// Adds Wilson's interval to a share of independent ECGs, and to any that is 0 or 1, where resampling gives none: then with as
/// many rows as there are patients among them, as if each had one.
fn add_wilson(
    estimate: &mut Estimate,
    share_of: ShareOf,
    (truth, decided, clusters): (&[bool], &[bool], &[u32]),
    independent: bool,
) {
    let Some(value) = estimate.value else { return };
    let unresolved = (value == 0.0 || value == 1.0) && estimate.lo.is_none();
    if !(independent || unresolved) {
        return;
    }
    let rows = (0..truth.len()).filter(|&row| share_of.includes(truth[row], decided[row]));
    let whole = if independent {
        rows.count()
    } else {
        let patients: HashSet<u32> = rows.map(|row| clusters[row]).collect();
        patients.len()
    };
    if let Some(interval) = wilson_interval((value * whole as f64).round() as u64, whole as u64) {
        set_interval(estimate, interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::estimate;

    #[test]
    fn all_of_few_patients_is_not_certainty() {
        // Four rows of two patients; nothing that is resampled varies.
        let clusters = [0, 0, 1, 1];
        let interval = |share_of: ShareOf, truth: [bool; 4]| {
            let mut all = estimate(Some(1.0), "");
            add_wilson(&mut all, share_of, (&truth, &truth, &clusters), false);
            (all.lo.unwrap(), all.hi.unwrap())
        };
        let by_hand = |n: u64| wilson_interval(n, n).map(|i| (i.lo, i.hi)).unwrap();
        assert_eq!(
            interval(ShareOf::Positives, [true, true, false, false]),
            by_hand(1)
        );
        assert_eq!(interval(ShareOf::AllRows, [true, true, false, false]), by_hand(2));
        // An interval that was read off resamples stays.
        let mut resampled = estimate(Some(1.0), "");
        (resampled.lo, resampled.hi) = (Some(0.9), Some(1.0));
        let columns = (&[true; 4][..], &[true; 4][..], &clusters[..]);
        add_wilson(&mut resampled, ShareOf::PredictedPositives, columns, false);
        assert_eq!(resampled.lo, Some(0.9));
    }
}
