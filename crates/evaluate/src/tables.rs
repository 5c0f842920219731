//! The tables that predict writes: a row a segment or an ECG, a column a label.

use crate::ecgs::extend_keys;
use crate::error::{Error, Result};
use crate::label_text::label_text;
use crate::probabilities::{combine_labels, decide, label_probabilities};
use ecgfm_artifacts::columns::{LABELS, PREDICTED};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::predictions::{KEYS, PROBABILITY};
use polars::prelude::*;
use rayon::prelude::*;

/// Segments or ECGs with the probabilities of the model's labels, and the text of those that are above their thresholds.
pub(crate) fn with_labels(
    probabilities: &DataFrame,
    names: &[&str],
    thresholds: &[f64],
) -> Result<DataFrame> {
    let decided = names.par_iter().zip(thresholds).map(|(name, threshold)| {
        let of_label = label_probabilities(probabilities, name)?;
        Ok((*name, decide(&of_label, *threshold)))
    });
    let decided = decided.collect::<Result<Vec<_>>>()?;
    let text = label_text(probabilities.height(), &decided)?.with_name(LABELS.into());
    extend_keys(probabilities, std::iter::once(text.into_column()))
}

/// Segments with the mapped labels; `thresholds` are those of the mapping's pairs.
pub(crate) fn mapped_table(segments: &DataFrame, mapping: &Mapping, thresholds: &[f64]) -> Result<DataFrame> {
    let (mut decided, mut probabilities) = (Vec::new(), Vec::new());
    for (pair, threshold) in mapping.map.iter().zip(thresholds) {
        let combined = combine_labels(segments, pair)?;
        decided.push((pair.to.as_str(), decide(&combined, *threshold)));
        let name = format!("{}{PROBABILITY}", pair.to).into();
        probabilities.push(Float32Chunked::from_vec(name, combined).into_column());
    }
    let text = label_text(segments.height(), &decided)?.with_name(PREDICTED.into());
    let flag = |(name, holds): &(&str, Vec<bool>)| Column::new((*name).into(), holds);
    let keys = segments.select(KEYS).map_err(Error::table("mapping labels"))?;
    let flags = decided.iter().map(flag);
    extend_keys(&keys, flags.chain([text.into_column()]).chain(probabilities))
}
