//! The model and the stages that ran, as far as files about them were given.

use crate::error::{Error, Result};
use crate::text::count_text;
use ecgfm_artifacts::columns::REASON;
use ecgfm_artifacts::table;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Stage of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RunStage {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) started: String,
    pub(crate) seconds: String,
    pub(crate) counts: Vec<Fact>,
    pub(crate) facts: Vec<Fact>,
}

/// Exams set aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RejectionCount {
    pub(crate) reason: String,
    pub(crate) exams: String,
}

/// Stages of a lock file, in the order in which they ran. What a stage's record does not have is left empty.
pub(crate) fn read_stages(path: &Path) -> Result<Vec<RunStage>> {
    let lock = read_json(path)?;
    let Some(Value::Object(stages)) = lock.get("stages") else {
        return Err(invalid_record(
            path,
            "it has no `stages`; a lock file of a run is wanted",
        ));
    };
    let mut all: Vec<RunStage> = stages
        .iter()
        .map(|(name, record)| run_stage(name, record))
        .collect();
    all.sort_by(|a, b| (&a.started, &a.name).cmp(&(&b.started, &b.name)));
    Ok(all)
}

fn run_stage(name: &str, record: &Value) -> RunStage {
    let text = |key: &str| {
        record
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let facts = |key: &str| {
        let mut facts = Vec::new();
        if let Some(Value::Object(map)) = record.get(key) {
            flatten_facts("", map, &mut facts);
        }
        facts
    };
    RunStage {
        name: name.to_owned(),
        kind: text("kind"),
        started: text("started"),
        seconds: record
            .get("seconds")
            .and_then(Value::as_f64)
            .map(|s| format!("{s:.1}"))
            .unwrap_or_default(),
        counts: facts("counts"),
        facts: facts("facts"),
    }
}

/// Facts of a JSON file, such as the model's card; nested names joined by dots.
pub(crate) fn read_facts(path: &Path) -> Result<Vec<Fact>> {
    let Value::Object(map) = read_json(path)? else {
        return Err(invalid_record(
            path,
            "it is no JSON object; the card of a model or the record of an inference is wanted",
        ));
    };
    let mut facts = Vec::new();
    flatten_facts("", &map, &mut facts);
    Ok(facts)
}

fn flatten_facts(prefix: &str, map: &Map<String, Value>, out: &mut Vec<Fact>) {
    for (key, value) in map {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Object(inner) => flatten_facts(&name, inner, out),
            Value::Null => {}
            Value::String(text) => out.push(Fact {
                name,
                value: text.clone(),
            }),
            other => {
                let value = other.as_u64().map_or_else(|| other.to_string(), count_text);
                out.push(Fact { name, value });
            }
        }
    }
}

/// Rejected exams by reason, the most frequent first.
pub(crate) fn count_rejections(path: &Path) -> Result<Vec<RejectionCount>> {
    let frame = table::read_all_text(path)?;
    let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in table::str_column(path, &frame, REASON)?.iter() {
        *by_reason.entry(reason.unwrap_or("")).or_default() += 1;
    }
    let mut all: Vec<(&str, u64)> = by_reason.into_iter().collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    Ok(all
        .iter()
        .map(|(why, n)| RejectionCount {
            reason: why.replace('_', " "),
            exams: count_text(*n),
        })
        .collect())
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(ecgfm_artifacts::Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|e| invalid_record(path, &format!("not JSON: {e}")))
}

fn invalid_record(path: &Path, what: &str) -> Error {
    Error::About {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}
