//! Counts, lists and parameters as sentences have them.

use serde_json::Value;

/// Says that the run's files do not have something.
pub(super) fn not_recorded(what: &str) -> String {
    format!("The run records no {what}.")
}

/// Parts in a row.
pub(super) fn join<T: AsRef<str>>(parts: impl IntoIterator<Item = T>, between: &str) -> String {
    let parts: Vec<T> = parts.into_iter().collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    parts.join(between)
}

/// `1 ECG`, `2 ECGs`.
pub(super) fn counted(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// A parameter that is a text, a number or a list of them, as a sentence has it.
pub(super) fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('_', " "),
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Array(values) => join(values.iter().map(in_words), " and "),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Object(_) => value.to_string(),
    }
}
