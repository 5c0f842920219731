//! What a stage's outputs are made from, and one hash of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::graph::{Graph, Stage};
use crate::kind::StageKind;
use crate::lock::StageRecord;
use crate::param::Step;
use crate::param::shown;
use crate::reason::Reason;
use crate::sample::{self, InputRecord, InputState};

/// Stands for the run's own directory in recorded paths, so that a moved working directory stays fresh.
const RUN: &str = "${run}";

/// The directories that a run and those beside it write: its own, and the working directory that it is in.
pub(crate) fn own(run_dir: &Path) -> Vec<PathBuf> {
    let run_dir = run_dir.canonicalize().unwrap_or_else(|_| run_dir.to_owned());
    let workdir = run_dir.ancestors().nth(2).map(Path::to_owned);
    std::iter::once(run_dir).chain(workdir).collect()
}

/// Where a recorded path lies; a relative one begins in the current directory.
fn place(path: &str, run_dir: &Path) -> PathBuf {
    inside_run(path).map_or_else(|| PathBuf::from(path), |inside| run_dir.join(inside))
}

/// What follows `${run}/` in a recorded path; nothing for the run's directory itself.
pub(crate) fn inside_run(path: &str) -> Option<&str> {
    match path.strip_prefix(RUN)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

/// Everything that decides a stage's outputs.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) kind: String,
    pub(crate) code_version: u32,
    pub(crate) parameters: Value,
    pub(crate) inputs: BTreeMap<String, InputRecord>,
    pub(crate) extra: BTreeMap<String, String>,
}

/// Gathers the facts about a stage; `disks` is what the stages before it left.
pub(crate) fn facts(graph: &Graph, stage: &Stage, disks: &BTreeMap<String, Disk>) -> Result<Facts> {
    let run_dir = graph.run_dir.to_str().unwrap_or_default();
    let parameters = portable(&stage.params, run_dir);
    let mut inputs = BTreeMap::new();
    let mut texts = Vec::new();
    collect(&parameters, &mut Vec::new(), &mut texts);
    let own = own(&graph.run_dir);
    for (path, text) in &texts {
        // A user may keep data of his own beside the stages.
        let made = inside_run(text).filter(|inside| {
            let (first, _) = inside.split_once('/').unwrap_or((inside, ""));
            graph.stages.iter().any(|stage| stage.name() == first)
        });
        if let Some(inside) = made {
            inputs.insert(shown(path), from_stage(text, inside, disks));
        } else if stage.kind.inputs().iter().any(|name| names(name, path)) {
            let place = place(text, &graph.run_dir);
            if place
                .canonicalize()
                .is_ok_and(|place| Some(&place) == graph.run_dir.canonicalize().ok().as_ref())
            {
                let message = format!(
                    "`{}` is the run's own directory, which holds what the run makes",
                    shown(path)
                );
                return Err(Error::config(&stage.name.span, message)
                    .help("keep the data elsewhere, or the runs: --workdir DIR")
                    .in_stage(stage.name()));
            }
            let read = sample::record(text, &place, &own);
            inputs.insert(shown(path), read);
        }
    }
    for upstream in stage.upstream.iter().filter(|u| u.needed) {
        let path = format!("{RUN}/{}", upstream.stage);
        inputs.insert(
            format!("needs {}", upstream.stage),
            from_stage(&path, &upstream.stage, disks),
        );
    }
    let extra = stage
        .kind
        .extra(&stage.params)
        .map_err(|e| e.into_error(stage.name()).at(&stage.name.span))?;
    Ok(Facts {
        kind: stage.kind.name().to_owned(),
        code_version: stage.kind.version(),
        parameters,
        inputs,
        extra: extra.into_iter().collect(),
    })
}

/// The facts about a stage that runs alone: all it reads comes from outside.
/// `own` are the directories that it writes.
pub(crate) fn facts_alone(kind: &dyn StageKind, params: &Value, own: &[PathBuf]) -> Result<Facts> {
    let mut texts = Vec::new();
    collect(params, &mut Vec::new(), &mut texts);
    let read = |(path, _): &&(Vec<Step>, String)| kind.inputs().iter().any(|name| names(name, path));
    let inputs = texts.iter().filter(read);
    let inputs = inputs.map(|(path, text)| (shown(path), sample::record(text, Path::new(text), own)));
    let extra = kind.extra(params).map_err(|e| e.into_error(kind.name()))?;
    Ok(Facts {
        kind: kind.name().to_owned(),
        code_version: kind.version(),
        parameters: params.clone(),
        inputs: inputs.collect(),
        extra: extra.into_iter().collect(),
    })
}

/// Whether the input parameter `name` (`outer.inner`) is the one at `path`, or the list it stands in.
fn names(name: &str, path: &[Step]) -> bool {
    let keys: Vec<&str> = path
        .iter()
        .filter_map(|step| {
            if let Step::Key(key) = step {
                Some(key.as_str())
            } else {
                None
            }
        })
        .collect();
    keys.join(".") == name
}

fn from_stage(path: &str, inside: &str, disks: &BTreeMap<String, Disk>) -> InputRecord {
    let (stage, relative) = inside.split_once('/').unwrap_or((inside, ""));
    let found = disks.get(stage).and_then(|disk| disk.record.output(relative));
    let record = found.unwrap_or_else(|| InputRecord::nothing(path, InputState::Absent));
    InputRecord {
        path: path.to_owned(),
        stage: Some(stage.to_owned()),
        ..record
    }
}

/// The texts in a value, with their paths.
fn collect(value: &Value, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, String)>) {
    match value {
        Value::String(text) => found.push((path.clone(), text.clone())),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| {
            path.push(Step::Index(at));
            collect(item, path, found);
            path.pop();
        }),
        Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            path.push(Step::Key(key.clone()));
            collect(item, path, found);
            path.pop();
        }),
        _ => {}
    }
}

/// The value with the run's directory replaced by [`RUN`] where a text begins with it.
fn portable(value: &Value, run_dir: &str) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(run_dir) {
            Some(rest) if !run_dir.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
                Value::String(format!("{RUN}{rest}"))
            }
            _ => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|v| portable(v, run_dir)).collect()),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(k, v)| (k.clone(), portable(v, run_dir)))
                .collect(),
        ),
        other => other.clone(),
    }
}

impl Facts {
    /// BLAKE3 in hex over all facts, independent of the order of keys.
    pub(crate) fn fingerprint(&self) -> String {
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .map(|(name, input)| (name, input.identity()))
            .collect();
        let facts = serde_json::json!([
            "stage",
            self.kind,
            self.code_version,
            sorted(&self.parameters),
            inputs,
            self.extra
        ]);
        blake3::hash(facts.to_string().as_bytes()).to_hex().to_string()
    }

    /// The inputs from outside that are no longer what they were when these facts were gathered.
    /// `own` are the directories that the program writes.
    pub(crate) fn moved(&self, run_dir: &Path, own: &[PathBuf]) -> Vec<String> {
        let outside = self.inputs.values().filter(|input| input.stage.is_none());
        let now = |input: &InputRecord| sample::record(&input.path, &place(&input.path, run_dir), own);
        outside
            .filter(|input| now(input).identity() != input.identity())
            .map(|input| input.path.clone())
            .collect()
    }

    /// What differs from a record, apart from inputs that come from `skip`ped stages.
    pub(crate) fn differences(&self, record: &StageRecord, skip: &dyn Fn(&str) -> bool) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if record.kind != self.kind {
            reasons.push(Reason::Kind {
                from: record.kind.clone(),
                to: self.kind.clone(),
            });
        }
        if record.code_version != self.code_version {
            reasons.push(Reason::CodeVersion {
                from: record.code_version,
                to: self.code_version,
            });
        }
        parameters("", &record.parameters, &self.parameters, &mut reasons);
        let names = record
            .inputs
            .keys()
            .chain(self.inputs.keys().filter(|k| !record.inputs.contains_key(*k)));
        for name in names {
            let (from, to) = (record.inputs.get(name), self.inputs.get(name));
            let stage = to.or(from).and_then(|input| input.stage.clone());
            if stage.as_deref().is_some_and(skip)
                || from.map(InputRecord::identity) == to.map(InputRecord::identity)
            {
                continue;
            }
            let path = |input: Option<&InputRecord>| input.map(|input| input.path.clone());
            // Another path is another parameter, which is said already.
            if path(from) != path(to) && !reasons.is_empty() {
                continue;
            }
            let path = path(to.or(from)).unwrap_or_default();
            reasons.push(Reason::Input {
                name: name.clone(),
                path,
                stage,
                what: change(from, to).to_owned(),
            });
        }
        let names = record
            .extra
            .keys()
            .chain(self.extra.keys().filter(|k| !record.extra.contains_key(*k)));
        for name in names.filter(|name| record.extra.get(*name) != self.extra.get(*name)) {
            reasons.push(Reason::Extra { name: name.clone() });
        }
        reasons
    }
}

fn change(from: Option<&InputRecord>, to: Option<&InputRecord>) -> &'static str {
    match (from, to) {
        (None, _) => "was not read before",
        (_, None) => "is no longer read",
        (Some(from), Some(to)) => match (from.state, to.state) {
            (InputState::Present, InputState::Absent) => "no longer exists",
            (_, InputState::Unreadable) => "cannot be read",
            (InputState::Absent, InputState::Present) => "exists now",
            _ if from.size != to.size => "has another size",
            _ if from.files != to.files => "has another number of files",
            _ if to.sample.is_some() => "has other content or another modification time",
            _ => "has other content",
        },
    }
}

fn parameters(prefix: &str, from: &Value, to: &Value, reasons: &mut Vec<Reason>) {
    let (Value::Object(old), Value::Object(new)) = (from, to) else {
        if from != to {
            reasons.push(parameter(prefix, Some(from), Some(to)));
        }
        return;
    };
    for key in old.keys().chain(new.keys().filter(|k| !old.contains_key(*k))) {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match (old.get(key), new.get(key)) {
            (Some(from), Some(to)) => parameters(&name, from, to, reasons),
            (from, to) => reasons.push(parameter(&name, from, to)),
        }
    }
}

fn parameter(name: &str, from: Option<&Value>, to: Option<&Value>) -> Reason {
    Reason::Parameter {
        name: name.to_owned(),
        from: from.cloned(),
        to: to.cloned(),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let ordered: BTreeMap<_, _> = entries.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            Value::Object(ordered.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(parameters: Value) -> Facts {
        let (inputs, extra) = (BTreeMap::new(), BTreeMap::new());
        Facts {
            kind: "k".to_owned(),
            code_version: 1,
            parameters,
            inputs,
            extra,
        }
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_every_value_does() {
        let base = facts(json!({"a": 1, "b": {"c": 2, "d": 3}})).fingerprint();
        assert_eq!(base, facts(json!({"b": {"d": 3, "c": 2}, "a": 1})).fingerprint());
        assert_ne!(base, facts(json!({"b": {"d": 3, "c": 4}, "a": 1})).fingerprint());
    }

    #[test]
    fn paths_in_the_run_do_not_depend_on_where_it_is() {
        let value = json!({"x": ["/w/p/d/s/a.csv", "/w/p/d", "/w/p/dx", "other"]});
        let expected = json!({"x": ["${run}/s/a.csv", "${run}", "/w/p/dx", "other"]});
        assert_eq!(portable(&value, "/w/p/d"), expected);
    }
}
