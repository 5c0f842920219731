//! Label sets and what is predicted of them: `labels`, `predict`.

use super::mapping::{check_source_labels, load_mapping};
use super::model::check_same_label_set;
use super::paths::{ExpectedPath, check_path};
use super::splits::record_columns;
use super::thresholds::check_thresholds;
use super::{LabelNames, facts, label_set, name_list, refuse_parameter, typed_fact};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::logits::InferenceRecord;
use ecgfm_evaluate::predict as prediction;
use ecgfm_labels::{self as truth, TruthReader};
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings};
use serde_json::{Value, json};
use std::path::Path;

/// Holds the labels of the truth against the columns of the records.
pub fn labels(params: &truth::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let is_there = check_path(
        &mut found,
        ahead,
        "records",
        &params.records,
        ExpectedPath::File("the table of records"),
    );
    if let Some(splits) = &params.splits {
        check_path(
            &mut found,
            ahead,
            "splits",
            splits,
            ExpectedPath::File("the table of splits"),
        );
    }
    let Some(set) = label_set(&mut found, "label_set", &params.label_set) else {
        return found;
    };
    let columns = record_columns(ahead, &params.records).filter(|_| is_there);
    match TruthReader::new(params, &set) {
        Ok(reader) => {
            if let Some(columns) = &columns {
                check_truth_columns(&mut found, &reader, &set, columns);
            }
        }
        Err(truth::Error::Parameter { name, what }) => found.add_invalid(name, what),
        Err(error) => refuse_parameter(&mut found, "from.rules", &error),
    }
    if ahead.kept_dir().is_none() {
        found.promises.add(facts::TRUTH_LABELS, json!(set.label_names()));
    }
    found
}

/// Parameter that names the columns of labels.
const LABEL_SET: &str = "label_set";

/// Holds the columns that the truth is read from against those of the records.
fn check_truth_columns(
    found: &mut LookAheadFindings,
    reader: &TruthReader,
    set: &LabelSet,
    columns: &[String],
) {
    let has = |name: &str| columns.iter().any(|column| column == name);
    let mut missing = Vec::new();
    for (parameter, column) in reader.columns().into_iter().filter(|(_, column)| !has(column)) {
        if parameter == LABEL_SET {
            missing.push(column);
            continue;
        }
        let has = name_list(columns);
        let phrase = format!("names the column `{column}`, which the records do not have; they have {has}");
        found.add_invalid(&parameter, phrase);
    }
    if !missing.is_empty() {
        let (name, missing) = (set.describe(), missing.join("`, `"));
        let phrase = format!(
            "names {name}, and the records have no column `{missing}`; they have {}",
            name_list(columns)
        );
        found.add_invalid(LABEL_SET, phrase);
    }
}

/// Holds label set and mapping against the model, and the subset against what was inferred.
pub fn predict(params: &prediction::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let set = label_set(&mut found, "labels", &params.labels);
    check_logits(&mut found, params, ahead, set.as_ref());
    let mapping = params.mapping.as_deref().and_then(|name| {
        let mapping = load_mapping(&mut found, name)?;
        if let Some(set) = &set {
            check_source_labels(&mut found, &mapping, set);
        }
        Some(mapping)
    });
    check_thresholds(&mut found, params, ahead, (set.as_ref(), mapping.as_ref()));
    if ahead.kept_dir().is_none() {
        if let Some(set) = &set {
            found.promises.add(facts::MODEL_LABELS, json!(set.label_names()));
        }
        if params.mapping.is_none() || mapping.is_some() {
            found.promises.add(
                facts::MAPPING,
                mapping.map_or(Value::Null, |mapping| json!(mapping)),
            );
        }
        found.promises.add(facts::SUBSET, params.subset.clone());
    }
    found
}

fn check_logits(
    found: &mut LookAheadFindings,
    params: &prediction::Params,
    ahead: &LookAheadContext<'_>,
    set: Option<&LabelSet>,
) {
    let (exported, head) = match ahead.promises(&params.logits) {
        Some(promises) => {
            let inferred: Option<String> = typed_fact(promises.get(facts::SUBSET));
            if let Some(inferred) = inferred.filter(|inferred| *inferred != params.subset) {
                found.add_invalid(
                    "subset",
                    format!("is `{}`, and the model is run on `{inferred}`", params.subset),
                );
            }
            let head = promises.get(facts::HEAD).and_then(Value::as_u64);
            (typed_fact::<LabelNames>(promises.get(facts::MODEL_LABELS)), head)
        }
        None => (recorded_labels(found, ahead, &params.logits), None),
    };
    let Some(named) = set.map(LabelSet::label_names) else {
        return;
    };
    match (exported, head) {
        (Some(exported), _) => check_same_label_set(found, "labels", &named, &exported),
        (None, Some(head)) if head > 0 && head != named.labels.len() as u64 => {
            let what = named.describe();
            found.add_invalid(
                "labels",
                format!(
                    "names label set {what}, which has {} labels, and the model has {head}",
                    named.labels.len()
                ),
            );
        }
        _ => {}
    }
}

/// The labels of logits from outside, as the record beside them has them.
fn recorded_labels(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    path: &Path,
) -> Option<LabelNames> {
    // Somebody else's logits may be a file.
    let wanted = ExpectedPath::Either("what the stage `infer` left");
    if !check_path(found, ahead, "logits", path, wanted) {
        return None;
    }
    InferenceRecord::read(path).ok()?.labels_by_name()
}
