//! Statistics of groups of ECGs: by sex, by age, by any column of the records.
//!
//! A group in which a label has few positives or few negatives says little and may point at persons; its figures for that
//! label are left out, with the reason.

use crate::clusters::Clusters;
use crate::error::{Error, Result};
use crate::estimate::{LabelStatistics, estimate};
use crate::intervals::Intervals;
use crate::joins::{last_of_each, left_join};
use crate::known::KnownRows;
use crate::metrics::ConfusionMatrix;
use crate::scored_rows::ScoredRows;
use crate::scoring::ScoringSettings;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::evaluation::{
    PairUsed, ShownIn, Subgroup, SubgroupLabel, group_column, group_of, shown_in,
};
use ecgfm_artifacts::table::{self, ColumnKind};
use polars::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Groups of ECGs that are scored alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Subgroups {
    /// `sex`, `age`, or columns of the records.
    pub by: Vec<String>,
    /// Ages at which age bands begin; the first reaches down to 0.
    pub age_bands: Vec<u32>,
    /// Fewest positives and fewest negatives of a label whose figures are told.
    pub min_cell: u64,
}

impl Default for Subgroups {
    fn default() -> Self {
        Self {
            by: vec!["sex".to_owned(), "age".to_owned()],
            age_bands: vec![40, 60, 80],
            min_cell: 10,
        }
    }
}

impl Subgroups {
    /// Checks what can be checked without data.
    pub(crate) fn check(&self) -> Result<()> {
        let ascending = std::iter::once(&0)
            .chain(&self.age_bands)
            .is_sorted_by(|a, b| a < b);
        if ascending {
            return Ok(());
        }
        Err(Error::Parameter {
            name: "subgroups",
            what: format!(
                "`age_bands` are {:?}; give ages above 0, each higher than the one before",
                self.age_bands
            ),
        })
    }
}

/// Most groups that a column may make: more are no groups to read figures of, and may be persons.
const MAX_GROUPS: usize = 50;

/// The rows of a subgroup.
pub(crate) struct SubgroupRows<'a> {
    by: &'a str,
    group: String,
    rows: Vec<usize>,
}

/// Columns of a group's name, its place among the groups, and its rows.
const GROUP: &str = "group";
const ORDER: &str = "order";
const ROWS: &str = "rows";

/// The rows of every subgroup. Groups are in the order of their names, bands by age.
pub(crate) fn subgroup_rows<'a>(
    wanted: &'a Subgroups,
    records: &Path,
    rows: &ScoredRows,
) -> Result<Vec<SubgroupRows<'a>>> {
    let mut all = Vec::new();
    for by in &wanted.by {
        let exams = groups_of_exams(wanted, by, records)?;
        let grouped = group_rows(rows, exams).map_err(Error::table("grouping ECGs"))?;
        if grouped.len() > MAX_GROUPS {
            let what = format!(
                "`by: {by}` makes {} groups of {} ECGs; at most {MAX_GROUPS} are scored. Name a column of few values: ages \
                 have bands (`by: age`, `age_bands`), bands of other numbers can be a column of the records",
                grouped.len(),
                rows.len()
            );
            return Err(Error::parameter("subgroups", what));
        }
        all.extend(
            grouped
                .into_iter()
                .map(|(group, rows)| SubgroupRows { by, group, rows }),
        );
    }
    Ok(all)
}

/// The rows of each group, groups in order; ECGs of which nothing is known are a group, the last.
fn group_rows(rows: &ScoredRows, exams: DataFrame) -> PolarsResult<Vec<(String, Vec<usize>)>> {
    let ecgs = rows
        .table
        .clone()
        .lazy()
        .select([col(IDX)])
        .with_row_index(ROWS, None);
    let known = left_join(ecgs, last_of_each(exams.lazy(), IDX), &[col(IDX)]);
    let named = known.with_columns([
        col(ORDER).fill_null(lit(u32::MAX)),
        col(GROUP).fill_null(lit("unknown")),
    ]);
    let groups = named.group_by_stable([col(ORDER), col(GROUP)]).agg([col(ROWS)]);
    let groups = groups
        .sort([ORDER, GROUP], SortMultipleOptions::default())
        .collect()?;
    let names = groups.column(GROUP)?.str()?.iter().map(Option::unwrap_or_default);
    let rows_of = |rows: Option<Series>| -> PolarsResult<Vec<usize>> {
        let rows = rows.unwrap_or_default();
        Ok(rows.u32()?.iter().flatten().map(|row| row as usize).collect())
    };
    let rows = groups.column(ROWS)?.list()?.series_iter().map(rows_of);
    names
        .zip(rows)
        .map(|(name, rows)| Ok((name.to_owned(), rows?)))
        .collect()
}

/// Scores every group.
pub(crate) fn score_subgroups(
    wanted: &Subgroups,
    groups: &[SubgroupRows<'_>],
    rows: &ScoredRows,
    clusters: &Clusters,
    scoring: &ScoringSettings<'_>,
) -> Result<Vec<Subgroup>> {
    let group = |group: &SubgroupRows<'_>| -> Result<Subgroup> {
        Ok(Subgroup {
            by: group.by.to_owned(),
            group: group.group.clone(),
            n: group.rows.len() as u64,
            labels: label_statistics(wanted, rows, clusters, scoring, &group.rows)?,
        })
    };
    groups.iter().map(group).collect()
}

/// idx, group and its place among the groups of every exam of which the group is known.
fn groups_of_exams(wanted: &Subgroups, by: &str, records: &Path) -> Result<DataFrame> {
    let column = group_column(by);
    if !table::read_header(records)?.iter().any(|name| name == column) {
        let what =
            format!("no column `{column}`, which subgroup `{by}` needs; name others in `subgroups.by`");
        return Err(Error::keys(records, what));
    }
    let key = table::Column::new(IDX, ColumnKind::Int);
    let frame = table::read_named(records, &[key], &[column.to_owned()], ColumnKind::Text)?;
    let values = table::str_column(records, &frame, column)?.iter();
    let known = |value: Option<&str>| group_of(by, &wanted.age_bands, value?);
    let (order, group): (Vec<Option<u32>>, Vec<Option<String>>) =
        values.map(known).map(Option::unzip).unzip();
    let exams = frame.select([IDX]).and_then(|mut exams| {
        exams.with_column(Column::new(ORDER.into(), order))?;
        exams.with_column(Column::new(GROUP.into(), group))?;
        exams.lazy().filter(col(GROUP).is_not_null()).collect()
    });
    exams.map_err(Error::table("grouping ECGs"))
}

/// Statistics of every label among the rows of a group.
fn label_statistics(
    wanted: &Subgroups,
    rows: &ScoredRows,
    clusters: &Clusters,
    scoring: &ScoringSettings<'_>,
    members: &[usize],
) -> Result<Vec<SubgroupLabel>> {
    let part = rows.part(members);
    let clusters = clusters.part(members)?;
    let known = KnownRows::of_all(&part, &clusters, scoring.thresholds);
    let independent = clusters.count == part.len();
    let intervals = Intervals::draw(&known, &clusters, scoring.sampling, independent);
    let label = |(at, pair): (usize, &PairUsed)| {
        let (truth, scores, decided) = (&known[at].truth, &known[at].scores, known[at].decided());
        let counts = ConfusionMatrix::count(truth.iter().copied().zip(decided.iter().copied()));
        let small = counts.positives() < wanted.min_cell || counts.negatives() < wanted.min_cell;
        let statistics = LabelStatistics::new(truth, scores, counts);
        let estimates = shown_in(ShownIn::Subgroups).map(|statistic| {
            if small {
                let why = format!("fewer than {} ECGs with or without the label", wanted.min_cell);
                return (statistic.name.to_owned(), estimate(None, &why));
            }
            let mut estimate = statistics.estimate(statistic);
            intervals.add_to(&mut estimate, statistic, at, &decided);
            (statistic.name.to_owned(), estimate)
        });
        SubgroupLabel {
            label: pair.to.clone(),
            positives: (!small).then(|| counts.positives()),
            estimates: estimates.collect(),
        }
    };
    Ok(scoring.pairs.iter().enumerate().map(label).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_that_do_not_ascend_are_refused() {
        let check = |age_bands: &[u32]| {
            Subgroups {
                age_bands: age_bands.to_vec(),
                ..Subgroups::default()
            }
            .check()
        };
        assert!(check(&[]).is_ok() && check(&[1, 40]).is_ok());
        for bad in [&[0][..], &[40, 0], &[40, 40]] {
            let said = check(bad).unwrap_err().to_string();
            assert!(said.contains("each higher than the one before"), "{said}");
        }
    }
}
