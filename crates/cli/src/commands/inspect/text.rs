//! Aligned text: names on the left, facts on the right.

use serde_json::Value;
use std::fmt::Write;

/// Letters of the column of names.
const NAME_WIDTH: usize = 15;

/// Lines of names and facts below a heading.
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn new(heading: &str) -> Self {
        Self(format!("{heading}\n"))
    }

    /// Adds a line, unless nothing is stated.
    pub(super) fn fact(&mut self, name: &str, fact: &str) {
        if !fact.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(self.0, "  {name:NAME_WIDTH$}  {fact}");
        }
    }

    /// Adds a line with the texts of a JSON array.
    pub(super) fn list(&mut self, name: &str, texts: &Value, separator: &str) {
        self.fact(name, &texts_of(texts).join(separator));
    }

    /// Adds a line for each text of a JSON array.
    pub(super) fn each(&mut self, name: &str, texts: &Value) {
        self.lines(name, &texts_of(texts));
    }

    /// Adds a line for each text, the name before the first.
    pub(super) fn lines<T: AsRef<str>>(&mut self, name: &str, texts: &[T]) {
        for (at, text) in texts.iter().enumerate() {
            self.fact(if at == 0 { name } else { "" }, text.as_ref());
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

fn texts_of(texts: &Value) -> Vec<&str> {
    let texts = texts.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().filter_map(Value::as_str).collect()
}

/// A number with at most three decimals.
pub(super) fn number_text(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
