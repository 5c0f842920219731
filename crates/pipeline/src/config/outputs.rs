//! Paths of a stage's outputs in a run.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::kind::OutputSpec;

/// An output of a stage in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageOutput {
    /// The name in references.
    pub name: &'static str,
    /// The path inside the stage's directory, parameters filled in; empty for the directory.
    pub relative: String,
    /// The full path, as given to stages that refer to it.
    pub path: PathBuf,
    /// Set where the stage must write it.
    pub required: bool,
}

/// Fills parameters into the outputs' paths.
pub(crate) fn output_paths(
    outputs: &[OutputSpec],
    params: &Value,
    dir: &Path,
) -> Result<Vec<StageOutput>, String> {
    let has = |output: &&OutputSpec| output.unless.is_none_or(|parameter| params[parameter].is_null());
    outputs
        .iter()
        .filter(has)
        .map(|output| {
            let relative = fill_template(output.path, params)?;
            let inside = Path::new(&relative)
                .components()
                .all(|c| matches!(c, Component::Normal(_)));
            if !inside {
                return Err(format!(
                    "output `{}` would be `{relative}`, outside the stage's directory",
                    output.name
                ));
            }
            let path = if relative.is_empty() {
                dir.to_owned()
            } else {
                dir.join(&relative)
            };
            Ok(StageOutput {
                name: output.name,
                relative,
                path,
                required: output.required,
            })
        })
        .collect()
}

fn fill_template(template: &str, params: &Value) -> Result<String, String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        match &params[name] {
            Value::String(text) => path.push_str(text),
            value @ (Value::Number(_) | Value::Bool(_)) => path.push_str(&value.to_string()),
            other => {
                return Err(format!(
                    "the output path `{template}` needs `{name}` to be text, not {other}"
                ));
            }
        }
        rest = tail;
    }
    path.push_str(rest);
    Ok(path)
}
