//! Parameters that say what becomes of exams with which something is wrong.

use ecgfm_artifacts::rejected::Reason;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::StrDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What to do with a recording that can be processed and should hardly be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectOrKeep {
    /// Set it aside.
    #[default]
    Reject,
    /// Keep it, as the Python scripts do.
    Keep,
}

/// What to do when a part cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnreadableParts {
    /// Stop: such a part is an unfinished download far more often than bad data, and holds up to 20,000 exams.
    #[default]
    Fail,
    /// Set its exams aside, say so, and go on.
    Reject,
}

/// What to do with an exam for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Keep it and say so in `quality.csv`; for doubts only.
    Flag,
    /// Set it aside and go on.
    Reject,
    /// End the stage.
    Fail,
}

/// What to do with bad exams: one action for every reason that sets an exam aside, or one for each reason named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OnBad {
    /// For all reasons but doubts.
    Every(Action),
    /// For each of these; the default for others.
    Each(BTreeMap<Reason, Action>),
}

impl Default for OnBad {
    fn default() -> Self {
        Self::Each(BTreeMap::new())
    }
}

/// The words that a reason may be named by.
const REASONS: [&str; Reason::ALL.len()] = {
    let (mut words, mut i) = ([""; Reason::ALL.len()], 0);
    while i < words.len() {
        words[i] = Reason::ALL[i].as_str();
        i += 1;
    }
    words
};

// By hand, as a form that serde finds by trying both would lose what is wrong with either.
impl<'de> Deserialize<'de> for OnBad {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_any(OnBadVisitor)
    }
}

// By hand, as the reasons and which of them may be flagged are in `Reason`.
impl JsonSchema for OnBad {
    fn schema_name() -> Cow<'static, str> {
        "OnBad".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut each = json_schema!({});
        for reason in Reason::ALL {
            let flag = reason.is_doubt().then_some("flag");
            let actions: Vec<&str> = flag.into_iter().chain(["reject", "fail"]).collect();
            let action = json_schema!({ "enum": actions, "description": reason.meaning() });
            each.insert(reason.as_str().to_owned(), action.to_value());
        }
        json_schema!({ "oneOf": [
            { "const": "reject", "description": "Set every such exam aside and go on." },
            { "const": "fail", "description": "End the stage at the first one." },
            { "type": "object", "properties": each, "additionalProperties": false,
              "description": "One action for each reason that is named: reject, fail, or for a doubt flag (keep the exam, \
                              with a row in quality.csv)." },
        ] })
    }
}

/// Reads both forms of [`OnBad`].
struct OnBadVisitor;

impl<'de> Visitor<'de> for OnBadVisitor {
    type Value = OnBad;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`reject`, `fail`, or a mapping of reasons to one of these")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> std::result::Result<OnBad, E> {
        Action::deserialize(StrDeserializer::new(word)).map(OnBad::Every)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<OnBad, A::Error> {
        let mut each = BTreeMap::new();
        while let Some(word) = map.next_key::<String>()? {
            let reason = Reason::ALL.into_iter().find(|r| r.as_str() == word);
            let reason = reason.ok_or_else(|| de::Error::unknown_field(&word, &REASONS))?;
            each.insert(reason, map.next_value()?);
        }
        Ok(OnBad::Each(each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_reason_is_refused_with_those_that_are() {
        let refused = |text: &str| serde_json::from_str::<OnBad>(text).unwrap_err().to_string();
        let message = refused(r#"{"nan": "fail"}"#);
        assert!(message.starts_with("unknown field `nan`"), "{message}");
        assert!(REASONS.iter().all(|reason| message.contains(reason)), "{message}");
        assert!(refused(r#"{"too_short": "ignore"}"#).contains("expected one of `flag`, `reject`, `fail`"));
        assert!(refused("3").contains("a mapping of reasons"), "{}", refused("3"));
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in [r#""fail""#, r#"{"too_short":"fail","limb_leads":"reject"}"#, "{}"] {
            let read: OnBad = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }
}
