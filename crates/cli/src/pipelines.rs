//! Loads a pipeline by name or path: a file, `pipelines/NAME.yaml`, or the ones built in.

use crate::args::PipelineArgs;
use crate::errors::file_error;
use ecgfm_pipeline::{Environment, Error, ErrorKind, Graph, Pipeline, RunSettings, StageKinds};
use ecgfm_system::presence;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The pipelines built into the program: name and text of each.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("code15", include_str!("../../../pipelines/code15.yaml")),
    ("ptbxl", include_str!("../../../pipelines/ptbxl.yaml")),
    (
        "physionet2021",
        include_str!("../../../pipelines/physionet2021.yaml"),
    ),
    (
        "mimic_iv_ecg",
        include_str!("../../../pipelines/mimic_iv_ecg.yaml"),
    ),
    ("panel", include_str!("../../../pipelines/panel.yaml")),
    ("folder", include_str!("../../../pipelines/folder.yaml")),
];

/// Text of a built-in pipeline; empty where there is none of that name.
pub(crate) fn built_in_text(name: &str) -> &'static str {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, text)| *text)
}

/// Mapping that a built-in pipeline compares by.
pub(crate) fn mapping_of(name: &str) -> &'static str {
    let mut lines = built_in_text(name).lines();
    lines
        .find_map(|line| line.strip_prefix("  mapping: "))
        .unwrap_or_default()
}

/// Loads a pipeline by path or name. Relative paths in one that is named by its file begin in the file's directory; in one
/// that is found by its name they begin in the current directory, whether it lies in `pipelines/` there or is built in: the
/// same name means the same in both.
pub fn load_pipeline(name_or_path: &str) -> Result<Pipeline, Error> {
    let path = Path::new(name_or_path);
    if is_there(presence::is_file, path)? {
        return Pipeline::load(path);
    }
    let path = path_in_pipelines(name_or_path);
    if is_there(presence::is_file, &path)? {
        return Pipeline::load(&path).map(Pipeline::in_current_directory);
    }
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return Pipeline::parse(&format!("{name}.yaml (built in)"), text);
    }
    if is_there(presence::is_dir, Path::new(name_or_path))? {
        let message = format!("`{name_or_path}` is a directory; a pipeline is a YAML file");
        return Err(Error::new(ErrorKind::Config, message).help("name the file in it"));
    }
    let names: Vec<String> = list_named()?.into_keys().collect();
    let help = format!("name a YAML file, or one of: {}", names.join(", "));
    let message = format!("no pipeline `{name_or_path}`: neither a file nor a name in pipelines/");
    Err(Error::new(ErrorKind::Config, message).help(help))
}

fn is_there(presence: fn(&Path) -> io::Result<bool>, path: &Path) -> Result<bool, Error> {
    presence(path).map_err(|error| file_error("look for", path, &error))
}

/// Returns `pipelines/NAME.yaml`.
fn path_in_pipelines(name: &str) -> PathBuf {
    Path::new("pipelines").join(format!("{name}.yaml"))
}

/// Lists every pipeline that has a name, with its file; none for one that is built in.
///
/// # Errors
/// The system does not let this program list `pipelines/`.
pub fn list_named() -> Result<BTreeMap<String, Option<PathBuf>>, Error> {
    let mut known: BTreeMap<String, Option<PathBuf>> = BUILT_IN
        .iter()
        .map(|(name, _)| ((*name).to_owned(), None))
        .collect();
    let dir = Path::new("pipelines");
    let not_listed = |error: io::Error| file_error("list", dir, &error);
    if !presence::is_dir(dir).map_err(not_listed)? {
        return Ok(known);
    }
    for entry in std::fs::read_dir(dir).map_err(not_listed)? {
        let path = entry.map_err(not_listed)?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        if let Some(name) = name.filter(|name| path == path_in_pipelines(name)) {
            known.insert(name, Some(path));
        }
    }
    Ok(known)
}

/// The graph of a pipeline with these kinds of stage, its runs below `workdir`.
///
/// # Errors
/// As [`ecgfm_pipeline::Pipeline::graph`].
pub fn graph_in(target: &PipelineArgs, kinds: &StageKinds, workdir: &Path) -> Result<Graph, Error> {
    let settings = RunSettings {
        profile: target.profile.clone(),
        set: target.set.clone(),
        workdir: workdir.to_owned(),
        environment: Environment::Process,
        read: Vec::new(),
    };
    let named = target.pipeline.as_deref().unwrap_or_default();
    load_pipeline(named)?.graph(kinds, &settings)
}
