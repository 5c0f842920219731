//! Gathers what a stage's outputs are made from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::config::graph::{Graph, Stage};
use crate::error::{Error, Result};
use crate::kind::StageKind;
use crate::param::{PathStep, collect_texts, is_parameter, path_text};
use crate::plan::fingerprint::FingerprintInputs;
use crate::store::layout::{RUN_TOKEN, THROUGH_PREFIX, engine_dirs, inside_run, locate};
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::record::{InputRecord, InputState, combined_hash};
use crate::store::sample;
use ecgfm_system::presence;

/// Gathers the facts about a stage; `outputs_on_disk` is what the stages before it left. Those in `open` run before it, or may: what
/// it reads of them is not known yet, and what only their files name is not looked for.
pub(crate) fn fingerprint_inputs(
    graph: &Graph,
    stage: &Stage,
    outputs_on_disk: &BTreeMap<String, OutputsOnDisk>,
    open: &BTreeSet<String>,
) -> Result<FingerprintInputs> {
    let run_dir = graph.run_dir.to_str().unwrap_or_default();
    let parameters = without_run_dir(&stage.recorded, run_dir);
    let left = UpstreamOutputs {
        graph,
        outputs_on_disk,
    };
    let mut inputs = named_inputs(&left, stage, &parameters)?;
    for upstream in stage.upstream.iter().filter(|u| u.needed) {
        let path = format!("{RUN_TOKEN}/{}", upstream.stage);
        inputs.insert(
            format!("needs {}", upstream.stage),
            left.input(&path, &upstream.stage),
        );
    }
    let complete = !stage.upstream.iter().any(|u| open.contains(&u.stage));
    if complete {
        further_inputs(&left, stage, &mut inputs);
    }
    let extra = stage
        .kind
        .extra(&stage.params)
        .map_err(|e| Error::of_stage(stage.name(), e).at(&stage.name.span))?;
    Ok(FingerprintInputs {
        kind: stage.kind.name().to_owned(),
        code_version: stage.kind.version(),
        changes: stage.kind.changes(),
        parameters,
        idle: stage.kind.idle_parameters(),
        separate: stage.kind.separate_parameters(),
        inputs,
        complete,
        extra: extra.into_iter().collect(),
    })
}

/// Inputs that the parameters name: files and directories of stages before, and those from outside.
fn named_inputs(
    left: &UpstreamOutputs<'_>,
    stage: &Stage,
    parameters: &Value,
) -> Result<BTreeMap<String, InputRecord>> {
    let run_dir = &left.graph.run_dir;
    let mut inputs = BTreeMap::new();
    let mut texts = Vec::new();
    collect_texts(parameters, &mut Vec::new(), &mut texts);
    let own = engine_dirs(run_dir);
    for (path, text) in &texts {
        // A user may keep data of his own beside the stages.
        let made = inside_run(text).filter(|inside| left.stage(inside).is_some());
        if let Some(inside) = made {
            inputs.insert(path_text(path), left.input(text, inside));
        } else if stage.kind.inputs().iter().any(|name| is_parameter(name, path)) {
            let place = locate(text, &left.graph.base, run_dir);
            if place
                .canonicalize()
                .is_ok_and(|place| Some(&place) == run_dir.canonicalize().ok().as_ref())
            {
                let message = format!(
                    "`{}` is the run's own directory, which holds what the run makes",
                    path_text(path)
                );
                return Err(Error::config(&stage.name.span, message)
                    .help("keep the data elsewhere, or the runs: --workdir DIR")
                    .in_stage(stage.name()));
            }
            let read = sample::fingerprint_input(text, &place, &own);
            inputs.insert(path_text(path), read);
        }
    }
    Ok(inputs)
}

/// Adds inputs that no parameter names. Of a stage before, all that it left counts, unless it does
/// already; a directory from outside is not looked through, for nobody knows how large it is.
fn further_inputs(left: &UpstreamOutputs<'_>, stage: &Stage, inputs: &mut BTreeMap<String, InputRecord>) {
    let run_dir = &left.graph.run_dir;
    for (what, path) in stage.kind.further_inputs(&stage.params) {
        let stage_of = path_in_run(&path, run_dir).and_then(|inside| Some(left.stage(&inside)?.to_owned()));
        let input = match stage_of {
            Some(stage) => {
                let whole = format!("{RUN_TOKEN}/{stage}");
                if inputs.values().any(|input| input.path == whole) {
                    continue;
                }
                left.input(&whole, &stage)
            }
            // What cannot be looked for is no directory here, and is recorded as unreadable.
            None if presence::is_dir(&path).unwrap_or(false) => continue,
            // Recorded paths that are relative begin beside the pipeline file; this one begins in the current directory.
            None if !left.graph.base.as_os_str().is_empty() => {
                let path = std::path::absolute(&path).unwrap_or(path);
                sample::fingerprint_input(&path.to_string_lossy(), &path, &[])
            }
            None => sample::fingerprint_input(&path.to_string_lossy(), &path, &[]),
        };
        inputs.insert(format!("{THROUGH_PREFIX}{what}"), input);
    }
}

/// Path relative to the run's directory; none where it lies elsewhere.
fn path_in_run(path: &Path, run_dir: &Path) -> Option<String> {
    let relative = match without_dots(path).strip_prefix(without_dots(run_dir)) {
        Ok(relative) => relative.to_owned(),
        Err(_) => {
            let (path, run_dir) = (path.canonicalize().ok()?, run_dir.canonicalize().ok()?);
            path.strip_prefix(run_dir).ok()?.to_owned()
        }
    };
    relative.to_str().map(str::to_owned)
}

/// The absolute path without `.` and `..`.
fn without_dots(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

/// Says if a stage that reads `inputs` reads something of another that was removed, be it through what a third points at.
pub(crate) fn reads_removed(
    graph: &Graph,
    outputs_on_disk: &BTreeMap<String, OutputsOnDisk>,
    inputs: &BTreeMap<String, InputRecord>,
    other: &str,
) -> bool {
    let left = UpstreamOutputs {
        graph,
        outputs_on_disk,
    };
    let cleaned = outputs_on_disk
        .get(other)
        .and_then(|disk| disk.record.cleaned.as_ref());
    let from_stages = inputs
        .values()
        .filter_map(|input| Some((input.stage.as_deref()?, input)));
    let mut reads = from_stages.map(|(stage, input)| {
        let inside = inside_run(&input.path).unwrap_or_default();
        (stage, inside.split_once('/').map_or("", |(_, relative)| relative))
    });
    cleaned.is_some_and(|cleaned| {
        reads.any(|(stage, relative)| {
            let pointed = || {
                let record = outputs_on_disk.get(stage).map(|disk| &disk.record.inputs);
                let pointed = left.pointing(stage).into_iter();
                let inputs = pointed.filter_map(|name| Some((name.clone(), record?.get(&name)?.clone())));
                inputs.collect::<BTreeMap<_, _>>()
            };
            let direct = stage == other && cleaned.touches(relative);
            direct || (stage != other && reads_removed(graph, outputs_on_disk, &pointed(), other))
        })
    })
}

/// Recorded outputs of the stages of a run.
struct UpstreamOutputs<'a> {
    graph: &'a Graph,
    outputs_on_disk: &'a BTreeMap<String, OutputsOnDisk>,
}

impl UpstreamOutputs<'_> {
    /// The stage in whose directory a path inside the run's directory lies.
    fn stage(&self, inside: &str) -> Option<&str> {
        let (first, _) = inside.split_once('/').unwrap_or((inside, ""));
        let mut names = self.graph.stages.iter().map(Stage::name);
        names.find(|name| *name == first)
    }

    /// The record of an output, by its path as recorded and inside the run's directory.
    fn input(&self, path: &str, inside: &str) -> InputRecord {
        let (stage, relative) = inside.split_once('/').unwrap_or((inside, ""));
        let disk = self.outputs_on_disk.get(stage);
        let found = disk.and_then(|disk| disk.record.output(relative));
        let mut record = found.unwrap_or_else(|| InputRecord::empty(path, InputState::Absent));
        // A table or an array holds what it needs; a directory may point at it.
        if relative.is_empty() || record.files.is_some() {
            let pointed = self.pointed_at(stage);
            if let (false, Some(hash)) = (pointed.is_empty(), &record.blake3) {
                let parts = [("", record.size, hash.as_str())];
                let pointed = pointed
                    .iter()
                    .map(|(name, size, hash)| (name.as_str(), *size, hash.as_str()));
                record.blake3 = Some(combined_hash(parts.into_iter().chain(pointed)));
            }
        }
        InputRecord {
            path: path.to_owned(),
            stage: Some(stage.to_owned()),
            ..record
        }
    }

    /// The names of the inputs that a stage's outputs point at, as recorded.
    fn pointing(&self, stage: &str) -> Vec<String> {
        let record = self.outputs_on_disk.get(stage).map(|disk| &disk.record);
        let stage = self.graph.stages.iter().find(|s| s.name() == stage);
        let (Some(record), Some(stage)) = (record, stage) else {
            return Vec::new();
        };
        let points_at = stage.kind.points_at(&record.parameters);
        let list_of = |name: &str| name.split_once('[').map_or(name, |(list, _)| list).to_owned();
        let names = record.inputs.keys();
        names
            .filter(|name| points_at.contains(&list_of(name).as_str()))
            .cloned()
            .collect()
    }

    /// Name, size and hash of the inputs that a stage's outputs point at, as they are now.
    fn pointed_at(&self, stage: &str) -> Vec<(String, u64, String)> {
        let Some(record) = self.outputs_on_disk.get(stage).map(|disk| &disk.record) else {
            return Vec::new();
        };
        let run_dir = &self.graph.run_dir;
        let names = self.pointing(stage).into_iter();
        let inputs = names.filter_map(|name| Some((record.inputs.get(&name)?, name)));
        inputs
            .map(|(input, name)| {
                let now = match inside_run(&input.path).filter(|inside| self.stage(inside).is_some()) {
                    Some(inside) => self.input(&input.path, inside),
                    None => sample::fingerprint_input(
                        &input.path,
                        &record.locate(run_dir, &input.path),
                        &engine_dirs(run_dir),
                    ),
                };
                let (state, size, files, blake3, sample) = now.identity();
                (name, size, format!("{state:?} {files:?} {blake3:?} {sample:?}"))
            })
            .collect()
    }
}

/// The facts about a stage that runs alone: all it reads comes from outside.
/// `own` are the directories that it writes.
pub(crate) fn fingerprint_inputs_alone(
    kind: &dyn StageKind,
    params: &Value,
    own: &[PathBuf],
) -> Result<FingerprintInputs> {
    let mut texts = Vec::new();
    collect_texts(params, &mut Vec::new(), &mut texts);
    let read =
        |(path, _): &&(Vec<PathStep>, String)| kind.inputs().iter().any(|name| is_parameter(name, path));
    let inputs = texts.iter().filter(read);
    let inputs = inputs.map(|(path, text)| {
        (
            path_text(path),
            sample::fingerprint_input(text, Path::new(text), own),
        )
    });
    let further = kind.further_inputs(params).into_iter();
    let further = further
        .filter(|(_, path)| !presence::is_dir(path).unwrap_or(false))
        .map(|(what, path)| {
            let read = sample::fingerprint_input(&path.to_string_lossy(), &path, own);
            (format!("{THROUGH_PREFIX}{what}"), read)
        });
    let inputs = inputs.chain(further).collect();
    let extra = kind.extra(params).map_err(|e| Error::of_stage(kind.name(), e))?;
    Ok(FingerprintInputs {
        kind: kind.name().to_owned(),
        code_version: kind.version(),
        changes: kind.changes(),
        parameters: params.clone(),
        idle: kind.idle_parameters(),
        separate: kind.separate_parameters(),
        inputs,
        complete: true,
        extra: extra.into_iter().collect(),
    })
}

/// The value with the run's directory replaced by [`RUN_TOKEN`] where a text begins with it.
fn without_run_dir(value: &Value, run_dir: &str) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(run_dir) {
            Some(rest) if !run_dir.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
                Value::String(format!("{RUN_TOKEN}{rest}"))
            }
            _ => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|v| without_run_dir(v, run_dir)).collect()),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(k, v)| (k.clone(), without_run_dir(v, run_dir)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_in_the_run_do_not_depend_on_where_it_is() {
        let value = json!({"x": ["/w/p/d/s/a.csv", "/w/p/d", "/w/p/dx", "other"]});
        let expected = json!({"x": ["${run}/s/a.csv", "${run}", "/w/p/dx", "other"]});
        assert_eq!(without_run_dir(&value, "/w/p/d"), expected);
    }
}
