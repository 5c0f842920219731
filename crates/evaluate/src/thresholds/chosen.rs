//! Thresholds that are chosen on the ECGs of another split.

use crate::by_number::rows_by_exam;
use crate::ecgs::pool_segments;
use crate::error::{Error, Result};
use crate::known::KnownRows;
use crate::metrics::Ranking;
use crate::predict::params::{DEFAULT_THRESHOLD, Params, ThresholdByName};
use crate::predict::resolved::ResolvedLabels;
use crate::same_labels::same_labels;
use crate::scored_rows::join_truth;
use crate::truth::Truth;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::evaluation::ThresholdsUsed;
use ecgfm_artifacts::labelset::{LabelSet, Pool};
use ecgfm_artifacts::predictions::{self, PredictionsInfo};
use ecgfm_artifacts::table;
use polars::prelude::DataFrame;
use std::path::Path;

/// Chooses the thresholds of the mapped labels, or without a mapping of the model's, on the predictions in `on`.
pub(super) fn choose_thresholds(
    on: &Path,
    params: &Params,
    set: &ResolvedLabels,
    predicted: &DataFrame,
) -> Result<(ThresholdByName, ThresholdsUsed)> {
    let path = params.truth.as_deref().unwrap_or(on);
    let mapping = match &set.mapping {
        Some(mapping) => mapping.clone(),
        None => same_labels(path, &set.labels)?,
    };
    let other = PredictionsInfo::read(on)?;
    require_same_model(&other, &params.subset, &set.labels)?;
    let from = mapping.from_names();
    let ecgs = pool_segments(on, &predictions::read(on, &from)?, &other.labels, &from)?;
    require_disjoint(on, &ecgs, predicted)?;
    let truth = Truth::read(path, &mapping, params.missing_label)?;
    let rows = join_truth(&ecgs, &truth, &mapping, params.missing_truth)?;
    let by = params.choose_by.unwrap_or_default();
    let mut named = ThresholdByName::new();
    let clusters = vec![0; rows.len()];
    for (at, pair) in mapping.map.iter().enumerate() {
        let known = KnownRows::new(
            (&rows.truth[at], &rows.scores[at], &clusters),
            &rows.unknown[at],
            DEFAULT_THRESHOLD,
        );
        let threshold = by.choose(&Ranking::new(&known.truth, &known.scores));
        let threshold = threshold.ok_or_else(|| {
            let positives = known.truth.iter().filter(|t| **t).count();
            let what = format!(
                "split `{}` gives no threshold for `{}` by {}: {positives} of its {} ECGs have the label",
                other.subset,
                pair.to,
                by.name(),
                known.truth.len()
            );
            Error::parameter("choose_on", what)
        })?;
        named.insert(pair.to.clone(), threshold);
    }
    let used = ThresholdsUsed {
        source: "chosen".to_owned(),
        by: by.name(),
        chosen_on: Some(other.subset),
        ecgs: Some(rows.len() as u64),
        ecgs_without_truth: Some(rows.without_truth as u64),
    };
    Ok((named, used))
}

/// Checks that both splits were predicted in the same way; an ECG that is pooled in another way has another probability.
fn require_same_model(other: &PredictionsInfo, subset: &str, labels: &LabelSet) -> Result<()> {
    if other.subset == subset {
        let what = format!(
            "its predictions are of split `{subset}`, which is the one that is predicted; thresholds chosen there would \
             flatter the model. Predict another split for it"
        );
        return Err(Error::parameter("choose_on", what));
    }
    if other.labels.names() != labels.names() {
        let what = format!(
            "its predictions are of label set `{}`, not `{}`",
            other.labels.name, labels.name
        );
        return Err(Error::parameter("choose_on", what));
    }
    let mut pairs = other.labels.labels.iter().zip(&labels.labels);
    if let Some((theirs, ours)) = pairs.find(|(theirs, ours)| theirs.pool != ours.pool) {
        let what = format!(
            "its predictions pool the segments of an ECG by {} for `{}`, and those that are predicted here by {}; predict \
             both with the same `pool`",
            pool_name(theirs.pool),
            ours.name,
            pool_name(ours.pool)
        );
        return Err(Error::parameter("choose_on", what));
    }
    if other.labels != *labels {
        let what = format!(
            "its predictions are of another version of label set `{}`; predict both splits with the same one",
            labels.name
        );
        return Err(Error::parameter("choose_on", what));
    }
    Ok(())
}

/// As `pool` takes it.
fn pool_name(pool: Pool) -> &'static str {
    match pool {
        Pool::Mean => "mean",
        Pool::Max => "max",
        Pool::NoisyOr => "noisy_or",
    }
}

/// Checks that no ECG is both chosen on and predicted, whatever the splits are called.
fn require_disjoint(path: &Path, chosen_on: &DataFrame, predicted: &DataFrame) -> Result<()> {
    let predicted = rows_by_exam(table::int_column(path, predicted, IDX)?);
    let chosen_on = table::int_column(path, chosen_on, IDX)?.iter().flatten();
    match chosen_on.filter(|idx| predicted.find(*idx).is_some()).min() {
        None => Ok(()),
        Some(both) => {
            let what =
                format!("ECG idx {both} is among those that are predicted here; choose thresholds on others");
            Err(Error::keys(path, what))
        }
    }
}
