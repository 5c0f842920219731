//! Numbers outside the bounds that a parameter's schema states.

use super::words;
use ecgfm_pipeline::ParamError;
use serde_json::Value;

/// Refuses the first number that is outside its bounds.
///
/// # Errors
/// The path of the number, and its allowed values.
pub fn check_bounds(schema: &Value, with: &Value) -> Result<(), ParamError> {
    match find_outside(schema, with, &mut Vec::new()) {
        Some((path, phrase)) => Err(ParamError::invalid(&path, phrase)),
        None => Ok(()),
    }
}

/// Finds the path of the first number outside, and the phrase that follows it.
fn find_outside(schema: &Value, value: &Value, path: &mut Vec<String>) -> Option<(String, String)> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            let forms = words::value_forms(schema);
            let numeric = forms.iter().filter(|form| is_number(form));
            let mut numeric = numeric.peekable();
            numeric.peek()?;
            if numeric.any(|form| is_within(form, number)) {
                return None;
            }
            Some((
                path.join("."),
                format!("is {value}; it must be a {}", words::allowed_values(schema)),
            ))
        }
        Value::Array(items) => {
            let forms = words::value_forms(schema);
            let form = forms.into_iter().find(|form| form["items"].is_object())?;
            items
                .iter()
                .enumerate()
                .find_map(|(at, item)| find_in_child(&form["items"], item, &at.to_string(), path))
        }
        Value::Object(entries) => {
            let forms = words::value_forms(schema);
            let has = |form: &&Value| entries.keys().all(|key| form["properties"][key].is_object());
            let form = forms.into_iter().find(has)?;
            entries
                .iter()
                .find_map(|(key, entry)| find_in_child(&form["properties"][key], entry, key, path))
        }
        _ => None,
    }
}

fn find_in_child(
    schema: &Value,
    value: &Value,
    step: &str,
    path: &mut Vec<String>,
) -> Option<(String, String)> {
    path.push(step.to_owned());
    let found = find_outside(schema, value, path);
    path.pop();
    found
}

fn is_number(form: &Value) -> bool {
    let number = |kind: &Value| kind == "number" || kind == "integer";
    number(&form["type"])
        || form["type"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(number))
}

fn is_within(form: &Value, number: f64) -> bool {
    let bound = |key: &str| form[key].as_f64();
    bound("minimum").is_none_or(|low| number >= low)
        && bound("exclusiveMinimum").is_none_or(|low| number > low)
        && bound("maximum").is_none_or(|high| number <= high)
}
