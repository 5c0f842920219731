//! The tables that predict writes: a row a segment or an ECG, a column a label.

use crate::ecgs::extend_keys;
use crate::error::{Error, Result};
use crate::expressions::{combine_labels, is_above};
use crate::label_text::label_text;
use ecgfm_artifacts::columns::{LABELS, PREDICTED};
use ecgfm_artifacts::labelset::{LabelPair, Mapping};
use ecgfm_artifacts::predictions::{KEYS, PROBABILITY};
use polars::prelude::*;

/// Segments or ECGs with the probabilities of the model's labels, and the text of those that are above their thresholds.
pub(crate) fn with_labels(
    probabilities: &DataFrame,
    names: &[&str],
    thresholds: &[f64],
) -> Result<DataFrame> {
    let decided = names.iter().zip(thresholds);
    let decided: Vec<(&str, Expr)> = decided
        .map(|(name, threshold)| (*name, is_above(col(*name), *threshold)))
        .collect();
    let text = label_text(probabilities, &decided)?;
    extend_keys(probabilities, std::iter::once(text.with_name(LABELS.into())))
}

/// Segments with the mapped labels; `thresholds` are those of the mapping's pairs.
pub(crate) fn mapped_table(segments: &DataFrame, mapping: &Mapping, thresholds: &[f64]) -> Result<DataFrame> {
    let failed = || Error::table("mapping labels");
    let probability = |pair: &LabelPair| combine_labels(pair).alias(pair.to.as_str());
    let probabilities: Vec<Expr> = mapping.map.iter().map(probability).collect();
    let probabilities = segments
        .clone()
        .lazy()
        .select(probabilities)
        .collect()
        .map_err(failed())?;
    let decided = mapping.map.iter().zip(thresholds);
    let decided: Vec<(&str, Expr)> = decided
        .map(|(pair, threshold)| (pair.to.as_str(), is_above(col(pair.to.as_str()), *threshold)))
        .collect();
    let flags: Vec<Expr> = decided.iter().map(|(_, holds)| holds.clone()).collect();
    let flags = probabilities
        .clone()
        .lazy()
        .select(flags)
        .collect()
        .map_err(failed())?;
    let text = label_text(&probabilities, &decided)?.with_name(PREDICTED.into());
    let renamed = |column: &Column| {
        column
            .clone()
            .with_name(format!("{}{PROBABILITY}", column.name()).into())
    };
    extend_keys(
        &segments.select(KEYS).map_err(failed())?,
        (flags.columns().iter().cloned())
            .chain([text])
            .chain(probabilities.columns().iter().map(renamed)),
    )
}
