//! Statistics of groups of ECGs, and how they differ from those of the largest group.
//!
//! A group in which a label has few positives or few negatives says little and may point at persons; its figures for that
//! label are left out, with the reason. All groups see the same resamples of the whole cohort, so that a patient with ECGs in two
//! groups is in both or in neither.

use crate::clusters::Clusters;
use crate::estimate::{LabelStatistics, estimate, set_interval};
use crate::intervals::Intervals;
use crate::known::KnownRows;
use crate::metrics::ConfusionMatrix;
use crate::resampled::Resamples;
use crate::scored_rows::ScoredRows;
use crate::scoring::ScoringSettings;
use crate::subgroups::{SubgroupRows, UNKNOWN};
use ecgfm_artifacts::evaluation::{
    Estimate, PairUsed, ShownIn, Statistic, Subgroup, SubgroupLabel, shown_in,
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Scored ECGs of which subgroups are parts.
pub(crate) struct SubgroupScoring<'a> {
    pub(crate) rows: &'a ScoredRows,
    pub(crate) clusters: &'a Clusters,
    pub(crate) scoring: &'a ScoringSettings<'a>,
    /// Fewest positives and fewest negatives of a label whose figures are told.
    pub(crate) min_cell: u64,
}

/// The rows of a group.
struct GroupPart<'a> {
    group: &'a SubgroupRows,
    rows: ScoredRows,
    /// With their numbers among all clusters.
    clusters: Clusters,
    /// Every row is another patient's.
    independent: bool,
}

/// A group with the resamples of its labels.
struct ScoredGroup {
    subgroup: Subgroup,
    /// None where no intervals are asked for, or the group is too small.
    resamples: Option<Resamples>,
}

impl SubgroupScoring<'_> {
    /// Scores the groups that have ECGs enough, and says of the others that they have not. The groups of one attribute stand one after
    /// another. `resamples` are those of the groups that are large enough, in order; none where no intervals are asked for.
    pub(crate) fn score(
        &self,
        groups: &[SubgroupRows],
        resamples: &mut impl Iterator<Item = Resamples>,
    ) -> Vec<Subgroup> {
        let mut scored = Vec::with_capacity(groups.len());
        for group in groups {
            let part = self.part(group);
            let known = KnownRows::of_all(&part.rows, &part.clusters, self.scoring.thresholds);
            let drawn = match group.few {
                Some(_) => None,
                None => resamples.next(),
            };
            scored.push(self.score_group(&part, &known, drawn));
        }
        for attribute in scored.chunk_by_mut(|a, b| a.subgroup.by == b.subgroup.by) {
            compare_with_largest(attribute);
        }
        scored.into_iter().map(|group| group.subgroup).collect()
    }

    fn part<'g>(&self, group: &'g SubgroupRows) -> GroupPart<'g> {
        GroupPart {
            group,
            rows: self.rows.part(&group.rows),
            clusters: self.clusters.part_of(&group.rows),
            independent: self.clusters.are_apart(&group.rows),
        }
    }

    fn score_group(
        &self,
        part: &GroupPart<'_>,
        known: &[KnownRows<'_>],
        resamples: Option<Resamples>,
    ) -> ScoredGroup {
        let intervals = Intervals::new(known, resamples, part.independent);
        let label = |(at, pair): (usize, &PairUsed)| {
            self.label_statistics(pair, (at, &known[at]), part.group.few.as_deref(), &intervals)
        };
        let labels = self.scoring.pairs.par_iter().enumerate().map(label).collect();
        ScoredGroup {
            subgroup: Subgroup {
                by: part.group.by.clone(),
                group: part.group.group.clone(),
                n: part.group.rows.len() as u64,
                reference: None,
                labels,
            },
            resamples: intervals.resamples,
        }
    }

    fn label_statistics(
        &self,
        pair: &PairUsed,
        (at, known): (usize, &KnownRows<'_>),
        few: Option<&str>,
        intervals: &Intervals<'_>,
    ) -> SubgroupLabel {
        let (truth, scores, decided) = (&known.truth, &known.scores, known.decided());
        let counts = ConfusionMatrix::count(truth.iter().copied().zip(decided.iter().copied()));
        let rare = counts.positives() < self.min_cell || counts.negatives() < self.min_cell;
        let rare = rare.then(|| format!("fewer than {} ECGs with or without the label", self.min_cell));
        let hidden = few.map(str::to_owned).or(rare);
        let statistics = LabelStatistics::new(truth, scores, counts);
        let estimates = shown_in(ShownIn::Subgroups).map(|statistic| {
            if let Some(why) = &hidden {
                return (statistic.name.to_owned(), estimate(None, why));
            }
            let mut estimate = statistics.estimate(statistic);
            intervals.add_to(&mut estimate, statistic, at, &decided);
            (statistic.name.to_owned(), estimate)
        });
        SubgroupLabel {
            label: pair.to.clone(),
            positives: hidden.is_none().then(|| counts.positives()),
            estimates: estimates.collect(),
            differences: BTreeMap::new(),
        }
    }
}

/// Adds to every group its differences from the largest, the first of equally large ones. What is not known is no group to
/// compare with.
fn compare_with_largest(groups: &mut [ScoredGroup]) {
    let known = groups
        .iter()
        .enumerate()
        .filter(|(_, g)| g.subgroup.group != UNKNOWN);
    let largest = known.max_by_key(|(at, group)| (group.subgroup.n, std::cmp::Reverse(*at)));
    let Some(largest) = largest.map(|(at, _)| at) else {
        return;
    };
    let (before, rest) = groups.split_at_mut(largest);
    let Some((reference, after)) = rest.split_first_mut() else {
        return;
    };
    for group in before.iter_mut().chain(after) {
        add_differences(group, reference);
    }
}

fn add_differences(group: &mut ScoredGroup, reference: &ScoredGroup) {
    group.subgroup.reference = Some(reference.subgroup.group.clone());
    let resamples = group.resamples.as_ref().zip(reference.resamples.as_ref());
    let labels = group.subgroup.labels.iter_mut().zip(&reference.subgroup.labels);
    for (at, (label, other)) in labels.enumerate() {
        let difference = |statistic: &'static Statistic| {
            let of = |label: &SubgroupLabel| label.estimates.get(statistic.name).cloned().unwrap_or_default();
            let mut difference = difference_of(&of(label), &of(other));
            let interval = resamples.and_then(|(group, reference)| {
                group.of_difference(reference, at, statistic, difference.value)
            });
            if let Some(interval) = interval {
                set_interval(&mut difference, interval);
            }
            (statistic.name.to_owned(), difference)
        };
        label.differences = shown_in(ShownIn::Subgroups).map(difference).collect();
    }
}

/// The difference of two values, or the reason why one of them is not there.
fn difference_of(group: &Estimate, reference: &Estimate) -> Estimate {
    let value = group.value.zip(reference.value).map(|(a, b)| a - b);
    let why = match (&group.reason, &reference.reason) {
        (Some(why), _) => why.clone(),
        (None, Some(why)) => format!("in the reference group: {why}"),
        (None, None) => String::new(),
    };
    estimate(value, &why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::evaluation::ComputedFrom;

    #[test]
    fn what_is_shown_in_subgroups_needs_no_errors_which_are_not_resampled() {
        for statistic in shown_in(ShownIn::Subgroups) {
            let errors = matches!(
                statistic.computed_from,
                ComputedFrom::SquaredErrors | ComputedFrom::LogErrors
            );
            assert!(!errors, "{}", statistic.name);
        }
    }
}
