//! Which split each exam is in.

use super::fractions::{cuts, split_at};
use super::shuffle::permutation;
use super::{Exams, OutOfPeriod, Params, Strategy};
use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::collections::HashMap;

/// One entry an exam: the number of its split, none where it is left out.
pub(super) fn assign(exams: &Exams, params: &Params, shares: &[f64]) -> Result<Vec<Option<usize>>> {
    let n = exams.frame.height();
    match params.strategy {
        Strategy::Random => Ok(by_order(&permutation(n, params.seed), shares)),
        Strategy::Temporal => Ok(by_order(&chronological(exams, params)?, shares)),
        Strategy::Grouped => {
            let (group_of, groups) = groups(exams, &params.group)?;
            let split_of = by_order(&permutation(groups, params.seed), shares);
            Ok(group_of.into_iter().map(|g| split_of[g]).collect())
        }
        Strategy::GroupedTemporal => {
            let own = by_order(&chronological(exams, params)?, shares);
            let (group_of, groups) = groups(exams, &params.group)?;
            Ok(with_their_group(
                &own,
                &group_of,
                groups,
                shares.len(),
                params.out_of_period,
            ))
        }
    }
}

/// Cuts an order of items into splits; the result is by item.
fn by_order(order: &[usize], shares: &[f64]) -> Vec<Option<usize>> {
    let cuts = cuts(shares, order.len());
    let mut split_of = vec![None; order.len()];
    for (position, &item) in order.iter().enumerate() {
        split_of[item] = Some(split_at(&cuts, position));
    }
    split_of
}

/// The group number of every exam, in order of first appearance, and how many groups there are.
fn groups(exams: &Exams, column: &str) -> Result<(Vec<usize>, usize)> {
    let mut number: HashMap<String, usize> = HashMap::new();
    let mut group_of = Vec::with_capacity(exams.frame.height());
    for (row, value) in exams.text(column)?.iter().enumerate() {
        let value = value.unwrap_or_default();
        if value.is_empty() {
            let what = format!(
                "column `{column}` is empty in row {row}: an exam without a group cannot be split by group"
            );
            return Err(Error::bad_input(&exams.path, what));
        }
        let next = number.len();
        group_of.push(*number.entry(value.to_owned()).or_insert(next));
    }
    Ok((group_of, number.len()))
}

/// Rows from the oldest to the newest; equal dates keep the records' order.
fn chronological(exams: &Exams, params: &Params) -> Result<Vec<usize>> {
    let column = params.date.as_deref().unwrap_or_default();
    let values: Vec<&str> = exams
        .text(column)?
        .iter()
        .map(Option::unwrap_or_default)
        .collect();
    if let Some(row) = values.iter().position(|v| v.is_empty()) {
        let what = format!(
            "column `{column}` is empty in row {row}: an exam without a date cannot be split by time"
        );
        return Err(Error::bad_input(&exams.path, what));
    }
    let numbers: Option<Vec<f64>> = values
        .iter()
        .map(|v| v.parse().ok().filter(|n: &f64| n.is_finite()))
        .collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    match numbers {
        Some(n) => order.sort_by(|a, b| n[*a].partial_cmp(&n[*b]).unwrap_or(Ordering::Equal)),
        None => order.sort_by(|a, b| values[*a].cmp(values[*b])),
    }
    Ok(order)
}

/// Sends every exam to the split that holds most of its group.
fn with_their_group(
    own: &[Option<usize>],
    group_of: &[usize],
    groups: usize,
    splits: usize,
    out_of_period: OutOfPeriod,
) -> Vec<Option<usize>> {
    let mut votes = vec![0usize; groups * splits];
    for (split, group) in own.iter().zip(group_of) {
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
    own.iter().zip(group_of).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_goes_where_most_of_it_is_and_to_the_earlier_split_at_a_tie() {
        let own = [Some(0), Some(1), Some(1), Some(0), Some(1)];
        let group_of = [0, 0, 0, 1, 1];
        let kept = with_their_group(&own, &group_of, 2, 2, OutOfPeriod::Keep);
        assert_eq!(kept, [Some(1), Some(1), Some(1), Some(0), Some(0)]);
        let dropped = with_their_group(&own, &group_of, 2, 2, OutOfPeriod::Drop);
        assert_eq!(dropped, [None, Some(1), Some(1), Some(0), None]);
    }
}
