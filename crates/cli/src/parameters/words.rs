//! A JSON Schema in words.

use serde_json::{Value, json};

/// The forms that a value may have, without "nothing": the alternatives of the schema, or the schema itself.
pub(super) fn value_forms(schema: &Value) -> Vec<&Value> {
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    match alternatives {
        Some(all) => all
            .iter()
            .filter(|form| form["type"] != "null")
            .flat_map(value_forms)
            .collect(),
        None => vec![schema],
    }
}

/// Purpose of the value. A comment's lines make one text.
pub(super) fn meaning_text(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words that the value may be, each with its meaning.
pub(super) fn list_choices(schema: &Value) -> Vec<(String, String)> {
    let listed =
        |form: &&Value| (!choice_word(form).is_empty() || is_tagged(form)) && form["description"].is_string();
    let forms = value_forms(schema);
    if let [list] = forms.as_slice()
        && list["items"].is_object()
    {
        return list_choices(&list["items"]);
    }
    // A lone form has the parameter's own meaning.
    let forms = forms
        .iter()
        .filter(|_| forms.len() > 1)
        .filter(|form| listed(form));
    forms.map(|form| (form_text(form), meaning_text(form))).collect()
}

/// Allowed values in words.
pub(super) fn allowed_values(schema: &Value) -> String {
    let kinds: Vec<String> = value_forms(schema).into_iter().map(form_text).collect();
    let (last, others) = match kinds.split_last() {
        Some((last, others)) => (last, others),
        None => return "anything".to_owned(),
    };
    match others {
        [] => last.clone(),
        others => format!("{} or {last}", others.join(", ")),
    }
}

/// Allowed values in words, where texts are paths.
pub(super) fn allowed_paths(schema: &Value) -> String {
    allowed_values(schema).replace("text", "path")
}

/// A value as a pipeline file spells it.
pub(super) fn yaml_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(yaml_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A word that is listed with its meaning; empty for what is no word.
fn choice_word(form: &Value) -> String {
    let examples = form["examples"].as_array();
    match (&form["const"], examples) {
        (Value::Null, Some(examples)) => {
            let words: Vec<String> = examples.iter().map(yaml_text).collect();
            format!("{}, …", words.join(", "))
        }
        (Value::Null, None) => String::new(),
        (word, _) => yaml_text(word),
    }
}

fn form_text(form: &Value) -> String {
    if !choice_word(form).is_empty() {
        return choice_word(form);
    }
    if let Some(words) = form["enum"].as_array() {
        return words
            .iter()
            .filter(|w| !w.is_null())
            .map(yaml_text)
            .collect::<Vec<_>>()
            .join(", ");
    }
    let kind = match &form["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != json!("null")),
        kind => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => range_text("whole number", form),
        Some("number") => range_text("number", form),
        Some("array") => format!("list of {}", allowed_values(&form["items"])),
        Some("object") => mapping_text(form),
        _ => "anything".to_owned(),
    }
}

/// Says if a form is a mapping of one key that must be there: a word that carries a value.
pub(super) fn is_tagged(form: &Value) -> bool {
    let length = |key: &str| {
        form[key]
            .as_array()
            .map(Vec::len)
            .or(form[key].as_object().map(serde_json::Map::len))
    };
    length("properties") == Some(1) && length("required") == Some(1)
}

/// The keys of a mapping are listed below it, unless it is a word that carries a value.
fn mapping_text(form: &Value) -> String {
    match form["properties"].as_object().and_then(|keys| keys.iter().next()) {
        Some((key, value)) if is_tagged(form) => format!("{{{key}: {}}}", allowed_values(value)),
        _ => "mapping".to_owned(),
    }
}

fn range_text(kind: &str, form: &Value) -> String {
    let bound = |key: &str| form[key].as_f64();
    let low = bound("minimum").map(|low| (low, false));
    let low = low.or_else(|| bound("exclusiveMinimum").map(|low| (low, true)));
    match (low, bound("maximum")) {
        (Some((low, false)), Some(high)) => {
            format!("{kind} from {} to {}", bound_text(low), bound_text(high))
        }
        (Some((low, false)), None) => format!("{kind}, {} or more", bound_text(low)),
        (Some((low, true)), Some(high)) => {
            format!("{kind} above {}, at most {}", bound_text(low), bound_text(high))
        }
        (Some((low, true)), None) => format!("{kind} above {}", bound_text(low)),
        (None, Some(high)) => format!("{kind}, at most {}", bound_text(high)),
        (None, None) => kind.to_owned(),
    }
}

/// Text of a bound, with separators where it is large.
fn bound_text(bound: f64) -> String {
    match bound {
        b if b.fract() == 0.0 && b.abs() < 1e15 => crate::number_format::group_thousands(b as u64),
        b => b.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_read_as_a_person_would_say_them() {
        let schemas = [
            json!({ "type": ["number", "null"], "minimum": 0, "maximum": 1 }),
            json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
            json!({ "type": "number", "exclusiveMinimum": 0 }),
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "anyOf": [{ "oneOf": [{ "const": "a", "description": "A." }, { "const": "b" }] }, { "type": "null" }] }),
            json!({ "oneOf": [{ "const": "cpu" }, { "pattern": "^cuda", "examples": ["cuda", "cuda:1"] }] }),
            json!({ "oneOf": [{ "const": "best" }, { "type": "object", "description": "At.", "required": ["at"],
                               "properties": { "at": { "type": "number" } } }] }),
            json!({ "type": "integer", "minimum": 1, "maximum": 4_194_304 }),
        ];
        let expected = [
            "number from 0 to 1",
            "whole number, 0 or more",
            "number above 0",
            "list of text",
            "a or b",
            "cpu or cuda, cuda:1, …",
            "best or {at: number}",
            "whole number from 1 to 4,194,304",
        ];
        assert_eq!(schemas.each_ref().map(allowed_values), expected);
        assert_eq!(list_choices(&schemas[4]), [("a".to_owned(), "A.".to_owned())]);
        assert_eq!(
            list_choices(&schemas[6]),
            [("{at: number}".to_owned(), "At.".to_owned())]
        );
    }
}
