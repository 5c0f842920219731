//! What was done before anything was predicted: data, signals, model, splits.

use super::words::{counted, in_words, join, not_recorded};
use crate::commands::table::lineage::Lineage;
use crate::commands::table::published::{dataset_title, published_model};
use ecgfm_artifacts::evaluation::{Flow, Metrics};
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_pipeline::StageRecord;
use ecgfm_recipe::steps::RecipeStep;
use ecgfm_stage_params::{CardFile, ModelCard};
use serde_json::Value;

/// Digits of a SHA-256 that tell files apart.
const SHORT: usize = 12;

pub(super) fn data(metrics: &Metrics, lineage: Option<&Lineage>) -> Vec<String> {
    let archives = lineage.map(Lineage::archives).unwrap_or_default();
    let mut said: Vec<String> = archives
        .iter()
        .map(|(name, made_up)| archive(name, *made_up, lineage))
        .collect();
    if said.is_empty() {
        said.push(not_recorded("data set"));
    }
    said.push(exams(&metrics.flow));
    said.push(scored(&metrics.flow));
    said
}

fn archive(name: &str, made_up: bool, lineage: Option<&Lineage>) -> String {
    let title = dataset_title(name);
    let named = title
        .as_ref()
        .map_or_else(String::new, |title| format!(" ({title})"));
    if !made_up {
        return format!("ECGs were read as data set `{name}`{named}.");
    }
    let of = title.map_or_else(String::new, |title| format!("; none is of {title}"));
    let seed = lineage.and_then(|lineage| lineage.stage("synth")?.parameters["seed"].as_u64());
    let seed = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    format!("ECGs are synthetic: this program made them in the layout of data set `{name}`{seed}{of}.")
}

fn exams(flow: &Flow) -> String {
    let (Some(read), Some(kept)) = (flow.exams_read, flow.exams_kept) else {
        return not_recorded("number of exams read and set aside");
    };
    let reasons = flow
        .exams_rejected
        .iter()
        .map(|(why, n)| format!("{n} {}", why.replace('_', " ")));
    let reasons = match join(reasons, ", ").as_str() {
        "" => "none was set aside".to_owned(),
        reasons => format!("set aside were {reasons}"),
    };
    format!("Of {}, {kept} were kept; {reasons}.", counted(read, "exam"))
}

fn scored(flow: &Flow) -> String {
    let patients = match (flow.patients_scored, flow.ecgs_without_patient) {
        (Some(patients), Some(0) | None) => format!(" of {}", counted(patients, "patient")),
        (Some(patients), Some(without)) => {
            format!(
                " of {} and of {without} exams that name none",
                counted(patients, "patient")
            )
        }
        (None, _) => " (the run records no number of patients)".to_owned(),
    };
    let without = match flow.ecgs_without_truth {
        0 => String::new(),
        n => format!("; {n} more were predicted and have no truth"),
    };
    format!(
        "Scored were {}{patients}, cut into {}{without}.",
        counted(flow.ecgs_scored, "ECG"),
        counted(flow.segments_scored, "segment")
    )
}

pub(super) fn signals(segments: Option<&StoreInfo>, lineage: Option<&Lineage>) -> Vec<String> {
    let mut said = Vec::new();
    match segments.and_then(|segments| segments.recipe.as_ref()) {
        None => said.push(not_recorded("steps from a recording to its segments")),
        Some(steps) => {
            let steps = join(steps.0.iter().map(step_in_words), "; ");
            said.push(format!(
                "Each recording went through these steps, in this order: {steps}."
            ));
        }
    }
    let rate = segments.and_then(|segments| segments.sample_rate);
    let seconds = segments.and_then(|segments| segments.segment_seconds);
    said.push(match (seconds, rate) {
        (Some(seconds), Some(rate)) => format!("Segments are of {seconds} s at {rate} Hz."),
        _ => not_recorded("length and sample rate of the segments that hold for all of them"),
    });
    said.extend(
        segments
            .and_then(|segments| segments.standardized)
            .map(|standardized| match standardized {
                true => "Every lead was brought to zero mean and unit standard deviation over its recording."
                    .to_owned(),
                false => "Values stayed in the unit of the archive.".to_owned(),
            }),
    );
    let parameters = lineage
        .and_then(|lineage| lineage.stage("signals"))
        .map(|record| &record.parameters);
    let missing = parameters.and_then(|parameters| parameters["missing_leads"].as_str());
    said.extend(missing.map(|missing| format!("Recordings that lack a lead: `missing_leads: {missing}`.")));
    said
}

/// A step with all of its settings: `resample (method linear, 500 Hz)`.
fn step_in_words(step: &RecipeStep) -> String {
    // A step is an object, of which `step` is its name.
    let Ok(Value::Object(fields)) = serde_json::to_value(step) else {
        return String::new();
    };
    let name = fields.get("step").map(in_words).unwrap_or_default();
    let settings = fields
        .iter()
        .filter(|(key, value)| *key != "step" && !value.is_null());
    let settings = settings.map(|(key, value)| match (key.as_str(), in_words(value)) {
        ("hz", value) => format!("{value} Hz"),
        ("seconds", value) => format!("{value} s"),
        ("samples", value) => format!("{value} samples"),
        (key, value) => format!("{} {value}", key.replace('_', " ")),
    });
    match join(settings, ", ").as_str() {
        "" => name,
        settings => format!("{name} ({settings})"),
    }
}

pub(super) fn model(card: Option<&ModelCard>, lineage: Option<&Lineage>) -> Vec<String> {
    let infer = lineage.and_then(|lineage| lineage.stage("infer"));
    let mut said = Vec::new();
    match card {
        Some(card) => said.extend(carded(card)),
        None => match infer.and_then(|infer| fact(infer, "model_sha256")) {
            Some(sha256) => {
                said.push(format!(
                    "The model file has the SHA-256 {}…; its card is not there.",
                    short(sha256)
                ));
            }
            None => said.push(not_recorded("model")),
        },
    }
    let published = lineage
        .zip(card)
        .and_then(|(lineage, card)| published_model(lineage, card));
    said.push(match published {
        Some((model, how)) => format!("It is {} ({how}).", model.title),
        None if lineage.is_some_and(|lineage| lineage.stage("demo_model").is_some()) => {
            "It is the demo model of this program.".to_owned()
        }
        None => not_recorded("name of a published model"),
    });
    let run = infer.and_then(|infer| Some((fact(infer, "precision")?, fact(infer, "device")?)));
    said.push(match run {
        Some((precision, device)) => format!("Inference ran in {precision} on {device}."),
        None => not_recorded("precision and device of inference"),
    });
    said
}

fn carded(card: &ModelCard) -> Vec<String> {
    let file = |file: &CardFile| format!("`{}` (SHA-256 {}…)", file.file, short(&file.sha256));
    let from = match card.source.sha256.as_str() {
        "" => String::new(),
        _ => format!(", made from {}", file(&card.source)),
    };
    let kind = match card.architecture.as_str() {
        "" => String::new(),
        name => format!("`{name}`, "),
    };
    let labels = match &card.label_set {
        Some(set) => format!(
            "{} of the label set `{}`",
            counted(card.labels as u64, "label"),
            set.name
        ),
        None => counted(card.labels as u64, "label"),
    };
    let parameters = match card.parameters {
        0 => String::new(),
        n => format!("{n} parameters, "),
    };
    vec![format!(
        "The model is {}{from}: {kind}{parameters}{labels}.",
        file(&card.model)
    )]
}

fn fact<'a>(record: &'a StageRecord, name: &str) -> Option<&'a str> {
    record.facts.get(name).and_then(Value::as_str)
}

fn short(sha256: &str) -> &str {
    sha256.get(..SHORT).unwrap_or(sha256)
}

pub(super) fn splits(metrics: &Metrics, lineage: Option<&Lineage>) -> Vec<String> {
    let record = lineage.and_then(|lineage| lineage.stage("splits"));
    let mut said = Vec::new();
    match record {
        None => said.push(not_recorded("split of the data")),
        Some(record) => said.extend(split(record)),
    }
    said.push(format!("Scored was the split `{}`.", metrics.subset));
    said
}

fn split(record: &StageRecord) -> Vec<String> {
    let parameters = &record.parameters;
    let column = |name: &str| format!("`{}`", parameters[name].as_str().unwrap_or(name));
    let (how, seeded) = match parameters["strategy"].as_str().unwrap_or_default() {
        "random" => (
            "exam by exam at random, so that a patient may be in several".to_owned(),
            true,
        ),
        "grouped" => (
            format!("at random by {}, each value of which is in one", column("group")),
            true,
        ),
        "temporal" => (format!("by {}, the oldest exams first", column("date")), false),
        "grouped_temporal" => (
            format!(
                "by {}, and then all of one {} into one",
                column("date"),
                column("group")
            ),
            false,
        ),
        "column" => (
            format!("by the folds that the column {} has", column("column")),
            false,
        ),
        other => (format!("by the strategy `{other}`"), true),
    };
    let seed = parameters["seed"].as_u64().filter(|_| seeded);
    let seed = seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let mut said = vec![format!("Exams were split {how}{seed}: {}.", split_sizes(record))];
    let left_out = record.counts.get("filtered").copied().filter(|n| *n > 0);
    said.extend(left_out.map(|n| {
        let by = join(
            ["filter_cols", "dataset_subset"].map(|name| format!("`{name}` {}", in_words(&parameters[name]))),
            ", ",
        );
        format!("{} left out before ({by}).", counted(n, "exam"))
    }));
    said
}

/// `train` (share 0.1, 60 exams), …: a split of a share, or its number of exams alone where it has none.
fn split_sizes(record: &StageRecord) -> String {
    let list = |name: &str| record.parameters[name].as_array().cloned().unwrap_or_default();
    let (names, shares) = (list("names"), list("fractions"));
    let share = |name: &str| {
        let at = names.iter().position(|known| known == name)?;
        shares.get(at).map(in_words)
    };
    let sizes = record
        .counts
        .iter()
        .filter_map(|(count, n)| Some((count.strip_prefix("exams_")?, *n)));
    let size = |(name, n): (&str, u64)| {
        let share = share(name).map_or_else(String::new, |share| format!("share {share}, "));
        format!("`{name}` ({share}{})", counted(n, "exam"))
    };
    join(sizes.map(size), ", ")
}
