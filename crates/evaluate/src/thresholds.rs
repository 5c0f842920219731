//! The threshold of every label: one number, some label by label, or chosen on another split.
//!
//! Predict decides it, once for a run. A mapped label has the threshold of the model's labels that it stands for, so that
//! every table says the same of an ECG.

mod chosen;

use crate::error::{Error, Result};
use crate::metrics::threshold::Criterion;
use crate::predict::params::{DEFAULT_THRESHOLD, Params, PerLabel, ThresholdByName};
use crate::predict::resolved::ResolvedLabels;
use ecgfm_artifacts::evaluation::{THRESHOLDS, ThresholdsUsed, read_thresholds};
use ecgfm_artifacts::labelset::{LabelPair, LabelSet, Mapping};
use ecgfm_artifacts::presence::is_file;
use ecgfm_artifacts::stage::{FailureClass, StageFailure as _};
use polars::prelude::DataFrame;
use std::collections::BTreeSet;

/// The thresholds of a run.
pub(crate) struct Thresholds {
    /// Of the model's labels, in order.
    pub(crate) values: Vec<f64>,
    /// Origin of the thresholds.
    pub(crate) used: ThresholdsUsed,
    /// Names in a table that are no label's here.
    unused: Vec<String>,
}

impl Thresholds {
    /// Finds them. `predicted` are the ECGs that are predicted, which thresholds are never chosen on.
    pub(crate) fn find(params: &Params, set: &ResolvedLabels, predicted: &DataFrame) -> Result<Self> {
        let rest = params.threshold;
        match (&params.thresholds, &params.choose_on) {
            (Some(PerLabel::Map(named)), _) => {
                let used = ThresholdsUsed::from("given", "predict.thresholds".to_owned());
                Self::by_name(named, rest, set, used)
            }
            (Some(PerLabel::Table(path)), _) => {
                let file = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let used = ThresholdsUsed::from("file", file);
                Self::by_name(&read_thresholds(path)?, rest, set, used)
            }
            (None, Some(on)) => {
                let (named, used) = chosen::choose_thresholds(on, params, set, predicted)?;
                Self::by_name(&named, rest, set, used)
            }
            (None, None) => {
                let threshold = rest.unwrap_or(DEFAULT_THRESHOLD);
                Ok(Self {
                    values: vec![threshold; set.labels.labels.len()],
                    used: ThresholdsUsed::fixed(threshold),
                    unused: Vec::new(),
                })
            }
        }
    }

    fn by_name(
        named: &ThresholdByName,
        rest: Option<f64>,
        set: &ResolvedLabels,
        used: ThresholdsUsed,
    ) -> Result<Self> {
        let known = known_names(&set.labels, set.mapping.as_ref());
        let threshold = |name| threshold_of_label(name, named, rest, set);
        Ok(Self {
            values: set
                .labels
                .names()
                .into_iter()
                .map(threshold)
                .collect::<Result<_>>()?,
            used,
            unused: named
                .keys()
                .filter(|name| !known.contains(name.as_str()))
                .cloned()
                .collect(),
        })
    }

    /// By label.
    pub(crate) fn by_label(&self, names: &[&str]) -> ThresholdByName {
        let pairs = names.iter().zip(&self.values);
        pairs
            .map(|(name, threshold)| ((*name).to_owned(), *threshold))
            .collect()
    }

    /// A word about thresholds that no label has.
    pub(crate) fn unused_notice(&self, set: &ResolvedLabels) -> Option<String> {
        let names = self.unused.join(", ");
        let mapping = set
            .mapping
            .as_ref()
            .map(|mapping| format!(" or of mapping `{}`", mapping.name));
        (!self.unused.is_empty()).then(|| {
            format!(
                "{} has thresholds for {names}, which are no labels of `{}`{}: they are not used",
                self.used.by,
                set.labels.name,
                mapping.unwrap_or_default()
            )
        })
    }
}

/// The names that thresholds may have.
fn known_names<'a>(labels: &'a LabelSet, mapping: Option<&'a Mapping>) -> BTreeSet<&'a str> {
    let targets = mapping.into_iter().flat_map(|mapping| &mapping.map);
    let targets = targets.map(|pair| pair.to.as_str());
    labels.names().into_iter().chain(targets).collect()
}

/// The threshold of one of the model's labels: that of the mapped label that it stands for, by either name.
fn threshold_of_label(
    name: &str,
    named: &ThresholdByName,
    rest: Option<f64>,
    set: &ResolvedLabels,
) -> Result<f64> {
    let pairs = set.mapping.iter().flat_map(|mapping| &mapping.map);
    let is_target = |name: &str| pairs.clone().any(|pair| pair.to == name);
    let stands_for = |pair: &&LabelPair| pair.from.names().iter().any(|from| from == name);
    let Some(pair) = pairs.clone().find(stands_for) else {
        let own = named.get(name).filter(|_| !is_target(name)).copied();
        // What is mapped to nothing is compared with nothing.
        let unmapped = set.mapping.as_ref().map(|_| DEFAULT_THRESHOLD);
        return own
            .or(rest)
            .or(unmapped)
            .ok_or_else(|| missing_threshold(name, named));
    };
    // A name may be the model's for one thing and the truth's for another: then it is the truth's.
    let own = |from: &&String| **from == pair.to || !is_target(from);
    let names = std::iter::once(&pair.to).chain(pair.from.names().iter().filter(own));
    let found: Vec<(&String, f64)> = names.filter_map(|name| Some((name, *named.get(name)?))).collect();
    match found.split_first() {
        None => rest.ok_or_else(|| missing_threshold(&pair.to, named)),
        Some(((_, threshold), others)) => match others.iter().find(|(_, other)| other != threshold) {
            None => Ok(*threshold),
            Some((other, _)) => Err(Error::parameter(
                "thresholds",
                format!(
                    "`{}` and `{other}` are one label by the mapping, and have different thresholds; give one for `{}`",
                    found[0].0, pair.to
                ),
            )),
        },
    }
}

fn missing_threshold(name: &str, named: &ThresholdByName) -> Error {
    let names: Vec<&str> = named.keys().map(String::as_str).collect();
    let what = format!(
        "no threshold for `{name}`; there are those of {}. Add it, or give `threshold: 0.5` for all others",
        names.join(", ")
    );
    Error::parameter("thresholds", what)
}

/// The thresholds of mapped labels, out of those of the model's labels.
///
/// # Errors
/// A mapped label stands for several of the model's, which have different thresholds.
pub(crate) fn thresholds_of_pairs(mapping: &Mapping, threshold_of: &ThresholdByName) -> Result<Vec<f64>> {
    let of_pair = |pair: &LabelPair| {
        let mut thresholds = pair
            .from
            .names()
            .iter()
            .filter_map(|name| threshold_of.get(name).copied());
        let first = thresholds.next().unwrap_or(DEFAULT_THRESHOLD);
        if thresholds.all(|other| other == first) {
            return Ok(first);
        }
        let what = format!(
            "`{}` puts {} together, which were predicted with different thresholds; predict with this mapping, and one \
             threshold for `{}`",
            mapping.name,
            pair.from.joined(),
            pair.to
        );
        Err(Error::parameter("mapping", what))
    };
    mapping.map.iter().map(of_pair).collect()
}

/// Checks the parameters of predict as far as that needs no data.
///
/// # Errors
/// A threshold that makes no sense; parameters that contradict each other, of which one would be ignored.
pub fn check_params(params: &Params) -> Result<()> {
    if params.thresholds.is_some() && params.choose_on.is_some() {
        let what = "cannot be given together with `choose_on`; leave one of them out";
        return Err(Error::parameter("thresholds", what));
    }
    if let Some(threshold) = params.threshold {
        check_threshold(threshold)?;
    }
    match &params.thresholds {
        Some(PerLabel::Map(named)) => check_named(params, named)?,
        Some(PerLabel::Table(path)) if is_file(path)? => {
            read_thresholds(path).map_err(|error| match error.class() {
                FailureClass::Failed | FailureClass::TryAgain => Error::Artifact(error),
                _ => Error::parameter("thresholds", error.to_string()),
            })?;
        }
        // A table that another stage writes is not there yet.
        Some(PerLabel::Table(_)) | None => {}
    }
    let choosing = [
        ("choose_by", params.choose_by.is_some()),
        ("truth", params.truth.is_some()),
    ];
    match (&params.choose_on, choosing.iter().find(|(_, given)| *given)) {
        (None, Some((name, _))) => {
            let what = "needs `choose_on`: the predictions of another split, on which thresholds are chosen";
            return Err(Error::parameter(name, what));
        }
        (Some(_), _) if params.truth.is_none() => {
            let what = "needs `truth`: the `labels.csv` that says what the ECGs of that split have";
            return Err(Error::parameter("choose_on", what));
        }
        _ => {}
    }
    let refused = params.choose_by.and_then(Criterion::why_invalid);
    refused.map_or(Ok(()), |what| Err(Error::parameter("choose_by", what)))
}

fn check_named(params: &Params, named: &ThresholdByName) -> Result<()> {
    if named.is_empty() {
        return Err(Error::parameter("thresholds", "names no label; leave it out"));
    }
    if let Some((label, threshold)) = named
        .iter()
        .find(|(_, threshold)| !THRESHOLDS.contains(threshold))
    {
        let what = format!(
            "the threshold of `{label}` is {threshold}; give a probability from 0 to 1 (0.5, not 50)"
        );
        return Err(Error::parameter("thresholds", what));
    }
    let set = ResolvedLabels::load(params)?;
    let known = known_names(&set.labels, set.mapping.as_ref());
    if let Some(unknown) = named.keys().find(|name| !known.contains(name.as_str())) {
        let names: Vec<&str> = known.into_iter().collect();
        let what = format!("`{unknown}` is no label here; there are {}", names.join(", "));
        return Err(Error::parameter("thresholds", what));
    }
    let used = ThresholdsUsed::from("given", String::new());
    Thresholds::by_name(named, params.threshold, &set, used).map(drop)
}

/// A threshold that probabilities can be on either side of.
fn check_threshold(threshold: f64) -> Result<()> {
    if (0.0..1.0).contains(&threshold) {
        return Ok(());
    }
    let what = format!("{threshold} is not a probability threshold; it must be at least 0 and below 1");
    Err(Error::parameter("threshold", what))
}
