//! Sets of labels as text: names joined by `, `, in order; no label is the empty text.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::quote_label;
use polars::prelude::*;

/// Labels whose decisions fit into one mask.
const BITS: usize = 62;
const SEPARATOR: &str = ", ";
const TEXT: &str = "text";

/// The names of the labels that hold in each row of `frame`; a label is its name and the expression that says where it holds.
pub(crate) fn label_text(frame: &DataFrame, labels: &[(&str, Expr)]) -> Result<Column> {
    let failed = || Error::table("writing sets of labels as text");
    // Of the sets of labels that are possible few occur: each is written once, and found by its mask.
    let words = labels.chunks(BITS).enumerate();
    let masks: Vec<Expr> = words
        .map(|(word, labels)| mask_expression(labels).alias(mask_column(word)))
        .collect();
    if masks.is_empty() {
        let text = Column::new_scalar(TEXT.into(), Scalar::from(PlSmallStr::EMPTY), frame.height());
        return Ok(text);
    }
    let masks = frame.clone().lazy().select(masks).collect().map_err(failed())?;
    let holds = |at: usize| {
        let bit = col(mask_column(at / BITS)).and(lit(1i64 << (at % BITS)));
        bit.neq(lit(0i64))
    };
    let part = |(at, (label, _)): (usize, &(&str, Expr))| {
        when(holds(at))
            .then(lit(format!("{}{SEPARATOR}", quote_label(label))))
            .otherwise(lit(""))
    };
    let text = labels
        .iter()
        .enumerate()
        .map(part)
        .fold(lit(""), |text, part| text + part);
    let keys: Vec<Expr> = (0..masks.width()).map(|word| col(mask_column(word))).collect();
    let texts = masks.clone().lazy().unique_generic(None, UniqueKeepStrategy::Any);
    let mut texts = texts.with_column(text.alias(TEXT)).collect().map_err(failed())?;
    let cut = without_last_separator(&texts).map_err(failed())?;
    texts.with_column(cut).map_err(failed())?;
    let found = crate::joins::left_join(masks.lazy(), texts.lazy(), &keys).select([col(TEXT)]);
    let found = found.collect().map_err(failed())?;
    found.column(TEXT).cloned().map_err(failed())
}

/// The texts without the separator that follows their last name.
fn without_last_separator(texts: &DataFrame) -> PolarsResult<Column> {
    let texts = texts.column(TEXT)?.str()?;
    let cut = |text: &str| text.strip_suffix(SEPARATOR).unwrap_or(text).to_owned();
    let cut: StringChunked = texts.iter().map(|text| text.map(cut)).collect();
    Ok(cut.with_name(TEXT.into()).into_column())
}

fn mask_column(word: usize) -> String {
    format!("mask {word}")
}

/// Decisions as the bits of a number, the first label's the lowest.
fn mask_expression(labels: &[(&str, Expr)]) -> Expr {
    let bit = |(at, (_, holds)): (usize, &(&str, Expr))| {
        when(holds.clone()).then(lit(1i64 << at)).otherwise(lit(0i64))
    };
    labels
        .iter()
        .enumerate()
        .map(bit)
        .fold(lit(0i64), |mask, bit| mask + bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str], columns: &[Vec<bool>]) -> Vec<String> {
        let columns = names
            .iter()
            .zip(columns)
            .map(|(name, column)| Column::new((*name).into(), column));
        let frame = DataFrame::new_infer_height(columns.collect()).unwrap();
        let labels: Vec<(&str, Expr)> = names.iter().map(|name| (*name, col(*name))).collect();
        let text = label_text(&frame, &labels).unwrap();
        text.str()
            .unwrap()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect()
    }

    #[test]
    fn names_are_joined_in_order_and_none_is_empty() {
        let columns = [vec![true, false, true], vec![true, false, false]];
        assert_eq!(texts(&["SB", "AF"], &columns), ["SB, AF", "", "SB"]);
        assert_eq!(texts(&["SB"], &[vec![]]), [""; 0]);
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
