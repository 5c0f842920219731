//! The tables that predict writes: a row a segment or an ECG, a column a label.

use crate::ecgs::{Ecgs, extend};
use crate::error::Result;
use crate::named::joined;
use crate::sigmoid::above;
use ecgfm_artifacts::columns::{LABELS, PREDICTED, SEGMENTS};
use ecgfm_artifacts::labelset::{How, LabelSet, Mapping, Pair};
use ecgfm_artifacts::predictions::PROBABILITY;
use polars::prelude::*;
use rayon::prelude::*;

/// The probabilities of a label, in memory that tables can share: one piece, nothing missing.
pub(crate) struct Scores(pub(crate) Float32Chunked);

impl Scores {
    pub(crate) fn new(values: Vec<f32>) -> Self {
        Self(Float32Chunked::from_vec(PlSmallStr::EMPTY, values))
    }

    fn values(&self) -> &[f32] {
        self.0.cont_slice().unwrap_or(&[])
    }

    fn column(&self, name: &str) -> Column {
        self.0.clone().with_name(name.into()).into_column()
    }
}

fn decisions(scores: &[f32], threshold: f64) -> Vec<bool> {
    scores.iter().map(|&p| above(p, threshold)).collect()
}

/// Names of the labels whose probability is above their threshold, row by row.
fn decided<'a>(
    names: &[&str],
    columns: impl Iterator<Item = &'a [f32]>,
    thresholds: &[f64],
    rows: usize,
) -> StringChunked {
    let columns: Vec<Vec<bool>> = columns
        .zip(thresholds)
        .map(|(column, threshold)| decisions(column, *threshold))
        .collect();
    joined(names, &columns, rows)
}

/// Segments with the probabilities of the model's labels, and the labels above their thresholds.
pub(crate) fn predictions(
    keys: &DataFrame,
    names: &[&str],
    scores: &[Scores],
    thresholds: &[f64],
) -> Result<DataFrame> {
    let labels = decided(
        names,
        scores.iter().map(Scores::values),
        thresholds,
        keys.height(),
    );
    let probabilities = names.iter().zip(scores).map(|(name, column)| column.column(name));
    extend(
        keys,
        probabilities.chain([labels.with_name(LABELS.into()).into_column()]),
    )
}

/// Segments with the mapped labels; `thresholds` are those of the mapping's pairs.
pub(crate) fn mapped(
    keys: &DataFrame,
    names: &[&str],
    scores: &[Scores],
    mapping: &Mapping,
    thresholds: &[f64],
) -> Result<DataFrame> {
    let column_of = |from: &String| names.iter().position(|n| n == from).map(|i| scores[i].values());
    let combined = |pair: &Pair| -> Option<Vec<f32>> {
        let columns = pair
            .from
            .names()
            .iter()
            .map(column_of)
            .collect::<Option<Vec<_>>>()?;
        Some(combine(pair.how, &columns))
    };
    let pairs: Vec<(&str, Vec<f32>, f64)> = mapping
        .map
        .iter()
        .zip(thresholds)
        .filter_map(|(pair, threshold)| Some((pair.to.as_str(), combined(pair)?, *threshold)))
        .collect();
    let targets: Vec<&str> = pairs.iter().map(|p| p.0).collect();
    let decided: Vec<Vec<bool>> = pairs
        .iter()
        .map(|(_, column, threshold)| decisions(column, *threshold))
        .collect();
    let predicted = joined(&targets, &decided, keys.height());
    let flags = targets
        .iter()
        .zip(&decided)
        .map(|(to, column)| Column::new((*to).into(), column));
    let probabilities = pairs
        .iter()
        .map(|(to, column, _)| Column::new(format!("{to}{PROBABILITY}").into(), column));
    extend(
        keys,
        flags
            .chain([predicted.with_name(PREDICTED.into()).into_column()])
            .chain(probabilities),
    )
}

/// One column out of those of the labels that stand for the same.
pub(crate) fn combine(how: How, columns: &[&[f32]]) -> Vec<f32> {
    match columns {
        [one] => one.to_vec(),
        _ => (0..columns.first().map_or(0, |column| column.len()))
            .map(|row| how.combined(columns.iter().map(|column| column[row])))
            .collect(),
    }
}

/// ECGs with the pooled probability of every label, and the labels above their thresholds.
pub(crate) fn ecgs(
    labels: &LabelSet,
    scores: &[Scores],
    ecgs: &Ecgs,
    thresholds: &[f64],
) -> Result<DataFrame> {
    let pooled = labels.labels.par_iter().zip(scores);
    let pooled: Vec<Scores> = pooled
        .map(|(label, column)| Scores::new(ecgs.pool(label, column.values())))
        .collect();
    let (names, values) = (labels.names(), pooled.iter().map(Scores::values));
    let labels = decided(&names, values, thresholds, ecgs.len());
    let sizes = Column::new(SEGMENTS.into(), ecgs.sizes());
    let probabilities = names
        .iter()
        .zip(&pooled)
        .map(|(name, column)| column.column(name));
    extend(
        &ecgs.keys,
        std::iter::once(sizes)
            .chain(probabilities)
            .chain([labels.with_name(LABELS.into()).into_column()]),
    )
}
