//! Thresholds of `predict`: by label, in a table, or chosen on another split.

use super::paths::{ExpectedPath, check_path};
use super::scores::known_predictions;
use super::{bad_input, facts, full_path, name_list, refuse_parameter};
use ecgfm_artifacts::evaluation::read_thresholds;
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_evaluate::predict::{Params, PerLabel};
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use std::collections::BTreeMap;
use std::path::Path;

/// Holds thresholds against the labels that need one.
pub(super) fn check_thresholds(
    found: &mut LookAheadFindings,
    params: &Params,
    ahead: &LookAheadContext<'_>,
    (set, mapping): (Option<&LabelSet>, Option<&Mapping>),
) {
    if let Some(path) = &params.choose_on {
        chosen_on(found, ahead, path, &params.subset);
    }
    if let Some(path) = &params.truth {
        check_path(
            found,
            ahead,
            "truth",
            path,
            ExpectedPath::File("the truth, labels.csv"),
        );
    }
    let (named, table) = match &params.thresholds {
        None => return,
        Some(PerLabel::Map(named)) => (named.clone(), None),
        Some(PerLabel::Table(path)) => match read_table(found, ahead, path) {
            None => return,
            Some(named) => (named, Some(full_path(path))),
        },
    };
    if params.threshold.is_some() || (params.mapping.is_some() && mapping.is_none()) {
        return;
    }
    let Some(set) = set else { return };
    let missing = labels_without_threshold(&named, set, mapping);
    if missing.is_empty() {
        return;
    }
    let (missing, has) = (name_list(&missing), name_list(named.keys()));
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

fn read_table(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    path: &Path,
) -> Option<BTreeMap<String, f64>> {
    if ahead.promises(path).is_some()
        || !check_path(
            found,
            ahead,
            "thresholds",
            path,
            ExpectedPath::File("a table of thresholds"),
        )
    {
        return None;
    }
    match read_thresholds(path) {
        Ok(named) => Some(named),
        Err(error) => {
            refuse_parameter(found, "thresholds", &error);
            None
        }
    }
}

/// The labels without a threshold of their own: a mapped label may have that of the labels it stands for.
fn labels_without_threshold(
    named: &BTreeMap<String, f64>,
    set: &LabelSet,
    mapping: Option<&Mapping>,
) -> Vec<String> {
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
fn chosen_on(found: &mut LookAheadFindings, ahead: &LookAheadContext<'_>, path: &Path, subset: &str) {
    let other = known_predictions(found, ahead, "choose_on", path);
    if other.get(facts::SUBSET).and_then(serde_json::Value::as_str) == Some(subset) {
        let phrase = format!(
            "names predictions of split `{subset}`, which is the one that is predicted; thresholds chosen there would flatter the model"
        );
        found.add_invalid("choose_on", phrase);
    }
}
