//! Where pipelines are found: a file, `pipelines/NAME.yaml`, or the ones built in.

use ecgfm_pipeline::{Error, ErrorKind, Pipeline};
use std::path::{Path, PathBuf};

const BUILT_IN: [(&str, &str); 1] = [("code15", include_str!("../../../pipelines/code15.yaml"))];

/// Loads a pipeline by path or name.
pub fn pipeline(name_or_path: &str) -> Result<Pipeline, Error> {
    let candidates = [
        PathBuf::from(name_or_path),
        Path::new("pipelines").join(format!("{name_or_path}.yaml")),
    ];
    if let Some(path) = candidates.iter().find(|p| p.is_file()) {
        return Pipeline::load(path);
    }
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return Pipeline::parse(&format!("{name}.yaml (built in)"), text);
    }
    let help = format!("name a YAML file, or one of: {}", known().join(", "));
    let message = format!("no pipeline `{name_or_path}`: neither a file nor a name in pipelines/");
    Err(Error::new(ErrorKind::Config, message).help(help))
}

fn known() -> Vec<String> {
    let files = std::fs::read_dir("pipelines").into_iter().flatten().flatten();
    let name = |e: std::fs::DirEntry| Some(e.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = files
        .filter_map(name)
        .chain(BUILT_IN.map(|b| b.0.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}
