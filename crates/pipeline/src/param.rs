//! Typed parameters: from the JSON of a stage's `with` to a struct, with errors that know their place.

use ecgfm_stage::FailureClass;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// Step of a path inside `with`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// Mistake in a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamProblem {
    /// The last step of the path is a key that is not known there.
    UnknownKey {
        /// The keys that are.
        expected: Vec<String>,
    },
    /// The mapping at the path lacks a key.
    MissingKey {
        /// The missing key.
        key: String,
    },
    /// The value is none of the known words.
    UnknownWord {
        /// The value.
        word: String,
        /// The known words.
        expected: Vec<String>,
    },
    /// The value is of another type than expected, for example "a whole number".
    Type {
        /// Expected value, in words.
        expected: String,
    },
    /// Anything else; a phrase that follows the parameter's name: "must add up to 1".
    Invalid {
        /// The phrase.
        phrase: String,
    },
}

/// A parameter that a stage kind refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {}: {problem:?}", path_text(path))]
pub struct ParamError {
    /// Place inside `with`.
    pub path: Vec<PathStep>,
    /// Mistake at that place.
    pub problem: ParamProblem,
    /// Advice on what to do.
    pub help: Option<String>,
    /// Class of the error: of the configuration, unless the system did not let the value be checked.
    pub class: FailureClass,
}

impl ParamError {
    /// A value that its type allows but the stage does not. `path` is `name` or `outer.inner`, a number for a
    /// place in a list; `phrase` follows the name: "must add up to 1, not 0.9".
    #[must_use]
    pub fn invalid(path: &str, phrase: impl Into<String>) -> Self {
        let step = |s: &str| {
            s.parse()
                .map_or_else(|_| PathStep::Key(s.to_owned()), PathStep::Index)
        };
        let path = path.split('.').filter(|s| !s.is_empty()).map(step).collect();
        Self {
            path,
            problem: ParamProblem::Invalid {
                phrase: phrase.into(),
            },
            help: None,
            class: FailureClass::Config,
        }
    }

    /// Sets the class: a path among the parameters that the system does not let this program look at is no mistake in them.
    #[must_use]
    pub fn of_class(self, class: FailureClass) -> Self {
        Self { class, ..self }
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `outer.inner[2]`.
pub(crate) fn path_text(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            PathStep::Key(key) if text.is_empty() => text.push_str(key),
            PathStep::Key(key) => text.extend([".", key]),
            PathStep::Index(at) => text.push_str(&format!("[{at}]")),
        }
    }
    text
}

/// Reads parameters into their type. The type should deny unknown fields.
///
/// # Errors
/// The first parameter that does not fit, with its path.
pub fn parse_params<P: DeserializeOwned>(with: &Value) -> Result<P, ParamError> {
    serde_path_to_error::deserialize(with).map_err(|e| {
        let path = path_steps(e.path());
        explain_message(path, &e.into_inner().to_string())
    })
}

/// Reads parameters into their type and writes them out again, so that defaults are filled in.
///
/// # Errors
/// As [`parse_params`].
pub fn canonical_params<P: DeserializeOwned + Serialize>(with: &Value) -> Result<Value, ParamError> {
    let parameters: P = parse_params(with)?;
    serde_json::to_value(parameters)
        .map_err(|e| ParamError::invalid("", format!("cannot be written as JSON: {e}")))
}

fn path_steps(path: &Path) -> Vec<PathStep> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(PathStep::Index(*index)),
            Segment::Map { key } => Some(PathStep::Key(key.clone())),
            // A variant's name is no step in the YAML when the variant is a plain word, and is a key when not.
            Segment::Enum { variant } => Some(PathStep::Key(variant.clone())),
            Segment::Unknown => None,
        })
        .collect()
}

/// serde's messages have a fixed shape (`serde::de::Error`); what a person should read differs.
fn explain_message(mut path: Vec<PathStep>, message: &str) -> ParamError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let problem = if let Some(rest) = message.strip_prefix("unknown field `") {
        let (field, rest) = rest.split_once('`').unwrap_or((rest, ""));
        if path.last() != Some(&PathStep::Key(field.to_owned())) {
            path.push(PathStep::Key(field.to_owned()));
        }
        ParamProblem::UnknownKey {
            expected: quoted_words(rest),
        }
    } else if let Some(rest) = message.strip_prefix("missing field `") {
        ParamProblem::MissingKey {
            key: rest.trim_end_matches('`').to_owned(),
        }
    } else if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (word, rest) = rest.split_once("`, ").unwrap_or((rest, ""));
        if path.last() == Some(&PathStep::Key(word.to_owned())) {
            path.pop();
        }
        ParamProblem::UnknownWord {
            word: word.to_owned(),
            expected: quoted_words(rest),
        }
    } else if message.starts_with("invalid ") && message.contains(", expected ") {
        let expected = message
            .rsplit_once(", expected ")
            .map_or("", |(_, expected)| expected);
        ParamProblem::Type {
            expected: readable_type(expected),
        }
    } else if message.starts_with("data did not match any variant") {
        ParamProblem::Invalid {
            phrase: "has none of the accepted forms".to_owned(),
        }
    } else {
        ParamProblem::Invalid {
            phrase: format!("is not accepted: {message}"),
        }
    };
    ParamError {
        path,
        problem,
        help: None,
        class: FailureClass::Config,
    }
}

/// The words in backquotes of a message.
fn quoted_words(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A Rust type's name in serde's message, in words.
fn readable_type(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" | "a borrowed string" | "path string" | "string or map" | "a character" => {
            "text".to_owned()
        }
        "a map" => "a mapping".to_owned(),
        "a sequence" => "a list".to_owned(),
        other if other.starts_with("nonzero") || other.starts_with("a nonzero") => {
            "a whole number, 1 or more".to_owned()
        }
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other if other.starts_with("variant identifier") || other.contains("enum ") => {
            "one of the known words".to_owned()
        }
        other if other.contains("tuple") || other.contains("array of length") => {
            let count: String = other.chars().filter(char::is_ascii_digit).collect();
            if count.is_empty() {
                "a list".to_owned()
            } else {
                format!("a list of {count} values")
            }
        }
        other => other.to_owned(),
    }
}

/// Says if the input parameter `name` (`outer.inner`) is the one at `path`, or the list it is in. `*` stands for any key.
pub(crate) fn is_parameter(name: &str, path: &[PathStep]) -> bool {
    let mut keys = path.iter().filter_map(|step| match step {
        PathStep::Key(key) => Some(key.as_str()),
        PathStep::Index(_) => None,
    });
    let mut named = name.split('.');
    named.all(|name| keys.next().is_some_and(|key| name == "*" || name == key)) && keys.next().is_none()
}

/// The texts in a value, with their paths.
pub(crate) fn collect_texts(
    value: &Value,
    path: &mut Vec<PathStep>,
    found: &mut Vec<(Vec<PathStep>, String)>,
) {
    match value {
        Value::String(text) => found.push((path.clone(), text.clone())),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| {
            path.push(PathStep::Index(at));
            collect_texts(item, path, found);
            path.pop();
        }),
        Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            path.push(PathStep::Key(key.clone()));
            collect_texts(item, path, found);
            path.pop();
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        raw: String,
        #[serde(default)]
        store: Store,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        pair: (u8, u8),
        #[serde(default)]
        fractions: Vec<f64>,
        #[serde(default)]
        unit: Option<Shape>,
    }

    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Store {
        #[default]
        Packed,
        Mat,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Box { width: u32 },
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        seed: u64,
    }

    fn said(with: Value) -> String {
        let error = parse_params::<Params>(&with).expect_err("is refused");
        format!("{} | {:?}", path_text(&error.path), error.problem)
    }

    #[test]
    fn every_refusal_names_its_place_and_what_is_expected() {
        let refusals = [
            json!({"raw": "x", "storee": "mat"}),
            json!({"raw": "x", "store": "pakced"}),
            json!({"raw": "x", "store": 3}),
            json!({"raw": 3}),
            json!({}),
            json!({"raw": "x", "inner": {"sed": 1}}),
            json!({"raw": "x", "inner": {"seed": -1}}),
            json!({"raw": "x", "inner": {"seed": "a"}}),
            json!({"raw": "x", "pair": [1]}),
            json!({"raw": "x", "pair": 300}),
            json!({"raw": "x", "fractions": [0.1, "b"]}),
            json!({"raw": "x", "unit": {"box": {"width": "w"}}}),
            json!({"raw": "x", "unit": {"bx": {"width": 1}}}),
            json!([]),
        ];
        insta::assert_snapshot!(refusals.map(said).join("\n"));
    }

    #[test]
    fn canonical_parameters_have_their_defaults() {
        let with = canonical_params::<Params>(&json!({"raw": "x"})).unwrap();
        assert_eq!(with["store"], "packed");
        assert_eq!(with["fractions"], json!([]));
    }
}
