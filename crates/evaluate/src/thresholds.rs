//! The threshold of every mapped label: one number, a file, or chosen on another split.

use crate::compare::with_truth;
use crate::ecgs::pooled;
use crate::error::{Error, Result};
use crate::evaluate::Params;
use crate::metrics::Ranking;
use crate::settings::check_threshold;
use crate::truth::Truth;
use ecgfm_artifacts::evaluation::{ThresholdsUsed, read_thresholds};
use ecgfm_artifacts::labelset::{Mapping, Pool};
use ecgfm_artifacts::predictions::{self, About};
use polars::prelude::DataFrame;
use std::collections::HashSet;
use std::path::Path;

/// Thresholds in mapping order, and where they come from.
pub(crate) struct Thresholds {
    pub(crate) values: Vec<f64>,
    pub(crate) used: ThresholdsUsed,
}

impl Thresholds {
    /// Finds them. `scored` are the ECGs that will be scored.
    pub(crate) fn find(
        params: &Params,
        about: &About,
        mapping: &Mapping,
        scored: &DataFrame,
    ) -> Result<Self> {
        match (&params.thresholds, &params.choose_on) {
            (Some(path), _) => from_file(path, mapping),
            (None, Some(on)) => chosen(on, params, about, mapping, scored),
            (None, None) => fixed(params.threshold.unwrap_or(about.threshold), mapping),
        }
    }
}

/// Refuses parameters that contradict each other, of which one would be ignored.
pub(crate) fn check(params: &Params) -> Result<()> {
    let given = [
        ("threshold", params.threshold.is_some()),
        ("thresholds", params.thresholds.is_some()),
        ("choose_on", params.choose_on.is_some()),
    ];
    let mut given = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    if let (Some(one), Some(other)) = (given.next(), given.next()) {
        let what = format!("cannot be given together with `{other}`; leave one of them out");
        return Err(parameter(one, what));
    }
    if let Some(by) = params.choose_by {
        if params.choose_on.is_none() {
            let what = "needs `choose_on`: the predictions of another split, on which thresholds are chosen";
            return Err(parameter("choose_by", what));
        }
        if let Some(what) = by.refused() {
            return Err(parameter("choose_by", what));
        }
    }
    params.threshold.map_or(Ok(()), check_threshold)
}

fn parameter(name: &'static str, what: impl Into<String>) -> Error {
    Error::Parameter {
        name,
        what: what.into(),
    }
}

fn fixed(threshold: f64, mapping: &Mapping) -> Result<Thresholds> {
    check_threshold(threshold)?;
    Ok(Thresholds {
        values: vec![threshold; mapping.map.len()],
        used: ThresholdsUsed {
            source: "fixed".to_owned(),
            by: threshold.to_string(),
            chosen_on: None,
            ecgs: None,
            ecgs_without_truth: None,
        },
    })
}

fn from_file(path: &Path, mapping: &Mapping) -> Result<Thresholds> {
    let known = read_thresholds(path)?;
    let of = |label: &String| {
        known.get(label).copied().ok_or_else(|| {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let what = format!("no threshold for `{label}`; it has {}", names.join(", "));
            Error::keys(path, what)
        })
    };
    Ok(Thresholds {
        values: mapping
            .map
            .iter()
            .map(|pair| of(&pair.to))
            .collect::<Result<_>>()?,
        used: ThresholdsUsed {
            source: "file".to_owned(),
            by: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            chosen_on: None,
            ecgs: None,
            ecgs_without_truth: None,
        },
    })
}

fn chosen(
    on: &Path,
    params: &Params,
    about: &About,
    mapping: &Mapping,
    scored: &DataFrame,
) -> Result<Thresholds> {
    let other = About::read(on)?;
    alike(&other, about)?;
    let from = mapping.from_names();
    let ecgs = pooled(on, &predictions::read(on, &from)?, &other.labels, &from)?;
    apart(on, &ecgs, scored)?;
    let truth = Truth::read(&params.labels, mapping)?;
    let rows = with_truth(&ecgs, &truth, mapping, params.missing_truth)?;
    let by = params.choose_by.unwrap_or_default();
    let mut values = Vec::with_capacity(mapping.map.len());
    for (pair, (truth, scores)) in mapping.map.iter().zip(rows.truth.iter().zip(&rows.scores)) {
        let threshold = by.choose(&Ranking::new(truth, scores));
        values.push(threshold.ok_or_else(|| {
            let positives = truth.iter().filter(|t| **t).count();
            let what = format!(
                "split `{}` gives no threshold for `{}` by {}: {positives} of its {} ECGs have the label",
                other.subset,
                pair.to,
                by.name(),
                truth.len()
            );
            parameter("choose_on", what)
        })?);
    }
    Ok(Thresholds {
        values,
        used: ThresholdsUsed {
            source: "chosen".to_owned(),
            by: by.name(),
            chosen_on: Some(other.subset),
            ecgs: Some(rows.len() as u64),
            ecgs_without_truth: Some(rows.without_truth as u64),
        },
    })
}

/// Thresholds of one split serve another where both were predicted alike; an ECG pooled otherwise has another probability.
fn alike(other: &About, about: &About) -> Result<()> {
    if other.subset == about.subset {
        let what = format!(
            "its predictions are of split `{}`, which is the one that is scored; thresholds chosen there would flatter the \
             model. Predict another split for it",
            about.subset
        );
        return Err(parameter("choose_on", what));
    }
    if other.labels.names() != about.labels.names() {
        let what = format!(
            "its predictions are of label set `{}`, not `{}`",
            other.labels.name, about.labels.name
        );
        return Err(parameter("choose_on", what));
    }
    let mut pairs = other.labels.labels.iter().zip(&about.labels.labels);
    if let Some((theirs, ours)) = pairs.find(|(theirs, ours)| theirs.pool != ours.pool) {
        let what = format!(
            "its predictions pool the segments of an ECG by {} for `{}`, and those that are scored by {}; predict both with \
             the same `pool`",
            name(theirs.pool),
            ours.name,
            name(ours.pool)
        );
        return Err(parameter("choose_on", what));
    }
    if other.labels != about.labels {
        let what = format!(
            "its predictions are of another version of label set `{}`; predict both splits with the same one",
            about.labels.name
        );
        return Err(parameter("choose_on", what));
    }
    Ok(())
}

/// As `pool` takes it.
fn name(pool: Pool) -> &'static str {
    match pool {
        Pool::Mean => "mean",
        Pool::Max => "max",
        Pool::NoisyOr => "noisy_or",
    }
}

/// No ECG may be both chosen on and scored, whatever the splits are called.
fn apart(path: &Path, chosen_on: &DataFrame, scored: &DataFrame) -> Result<()> {
    let idx = |frame: &DataFrame| -> HashSet<i64> {
        let column = frame
            .column(ecgfm_artifacts::columns::IDX)
            .and_then(|c| c.i64().cloned());
        column.map(|c| c.iter().flatten().collect()).unwrap_or_default()
    };
    let scored = idx(scored);
    match idx(chosen_on)
        .into_iter()
        .filter(|idx| scored.contains(idx))
        .min()
    {
        None => Ok(()),
        Some(both) => {
            let what = format!("ECG idx {both} is among those that are scored; choose thresholds on others");
            Err(Error::keys(path, what))
        }
    }
}
