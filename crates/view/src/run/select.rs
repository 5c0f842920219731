//! The ECGs that a filter leaves, in its order.

use super::filter::{Filter, Sort, VerdictChoice};
use super::index::{LabelColumn, RunIndex};
use ecgfm_artifacts::key;
use rayon::prelude::*;

/// What a reader has said of a row, where a filter asks for it: for the label of that number, or for any.
pub(crate) type Reviewed<'a> = dyn Fn(usize, Option<usize>, VerdictChoice) -> bool + Sync + 'a;

/// Rows that a filter leaves, in its order; where that says nothing, as in the archive.
pub(crate) fn select(index: &RunIndex, filter: &Filter, reviewed: &Reviewed<'_>) -> Vec<u32> {
    let rows = u32::try_from(index.rows()).unwrap_or(u32::MAX);
    let mut found: Vec<u64> = (0..rows)
        .into_par_iter()
        .filter(|row| is_left(index, filter, reviewed, *row as usize))
        .map(|row| u64::from(ascending_bits(order_key(index, filter, row as usize))) << 32 | u64::from(row))
        .collect();
    found.par_sort_unstable();
    // The lower half is the row.
    found.into_iter().map(|key| key as u32).collect()
}

/// Distance of a probability from a threshold, in logits: above 0 where the label is predicted.
pub(crate) fn margin(probability: f32, threshold: f64) -> f32 {
    let logit = |p: f64| (p / (1.0 - p)).ln();
    (logit(f64::from(probability)) - logit(threshold)) as f32
}

fn is_left(index: &RunIndex, filter: &Filter, reviewed: &Reviewed<'_>, row: usize) -> bool {
    let is = |wanted: Option<u16>, found: Option<u16>| wanted.is_none_or(|wanted| found == Some(wanted));
    is(filter.split, index.split.code(row))
        && is(filter.source, index.source.code(row))
        && is(filter.reason, index.reason.code(row))
        && filter
            .set_aside
            .is_none_or(|wanted| wanted == index.is_set_aside(row))
        && filter
            .flag
            .is_none_or(|bit| index.flags.get(row).is_some_and(|flags| flags >> bit & 1 == 1))
        && filter
            .groups
            .iter()
            .zip(&index.groups)
            .all(|(wanted, (_, groups))| is(*wanted, groups.code(row)))
        && (!filter.asks_label() || labels_of(index, filter).any(|label| fits(filter, label, row)))
        && filter
            .find
            .as_ref()
            .is_none_or(|text| is_called(index, row, text))
        && filter
            .verdict
            .is_none_or(|wanted| reviewed(row, filter.label, wanted))
}

/// The chosen label, or all.
fn labels_of<'a>(index: &'a RunIndex, filter: &Filter) -> impl Iterator<Item = &'a LabelColumn> {
    match filter.label {
        Some(at) => index.labels.get(at..at + 1).unwrap_or_default().iter(),
        None => index.labels.iter(),
    }
}

fn fits(filter: &Filter, label: &LabelColumn, row: usize) -> bool {
    let probability = label.probability(row);
    let at_least = |min: f32| probability.is_some_and(|p| p >= min);
    let at_most = |max: f32| probability.is_some_and(|p| p <= max);
    row < label.truth.len().max(label.probability.len())
        && filter.truth.is_none_or(|wanted| label.truth(row) == wanted)
        && filter
            .predicted
            .is_none_or(|wanted| label.predicted(row) == Some(wanted))
        && filter.min.is_none_or(at_least)
        && filter.max.is_none_or(at_most)
}

/// True where a row is of this exam, idx or recording.
fn is_called(index: &RunIndex, row: usize, text: &str) -> bool {
    let save_file = index.save_file.get(row);
    index.exam_id.get(row) == Some(text)
        || save_file.is_some_and(|file| file == text || key::stem(file) == text)
        || index.idx.get(row).is_some_and(|idx| text.parse() == Ok(*idx))
}

/// What rows are ordered by, the lowest first; NaN, the last, where there is nothing to order by.
fn order_key(index: &RunIndex, filter: &Filter, row: usize) -> f32 {
    let over_labels = |key: fn(&LabelColumn, usize) -> Option<f32>| {
        let keys = labels_of(index, filter).filter_map(|label| key(label, row));
        keys.fold(f32::NAN, f32::min)
    };
    match filter.sort {
        Sort::Archive => 0.0,
        Sort::Doubt => {
            over_labels(|label, row| Some(margin(label.probability(row)?, label.threshold?).abs()))
        }
        Sort::Wrong => over_labels(|label, row| {
            let margin = margin(label.probability(row)?, label.threshold?);
            Some(if label.truth(row)? { margin } else { -margin })
        }),
        Sort::Probability => over_labels(|label, row| Some(-label.probability(row)?)),
    }
}

/// Bits that order as the numbers do; NaN is the last.
fn ascending_bits(value: f32) -> u32 {
    if value.is_nan() {
        return u32::MAX;
    }
    // -0 and 0 are the same place.
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Categories;

    fn index() -> RunIndex {
        let label = |name: &str, truth: [Option<bool>; 4], probability: [f32; 4]| LabelColumn {
            name: name.to_owned(),
            threshold: Some(0.5),
            truth: truth.to_vec(),
            probability: probability.to_vec(),
            ..LabelColumn::default()
        };
        RunIndex {
            kept: 4,
            idx: vec![10, 11, 12, 13],
            save_file: ["a_1.mat", "a_2.mat", "a_3.mat", "a_4.mat"].into_iter().collect(),
            exam_id: ["1", "2", "3", "4", "5"].into_iter().collect(),
            split: Categories::of_texts(["train", "test", "test", "test"].into_iter()).unwrap(),
            reason: Categories::of_texts(["", "", "", "", "all_zero"].into_iter()).unwrap(),
            flags: vec![0, 1, 0, 2],
            labels: vec![
                label(
                    "A",
                    [Some(true), Some(true), Some(false), None],
                    [f32::NAN, 0.1, 0.45, 1.0],
                ),
                label(
                    "B",
                    [Some(false), Some(false), Some(true), Some(false)],
                    [f32::NAN, 0.6, 0.8, 0.2],
                ),
            ],
            ..RunIndex::default()
        }
    }

    fn rows(pairs: &[(&str, &str)]) -> Vec<u32> {
        let index = index();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let filter = Filter::parse(&index, &pairs).unwrap();
        select(&index, &filter, &|row, _, wanted| {
            (row == 1) != (wanted == VerdictChoice::Unreviewed)
        })
    }

    #[test]
    fn rows_are_in_the_order_that_is_asked_for_and_those_without_a_probability_last() {
        assert_eq!(
            rows(&[("label", "A")]),
            [2, 1, 3, 0, 4],
            "closest to the threshold"
        );
        assert_eq!(rows(&[]), [2, 1, 3, 0, 4]);
        assert_eq!(rows(&[("label", "A"), ("sort", "wrong")]), [1, 2, 0, 3, 4]);
        assert_eq!(rows(&[("sort", "wrong")]), [1, 2, 3, 0, 4]);
        assert_eq!(rows(&[("label", "B"), ("sort", "probability")]), [2, 1, 3, 0, 4]);
        assert_eq!(rows(&[("sort", "archive")]), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn every_condition_leaves_what_it_says() {
        let left = |pairs: &[(&str, &str)]| rows(&[pairs, &[("sort", "archive")]].concat());
        assert_eq!(left(&[("label", "A"), ("truth", "yes")]), [0, 1]);
        assert_eq!(left(&[("label", "A"), ("truth", "unknown")]), [3]);
        assert_eq!(
            left(&[("label", "A"), ("truth", "yes"), ("predicted", "no")]),
            [1]
        );
        assert_eq!(left(&[("truth", "no"), ("predicted", "yes")]), [1], "of label B");
        assert_eq!(left(&[("label", "B"), ("min", "0.6"), ("max", "0.7")]), [1]);
        assert_eq!(left(&[("split", "test")]), [1, 2, 3]);
        assert_eq!(left(&[("exams", "set aside")]), [4]);
        assert_eq!(left(&[("exams", "kept")]), [0, 1, 2, 3]);
        assert_eq!(left(&[("reason", "all_zero")]), [4]);
        assert_eq!(left(&[("flag", "einthoven")]), [1]);
        assert_eq!(left(&[("verdict", "reviewed")]), [1]);
        assert_eq!(left(&[("verdict", "unreviewed")]), [0, 2, 3, 4]);
        for (text, row) in [("2", 1), ("12", 2), ("a_4", 3), ("a_4.mat", 3), ("5", 4)] {
            assert_eq!(left(&[("find", text)]), [row]);
        }
    }

    proptest::proptest! {
        #[test]
        fn bits_order_as_numbers_do(a in proptest::num::f32::ANY, b in proptest::num::f32::ANY) {
            let order = match (a.is_nan(), b.is_nan()) {
                (false, false) => a.partial_cmp(&b).unwrap(),
                (a, b) => a.cmp(&b),
            };
            proptest::prop_assert_eq!(ascending_bits(a).cmp(&ascending_bits(b)), order);
        }
    }
}
