//! Thresholds of `predict`: by label, in a table, or chosen on another split.

use super::paths::{Wanted, there};
use super::scores::predictions;
use super::{bad_input, facts, full, listed, refuse};
use ecgfm_artifacts::evaluation::read_thresholds;
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_evaluate::predict::{Params, PerLabel};
use ecgfm_pipeline::{Findings, LookAheadContext};
use std::collections::BTreeMap;
use std::path::Path;

/// Holds thresholds against the labels that need one.
pub(super) fn thresholds(
    found: &mut Findings,
    params: &Params,
    ahead: &LookAheadContext<'_>,
    (set, mapping): (Option<&LabelSet>, Option<&Mapping>),
) {
    if let Some(path) = &params.choose_on {
        chosen_on(found, ahead, path, &params.subset);
    }
    if let Some(path) = &params.truth {
        there(found, ahead, "truth", path, Wanted::File("the truth, labels.csv"));
    }
    let (named, table) = match &params.thresholds {
        None => return,
        Some(PerLabel::Map(named)) => (named.clone(), None),
        Some(PerLabel::Table(path)) => match table(found, ahead, path) {
            None => return,
            Some(named) => (named, Some(full(path))),
        },
    };
    if params.threshold.is_some() || (params.mapping.is_some() && mapping.is_none()) {
        return;
    }
    let Some(set) = set else { return };
    let missing = missing(&named, set, mapping);
    if missing.is_empty() {
        return;
    }
    let (missing, has) = (listed(&missing), listed(named.keys()));
    match table {
        None => found.add_invalid(
            "thresholds",
            format!("have none for {missing}; they have {has}; `threshold` says one for the rest"),
        ),
        Some(path) => {
            let phrase = format!("names {path}, which has no threshold for {missing}; it has {has}");
            bad_input(
                found,
                "thresholds",
                phrase,
                "give one for every label, or `threshold` for the rest",
            );
        }
    }
}

fn table(found: &mut Findings, ahead: &LookAheadContext<'_>, path: &Path) -> Option<BTreeMap<String, f64>> {
    if ahead.promises(path).is_some()
        || !there(
            found,
            ahead,
            "thresholds",
            path,
            Wanted::File("a table of thresholds"),
        )
    {
        return None;
    }
    match read_thresholds(path) {
        Ok(named) => Some(named),
        Err(error) => {
            refuse(found, "thresholds", &error);
            None
        }
    }
}

/// The labels without a threshold of their own: a mapped label may have that of the labels it stands for.
fn missing(named: &BTreeMap<String, f64>, set: &LabelSet, mapping: Option<&Mapping>) -> Vec<String> {
    match mapping {
        None => set
            .names()
            .into_iter()
            .filter(|name| !named.contains_key(*name))
            .map(str::to_owned)
            .collect(),
        Some(mapping) => {
            let has = |name: &String| named.contains_key(name);
            let without = mapping
                .map
                .iter()
                .filter(|pair| !has(&pair.to) && !pair.from.names().iter().all(has));
            without.map(|pair| pair.to.clone()).collect()
        }
    }
}

/// Thresholds are to be chosen on another split than the one that is predicted.
fn chosen_on(found: &mut Findings, ahead: &LookAheadContext<'_>, path: &Path, subset: &str) {
    let other = predictions(found, ahead, "choose_on", path);
    if other.get(facts::SUBSET).and_then(serde_json::Value::as_str) == Some(subset) {
        let phrase = format!(
            "names predictions of split `{subset}`, which is the one that is predicted; thresholds chosen there would flatter the model"
        );
        found.add_invalid("choose_on", phrase);
    }
}
