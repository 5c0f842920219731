//! Models: `demo_model`, `export`, `infer`.

use super::checkpoint::{self, ModelHead};
use super::paths::{ExpectedPath, check_path, check_path_advising};
use super::{LabelNames, cuda, facts, full_path, label_set, name_list, typed_fact};
use super::{bad_input, described_model, system_fault};
use crate::kinds::demo::{DEMO_LABELS, DemoModel};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::manifests;
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::recipe::steps::RecipeSteps;
use ecgfm_pipeline::{LookAheadContext, LookAheadFindings, Promises};
use ecgfm_stage::FailureClass;
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{DeviceChoice, ExportParams, InferOutput, InferParams, ModelCard, Precision};
use ecgfm_system::Fault;
use serde_json::{Value, json};
use std::path::Path;

/// Promises the size of the bundled checkpoint's head, and its outputs.
pub fn demo_model(params: &DemoModel, _: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    found.promises.add(facts::HEAD, DEMO_LABELS);
    let outputs = params.network.bundled().family.outputs(true);
    found.promises.add(facts::OUTPUTS, json!(outputs));
    found
}

/// Advice where a checkpoint is none.
const CHECKPOINT_ADVICE: &str =
    "name a .pt or safetensors file; `ecgfm sources` says where the published ones are";

/// Holds the label set against the checkpoint's head.
pub fn export(params: &ExportParams, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let model = params
        .model
        .as_deref()
        .and_then(|name| described_model(&mut found, name));
    let runs_as_it_is = model.as_ref().is_some_and(|model| model.family.is_none());
    let path = &params.checkpoint;
    let mut outputs = None;
    let head = match ahead.promises(path) {
        Some(promises) => {
            outputs = promises.get(facts::OUTPUTS).cloned();
            promises.get(facts::HEAD).and_then(Value::as_u64)
        }
        None if check_path_advising(
            &mut found,
            ahead,
            "checkpoint",
            path,
            ExpectedPath::Either("a checkpoint"),
            Some(CHECKPOINT_ADVICE),
        ) =>
        {
            match checkpoint::read_head(path, params.head.as_deref()) {
                _ if runs_as_it_is => None,
                Ok(head) => {
                    refuse_unknown_family(&mut found, path, &head);
                    outputs = head.outputs().map(|names| json!(names));
                    head.labels
                }
                Err(error) if Fault::in_chain(&error).is_some() => {
                    let phrase = format!("names {}, which cannot be read: {error}", full_path(path));
                    system_fault(&mut found, "checkpoint", phrase, Fault::in_chain(&error));
                    None
                }
                Err(error) => {
                    let phrase = match path.is_dir() {
                        true => format!(
                            "names the directory {}, and a checkpoint is wanted, or a folder with model.safetensors in it",
                            full_path(path)
                        ),
                        false => format!(
                            "names {}, which is no checkpoint that can be read: {error}",
                            full_path(path)
                        ),
                    };
                    bad_input(&mut found, "checkpoint", phrase, CHECKPOINT_ADVICE);
                    None
                }
            }
        }
        None => None,
    };
    let set = params.labels.as_deref();
    let set = set.or_else(|| model.as_ref()?.labels.as_deref());
    let set = set.and_then(|name| label_set(&mut found, "labels", name));
    let set = set.as_ref().map(LabelSet::label_names);
    if let (Some(set), Some(head)) = (&set, head) {
        as_many(&mut found, set, head, "the checkpoint's head");
    }
    let left = ahead
        .kept_dir()
        .and_then(|dir| read_card(&dir.join("model.json")));
    match left {
        Some(card) => promise_card(&mut found.promises, &card),
        None => {
            if let Some(head) = head {
                found.promises.add(facts::HEAD, head);
            }
            if let Some(outputs) = outputs {
                found.promises.add(facts::OUTPUTS, outputs);
            }
            if let Some(set) = set {
                found.promises.add(facts::MODEL_LABELS, json!(set));
            }
        }
    }
    found
}

/// Tells where a checkpoint is of no family that is built.
fn refuse_unknown_family(found: &mut LookAheadFindings, path: &Path, head: &ModelHead) {
    if let (Err(tried), false) = (&head.family, head.configured) {
        let tried: Vec<String> = tried.iter().map(ToString::to_string).collect();
        let phrase = format!(
            "names {}, whose weights are of no family that is known; {}",
            full_path(path),
            tried.join("; ")
        );
        bad_input(found, "checkpoint", phrase, CHECKPOINT_ADVICE);
    }
}

/// Tells where a label set has another length than a model, an encoder apart, which uses none.
fn as_many(found: &mut LookAheadFindings, set: &LabelNames, head: u64, whose: &str) {
    let labels = set.labels.len() as u64;
    if head > 0 && labels != head {
        let what = set.describe();
        found.add_invalid("labels", format!("names label set {what}, which has {labels} labels, and {whose} has {head}; one of them is the wrong one"));
    }
}

/// Reads a model's card, where there is a usable one.
fn read_card(path: &Path) -> Option<ModelCard<Value>> {
    ModelCard::read(path).ok().flatten()
}

/// Promises what a card says.
fn promise_card(promises: &mut Promises, card: &ModelCard<Value>) {
    promises.add(facts::MODEL_CARD, json!(card));
    promises.add(facts::HEAD, card.labels);
    if let Some(set) = &card.label_set {
        promises.add(facts::MODEL_LABELS, json!(set));
    }
    if let Some(rate) = card.input.sample_rate_hz {
        promises.add("model_rate", rate);
    }
    promises.add("model_leads", card.input.leads as f64);
    if !card.outputs.is_empty() {
        let names: Vec<&str> = card.outputs.iter().map(|output| output.name.as_str()).collect();
        promises.add(facts::OUTPUTS, json!(names));
    }
}

/// Holds the model against labels, splits and device.
pub fn infer(params: &InferParams, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
    let mut found = LookAheadFindings::default();
    let mut model = Promises::default();
    match ahead.promises(&params.model) {
        Some(promises) => model.pass_on(promises),
        None => {
            check_path(
                &mut found,
                ahead,
                "model",
                &params.model,
                ExpectedPath::File("a TorchScript model"),
            );
            if let Some(card) = read_card(&ModelCard::path_beside(&params.model)) {
                promise_card(&mut model, &card);
                check_golden(&mut found, params, &card);
            }
        }
    }
    let promised: Option<LabelNames> = typed_fact(model.get(facts::MODEL_LABELS));
    let named = params.labels.as_deref();
    let named = named.and_then(|name| label_set(&mut found, "labels", name));
    let named = named.as_ref().map(LabelSet::label_names);
    if let Some(named) = &named {
        match (&promised, model.get(facts::HEAD).and_then(Value::as_u64)) {
            (Some(exported), _) => check_same_label_set(&mut found, "labels", named, exported),
            (None, Some(head)) => as_many(&mut found, named, head, "the model"),
            (None, None) => {}
        }
    }
    check_outputs(&mut found, params, &model);
    check_device(&mut found, params);
    check_subset(&mut found, params, ahead);
    check_segments(&mut found, params, ahead, &model);
    if ahead.kept_dir().is_none() {
        for fact in [facts::HEAD, facts::MODEL_LABELS] {
            if let Some(known) = model.get(fact) {
                found.promises.add(fact, known.clone());
            }
        }
        if let (Some(named), None) = (named, promised) {
            found.promises.add(facts::MODEL_LABELS, json!(named));
        }
        found.promises.add(facts::SUBSET, params.subset.clone());
    }
    found
}

/// Tells where a model's golden vectors are not beside it.
fn check_golden(found: &mut LookAheadFindings, params: &InferParams, card: &ModelCard<Value>) {
    let golden = GoldenVectors::path_beside(&params.model);
    if card.golden.is_some() && matches!(exists(&golden), Ok(false)) {
        let phrase = format!(
            "has a card that names golden vectors, and there is no {}",
            full_path(&golden)
        );
        let help = "copy the file from beside the model that was exported, or export again; to run the model unchecked, remove \
                    `golden` from its card";
        bad_input(found, "model", phrase, help);
    }
}

/// Tells where the segments are made by another recipe than the model's.
fn check_recipe(
    found: &mut LookAheadFindings,
    params: &InferParams,
    segments: &RecipeSteps,
    model: &Promises,
) {
    let Some(card) = typed_fact::<ModelCard<Value>>(model.get(facts::MODEL_CARD)) else {
        return;
    };
    let length = segments.check().map(|checked| checked.samples());
    if let Some(refusal) = length.ok().and_then(|samples| card.input.refuse_length(samples)) {
        let phrase = format!("does not suit, by its card: {refusal}");
        bad_input(
            found,
            "model",
            phrase,
            "cut segments of another length: the recipe's step `segments`",
        );
        return;
    }
    if let Some(difference) = card.recipe_difference(segments) {
        let phrase = format!(
            "wants another recipe than that of the segments, by its card: {}",
            difference.between("the segments' recipe", "the model's")
        );
        let card = ModelCard::path_beside(&params.model);
        let help = format!(
            "run the signals stage with `recipe: ${{export.recipe}}`, or with the model's card, `recipe: {}`",
            card.display()
        );
        bad_input(found, "model", phrase, &help);
    }
}

/// Tells where a label set is not the one that a model was exported with.
pub(super) fn check_same_label_set(
    found: &mut LookAheadFindings,
    parameter: &str,
    named: &LabelNames,
    exported: &LabelNames,
) {
    if named.labels == exported.labels {
        return;
    }
    let (ours, theirs) = (named.describe(), exported.describe());
    let phrase = format!(
        "names label set {ours}, which is not the one that the model is exported with, label set {theirs}: {}",
        first_difference(named, exported)
    );
    found.add_invalid(parameter, phrase);
}

fn first_difference(named: &LabelNames, exported: &LabelNames) -> String {
    let (ours, theirs) = (&named.labels, &exported.labels);
    if ours.len() != theirs.len() {
        return format!("{} labels here, {} there", ours.len(), theirs.len());
    }
    let at = ours
        .iter()
        .zip(theirs)
        .position(|(a, b)| a != b)
        .unwrap_or_default();
    format!(
        "label {} is `{}` there and `{}` here",
        at + 1,
        theirs[at],
        ours[at]
    )
}

/// Tells where an output is asked for that the model does not give.
fn check_outputs(found: &mut LookAheadFindings, params: &InferParams, model: &Promises) {
    let Some(given) = typed_fact::<Vec<String>>(model.get(facts::OUTPUTS)) else {
        return;
    };
    // Logits are written wherever there are any, asked for or not.
    let asked = params
        .outputs
        .iter()
        .filter(|output| **output != InferOutput::Logits);
    for name in asked.map(|output| output.name()) {
        if !given.iter().any(|known| known == name) {
            let phrase = format!("asks for {name}, and the model gives {}", name_list(&given));
            found.add_invalid("outputs", phrase);
        }
    }
}

fn check_device(found: &mut LookAheadFindings, params: &InferParams) {
    if !matches!(params.device, DeviceChoice::Auto | DeviceChoice::Cpu)
        && let Some(why) = cuda::why_no_cuda()
    {
        let phrase = format!("is `{}`, and {why}", params.device);
        found.add(
            FailureClass::Config,
            ecgfm_pipeline::ParamError::invalid("device", phrase)
                .help("use `device: auto` or `device: cpu`, or run on a machine with an NVIDIA GPU"),
        );
    }
    if params.device == DeviceChoice::Cpu && params.precision == Precision::Tf32 {
        found.add_invalid(
            "precision",
            "is `tf32`, which exists on CUDA only; on the CPU use float32, or bfloat16",
        );
    }
    if params.threads.is_some_and(|n| !(1..=1024).contains(&n)) {
        found.add_invalid(
            "threads",
            "is to be a number from 1 to 1024; leave it out to use every processor",
        );
    }
}

fn check_subset(found: &mut LookAheadFindings, params: &InferParams, ahead: &LookAheadContext<'_>) {
    if !manifests::is_plain(&params.subset) {
        found.add_invalid(
            "subset",
            format!(
                "is `{}`, which is no name of a split: {}",
                params.subset,
                manifests::PLAIN
            ),
        );
        return;
    }
    match ahead.promises(&params.manifest) {
        Some(promises) => {
            let splits = typed_fact::<Vec<String>>(promises.get(facts::SPLITS));
            if let Some(splits) = splits.filter(|splits| !splits.contains(&params.subset)) {
                let phrase = format!(
                    "is `{}`, which is none of the splits: {}",
                    params.subset,
                    name_list(&splits)
                );
                found.add_invalid("subset", phrase);
            }
        }
        None => {
            let wanted = ExpectedPath::Either("the directory of the manifests");
            check_path(found, ahead, "manifest", &params.manifest, wanted);
        }
    }
}

fn check_segments(
    found: &mut LookAheadFindings,
    params: &InferParams,
    ahead: &LookAheadContext<'_>,
    model: &Promises,
) {
    if let Some(path) = &params.segments {
        let wanted = ExpectedPath::Either("a store of segments");
        check_path(found, ahead, "segments", path, wanted);
    }
    let Some(promises) = ahead.promises(&params.manifest) else {
        return;
    };
    let number = |promises: &Promises, fact: &str| promises.get(fact).and_then(Value::as_f64);
    for (fact, of_model, what) in [
        (facts::SAMPLE_RATE, "model_rate", "samples a second"),
        (facts::LEADS, "model_leads", "leads"),
    ] {
        if let (Some(made), Some(wanted)) = (number(promises, fact), number(model, of_model))
            && made != wanted
        {
            let phrase = format!("wants {wanted} {what}, by its card, and the segments will have {made}");
            found.add_invalid("model", phrase);
            return;
        }
    }
    if let Some(recipe) = typed_fact::<RecipeSteps>(promises.get(facts::RECIPE)) {
        check_recipe(found, params, &recipe, model);
    }
}
