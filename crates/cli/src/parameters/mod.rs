//! The parameters of a stage kind in words, out of their JSON Schema: type, default, allowed values, meaning.

mod bounds;
mod table;
mod words;

pub use bounds::check_bounds;
pub use table::parameter_table;

use serde_json::{Map, Value};

/// A parameter, or a key of one that is a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in the pipeline file.
    pub name: String,
    /// Allowed values: "number from 0 to 1".
    pub kind: String,
    /// Set where it must be given.
    pub required: bool,
    /// Default as YAML; none where that is no value.
    pub default: Option<String>,
    /// Purpose of the parameter.
    pub meaning: String,
    /// Words that it may be, each with its meaning.
    pub choices: Vec<(String, String)>,
    /// The keys, where it is a mapping.
    pub inner: Vec<Parameter>,
}

/// Lists the parameters of a kind; `paths` names those that are paths.
pub fn list_parameters(schema: &Value, paths: &[&str]) -> Vec<Parameter> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema["properties"].as_object().into_iter().flat_map(Map::iter);
    properties
        .map(|(name, schema)| {
            let path = paths.contains(&name.as_str());
            let default = &schema["default"];
            Parameter {
                name: name.clone(),
                kind: if path {
                    words::allowed_paths(schema)
                } else {
                    words::allowed_values(schema)
                },
                required: required.contains(&name.as_str()),
                default: (!default.is_null() && !default.is_object()).then(|| words::yaml_text(default)),
                meaning: words::meaning_text(schema),
                choices: words::list_choices(schema),
                inner: inner_parameters(schema),
            }
        })
        .collect()
}

/// The keys of a parameter that is, or may be, a mapping.
fn inner_parameters(schema: &Value) -> Vec<Parameter> {
    let forms = words::value_forms(schema);
    let map = forms
        .into_iter()
        .find(|form| form["properties"].is_object() && !words::is_tagged(form));
    map.map_or_else(Vec::new, |map| list_parameters(map, &[]))
}

#[cfg(test)]
mod tests;
