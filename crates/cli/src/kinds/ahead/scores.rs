//! Truth against predictions, and the page: `evaluate`, `report`.

use super::mapping::{check_source_labels, check_target_labels, load_mapping};
use super::paths::{ExpectedPath, check_path};
use super::splits::{expect_segment_table, record_columns};
use super::{LabelNames, facts, name_list, refuse_parameter, typed_fact};
use ecgfm_artifacts::evaluation::group_column;
use ecgfm_artifacts::labelset::{LabelSet, Mapping, RewardMatrix};
use ecgfm_artifacts::predictions::PredictionsInfo;
use ecgfm_evaluate::evaluate as scoring;
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings, Promises};
use std::path::Path;

/// Holds label set, mapping and subgroups against what is predicted and known.
pub fn evaluate(params: &scoring::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let predicted = known_predictions(&mut found, ahead, "predictions", &params.predictions);
    let model: Option<LabelNames> = typed_fact(predicted.get(facts::MODEL_LABELS));
    if let Some(name) = &params.label_set
        && let Some(set) = super::label_set(&mut found, "label_set", name)
        && let Some(model) = &model
    {
        super::model::check_same_label_set(&mut found, "label_set", &set.label_names(), model);
    }
    let used = used_mapping(&mut found, params, &predicted, model.as_ref());
    check_tables(&mut found, params, ahead);
    if let (Some(mapping), Some(truth)) = (&used, truth_of(ahead, &params.labels)) {
        let named = match params.mapping {
            Some(_) => ("mapping", "is"),
            None => ("predictions", "are mapped by"),
        };
        check_target_labels(&mut found, named, mapping, &truth);
    }
    if let Err(error) = RewardMatrix::load(&params.challenge) {
        refuse_parameter(&mut found, "challenge", &error);
    }
    check_subgroups(&mut found, params, ahead);
    found
}

/// Facts known of predictions: promised, or in the record beside those from outside.
pub(super) fn known_predictions(
    found: &mut LookAheadFindings,
    ahead: &LookAheadContext<'_>,
    parameter: &str,
    path: &Path,
) -> Promises {
    if let Some(promises) = ahead.promises(path) {
        return promises.clone();
    }
    let mut known = Promises::default();
    if check_path(
        found,
        ahead,
        parameter,
        path,
        ExpectedPath::Directory("what the stage `predict` left"),
    ) {
        match PredictionsInfo::read(path) {
            Ok(about) => {
                // How segments are pooled may be the stage's own choice, so that the hash is another's.
                let labels = LabelNames {
                    hash: None,
                    ..about.labels.label_names()
                };
                known.add(facts::MODEL_LABELS, serde_json::json!(labels));
                known.add(facts::MAPPING, serde_json::json!(about.mapping));
                known.add(facts::SUBSET, about.subset);
            }
            Err(error) => refuse_parameter(found, parameter, &error),
        }
    }
    known
}

/// The mapping that is scored by: the parameter's, or that of the predictions.
fn used_mapping(
    found: &mut LookAheadFindings,
    params: &scoring::Params,
    predicted: &Promises,
    model: Option<&LabelNames>,
) -> Option<Mapping> {
    let Some(name) = &params.mapping else {
        return typed_fact(predicted.get(facts::MAPPING));
    };
    let mapping = load_mapping(found, name)?;
    let set = params
        .label_set
        .as_deref()
        .and_then(|name| LabelSet::load(name).ok());
    match (set, model) {
        (Some(set), _) => check_source_labels(found, &mapping, &set),
        (None, Some(model)) => {
            let strange: Vec<&str> = mapping
                .from_names()
                .into_iter()
                .filter(|name| !model.has(name))
                .collect();
            if !strange.is_empty() {
                let (whose, strange) = (model.describe(), strange.join("`, `"));
                let phrase = format!(
                    "is `{}`, which maps `{strange}`, and label set {whose} of the predictions has {}",
                    mapping.name,
                    name_list(&model.labels)
                );
                found.add_invalid("mapping", phrase);
            }
        }
        (None, None) => {}
    }
    Some(mapping)
}

/// The labels of the truth: promised, or by the header of a table from outside, whose label set has no name.
fn truth_of(ahead: &LookAheadContext<'_>, path: &Path) -> Option<LabelNames> {
    ahead
        .fact(path, facts::TRUTH_LABELS)
        .and_then(|fact| typed_fact(Some(fact)))
}

fn check_tables(found: &mut LookAheadFindings, params: &scoring::Params, ahead: &LookAheadContext<'_>) {
    check_path(
        found,
        ahead,
        "labels",
        &params.labels,
        ExpectedPath::File("the truth, labels.csv"),
    );
    for (parameter, path, what) in [
        ("splits", &params.splits, "the table of the segments' splits"),
        ("records", &params.records, "the table of records"),
        (
            "rejected",
            &params.rejected,
            "the table of exams that were set aside",
        ),
        ("review", &params.review, "a reader's verdicts, review.csv"),
    ] {
        if let Some(path) = path {
            check_path(found, ahead, parameter, path, ExpectedPath::File(what));
        }
    }
    if let Some(path) = &params.splits {
        expect_segment_table(found, ahead, "splits", path);
    }
}

/// Holds the columns that make groups against those of the records.
fn check_subgroups(found: &mut LookAheadFindings, params: &scoring::Params, ahead: &LookAheadContext<'_>) {
    let Some(records) = &params.records else { return };
    let Some(columns) = record_columns(ahead, records) else {
        return;
    };
    for (at, by) in params.subgroups.by.iter().enumerate() {
        let column = group_column(by);
        if !columns.iter().any(|known| known == column) {
            let phrase = format!(
                "is `{by}`, and the records have no column `{column}`; they have {}",
                name_list(&columns)
            );
            found.add_invalid(&format!("subgroups.by.{at}"), phrase);
        }
    }
}

/// Looks for what comes from outside.
pub fn panel(params: &ecgfm_evaluate::panel::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    for path in params.models.values() {
        let wanted = ExpectedPath::Directory("what the stage `evaluate` left");
        check_path(&mut found, ahead, "models", path, wanted);
    }
    found
}

/// Looks for what the page is drawn from.
pub fn report(params: &ecgfm_report::report::Params, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let mut directory = |parameter: &str, path: &Path, what: &str| {
        check_path(&mut found, ahead, parameter, path, ExpectedPath::Either(what));
    };
    directory("metrics", &params.metrics, "what the stage `evaluate` left");
    for (parameter, path, what) in [
        ("signals", &params.signals, "what the stage `signals` left"),
        ("saliency", &params.saliency, "what the stage `infer` left"),
        ("panel", &params.panel, "what the stage `panel` left"),
    ] {
        if let Some(path) = path {
            directory(parameter, path, what);
        }
    }
    for (parameter, path, what) in [
        ("model", &params.model, "a model's card"),
        ("inference", &params.inference, "the record of the inference"),
        (
            "rejected",
            &params.rejected,
            "the table of exams that were set aside",
        ),
    ] {
        if let Some(path) = path {
            check_path(&mut found, ahead, parameter, path, ExpectedPath::File(what));
        }
    }
    found
}
