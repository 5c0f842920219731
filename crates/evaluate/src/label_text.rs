//! Sets of labels as text: names joined by `, `, in order; no label is the empty text.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::quote_label;
use hashbrown::HashMap;
use polars::prelude::*;

const SEPARATOR: &str = ", ";

/// The names of the labels that hold in each of the rows; a label is its name and whether it holds, row by row.
pub(crate) fn label_text(rows: usize, labels: &[(&str, impl AsRef<[bool]>)]) -> Result<StringChunked> {
    // Of the sets of labels that are possible few occur: each is written once, and found by its number.
    let mut texts = vec![String::new()];
    let mut set_of_row: Vec<IdxSize> = vec![0; rows];
    for labels in labels.chunks(u64::BITS as usize) {
        let mut masks = vec![0u64; rows];
        for (bit, (_, holds)) in labels.iter().enumerate() {
            for (mask, &holds) in masks.iter_mut().zip(holds.as_ref()) {
                *mask |= u64::from(holds) << bit;
            }
        }
        let names: Vec<String> = labels.iter().map(|(name, _)| quote_label(name).into()).collect();
        let mut known = HashMap::new();
        for (set, mask) in set_of_row.iter_mut().zip(masks) {
            *set = *known.entry((*set, mask)).or_insert_with(|| {
                texts.push(with_names(&texts[*set as usize], &names, mask));
                texts.len() as IdxSize - 1
            });
        }
    }
    let texts = StringChunked::from_iter_values(PlSmallStr::EMPTY, texts.iter().map(String::as_str));
    let text = texts.take(&IdxCa::from_vec(PlSmallStr::EMPTY, set_of_row));
    text.map_err(Error::table("writing sets of labels as text"))
}

/// A text with the names whose bits are set.
fn with_names(text: &str, names: &[String], mask: u64) -> String {
    let further = (0..).zip(names).filter(|(bit, _)| mask >> bit & 1 == 1);
    let all = (!text.is_empty()).then_some(text).into_iter();
    let all: Vec<&str> = all.chain(further.map(|(_, name)| name.as_str())).collect();
    all.join(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str], columns: &[Vec<bool>]) -> Vec<String> {
        let labels: Vec<(&str, &Vec<bool>)> = names.iter().copied().zip(columns).collect();
        let rows = columns.first().map_or(2, Vec::len);
        let text = label_text(rows, &labels).unwrap();
        text.iter().map(|text| text.unwrap().to_owned()).collect()
    }

    #[test]
    fn names_are_joined_in_order_and_none_is_empty() {
        let columns = [vec![true, false, true], vec![true, false, false]];
        assert_eq!(texts(&["SB", "AF"], &columns), ["SB, AF", "", "SB"]);
        assert_eq!(texts(&["SB"], &[vec![]]), [""; 0]);
        assert_eq!(texts(&[], &[]), ["", ""]);
    }

    #[test]
    fn a_name_with_a_comma_is_told_from_two_names() {
        let columns = [vec![true], vec![true], vec![true]];
        assert_eq!(
            texts(&["AF", "Q wave (II, aVF)", "a \"b\""], &columns),
            ["AF, \"Q wave (II, aVF)\", \"a \"\"b\"\"\""]
        );
    }

    #[test]
    fn there_may_be_more_labels_than_a_number_has_bits() {
        let names: Vec<String> = (0..130).map(|at| format!("label {at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let columns: Vec<Vec<bool>> = (0..130).map(|at| vec![at % 43 == 20, at == 129]).collect();
        assert_eq!(
            texts(&names, &columns),
            ["label 20, label 63, label 106", "label 129"]
        );
    }
}
