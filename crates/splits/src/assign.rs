//! Assignment of exams to splits.

use crate::error::{Error, Result};
use crate::folds::{LeftOutFolds, assign_folds};
use crate::fractions::{split_at, split_ends};
use crate::params::{OutOfPeriod, Params, Strategy};
use crate::records::ExamRecords;
use crate::shuffle::random_permutation;
use ecgfm_artifacts::records::normalize_key;
use ecgfm_artifacts::table::cell::{is_missing, parse_number};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Splits of all exams.
pub(crate) struct SplitAssignment {
    /// Number of the split of each exam, none where it is left out.
    pub(crate) split_of: Vec<Option<usize>>,
    /// Exams whose group is not known, each of which was split by itself.
    pub(crate) without_group: usize,
    /// Exams that the strategy `column` leaves out; none for the others.
    pub(crate) folds: Option<LeftOutFolds>,
}

/// Assigns every exam.
pub(crate) fn assign_splits(exams: &ExamRecords, params: &Params, shares: &[f64]) -> Result<SplitAssignment> {
    let n = exams.frame.height();
    let ungrouped = |split_of| SplitAssignment {
        split_of,
        without_group: 0,
        folds: None,
    };
    match params.strategy {
        Strategy::Random => Ok(ungrouped(cut_order(&random_permutation(n, params.seed), shares))),
        Strategy::Temporal => Ok(ungrouped(cut_order(&chronological_order(exams, params)?, shares))),
        Strategy::Grouped => {
            let groups = ExamGroups::of(exams, &params.group)?;
            let split_of = cut_order(&random_permutation(groups.count, params.seed), shares);
            Ok(SplitAssignment {
                split_of: groups.of_exam.into_iter().map(|g| split_of[g]).collect(),
                without_group: groups.unknown,
                folds: None,
            })
        }
        Strategy::GroupedTemporal => {
            let own = cut_order(&chronological_order(exams, params)?, shares);
            let groups = ExamGroups::of(exams, &params.group)?;
            Ok(SplitAssignment {
                split_of: assign_majority_split(&own, &groups, shares.len(), params.out_of_period),
                without_group: groups.unknown,
                folds: None,
            })
        }
        Strategy::Column => {
            let (split_of, folds) = assign_folds(exams, params)?;
            Ok(SplitAssignment {
                folds: Some(folds),
                ..ungrouped(split_of)
            })
        }
    }
}

/// Cuts an order of items into splits; the result is by item.
fn cut_order(order: &[usize], shares: &[f64]) -> Vec<Option<usize>> {
    let cuts = split_ends(shares, order.len());
    let mut split_of = vec![None; order.len()];
    for (position, &item) in order.iter().enumerate() {
        split_of[item] = Some(split_at(&cuts, position));
    }
    split_of
}

/// Exams that stay together.
struct ExamGroups {
    /// The group number of every exam, in order of first appearance.
    of_exam: Vec<usize>,
    count: usize,
    /// Exams whose group is not known. Each is a group of its own: together they would be one large patient.
    unknown: usize,
}

impl ExamGroups {
    fn of(exams: &ExamRecords, column: &str) -> Result<Self> {
        let mut number: HashMap<&str, usize> = HashMap::new();
        let mut groups = Self {
            of_exam: Vec::with_capacity(exams.frame.height()),
            count: 0,
            unknown: 0,
        };
        for value in exams.text(column)?.iter() {
            let group = match normalize_key(value.unwrap_or_default()) {
                "" => {
                    groups.unknown += 1;
                    groups.count
                }
                known => *number.entry(known).or_insert(groups.count),
            };
            groups.count = groups.count.max(group + 1);
            groups.of_exam.push(group);
        }
        Ok(groups)
    }
}

/// Rows from the oldest to the newest; equal dates keep the records' order.
fn chronological_order(exams: &ExamRecords, params: &Params) -> Result<Vec<usize>> {
    let column = params.date.as_deref().unwrap_or_default();
    let values = exams.text(column)?.iter();
    let values: Vec<&str> = values.map(|v| v.unwrap_or_default().trim()).collect();
    if let Some(row) = values.iter().position(|v| is_missing(v)) {
        let what = format!(
            "column `{column}` is empty for idx {}: an exam without a date cannot be split by time; give it one, or leave \
             it out with a column in `filter_cols`",
            exams.idx(row)?
        );
        return Err(Error::bad_input(&exams.path, what));
    }
    let number = |v: &&str| parse_number(v).filter(|n| n.is_finite());
    let numbers: Vec<Option<f64>> = values.iter().map(number).collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    let not_a_number = numbers.iter().position(Option::is_none);
    match (not_a_number, numbers.iter().position(Option::is_some)) {
        // Sorted as text, 10 comes before 9: that some are numbers must not be forgotten for the sake of one that is not.
        (Some(text), Some(number)) => {
            let what = format!(
                "column `{column}` is `{}` for idx {}, which is no number, and `{}` for idx {}, which is one: which comes \
                 first cannot be known; write all of them as numbers, or all as text that sorts by time (2019-04-30)",
                values[text].escape_debug(),
                exams.idx(text)?,
                values[number].escape_debug(),
                exams.idx(number)?
            );
            return Err(Error::bad_input(&exams.path, what));
        }
        (None, _) => order.sort_by(|a, b| numbers[*a].partial_cmp(&numbers[*b]).unwrap_or(Ordering::Equal)),
        (Some(_), None) => order.sort_by(|a, b| values[*a].cmp(values[*b])),
    }
    Ok(order)
}

/// Sends every exam to the split that holds most of its group.
fn assign_majority_split(
    own: &[Option<usize>],
    groups: &ExamGroups,
    splits: usize,
    out_of_period: OutOfPeriod,
) -> Vec<Option<usize>> {
    let mut votes = vec![0usize; groups.count * splits];
    for (split, group) in own.iter().zip(&groups.of_exam) {
        votes[group * splits + split.unwrap_or(0)] += 1;
    }
    let winner = |group: usize| {
        let votes = &votes[group * splits..(group + 1) * splits];
        // `max_by_key` takes the last of equals; reversed, that is the earliest split.
        (0..splits).rev().max_by_key(|s| votes[*s]).unwrap_or(0)
    };
    let place = |(split, group): (&Option<usize>, &usize)| {
        let winner = winner(*group);
        (out_of_period == OutOfPeriod::Keep || *split == Some(winner)).then_some(winner)
    };
    own.iter().zip(&groups.of_exam).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_goes_where_most_of_it_is_and_to_the_earlier_split_at_a_tie() {
        let own = [Some(0), Some(1), Some(1), Some(0), Some(1)];
        let groups = ExamGroups {
            of_exam: vec![0, 0, 0, 1, 1],
            count: 2,
            unknown: 0,
        };
        let kept = assign_majority_split(&own, &groups, 2, OutOfPeriod::Keep);
        assert_eq!(kept, [Some(1), Some(1), Some(1), Some(0), Some(0)]);
        let dropped = assign_majority_split(&own, &groups, 2, OutOfPeriod::Drop);
        assert_eq!(dropped, [None, Some(1), Some(1), Some(0), None]);
    }
}
