//! What becomes of exams with which something is wrong: the parameters that say so, and what they add up to.

use crate::Params;
use crate::error::{Error, Result};
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
pub enum Doubtful {
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
        from.deserialize_any(Forms)
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

struct Forms;

impl<'de> Visitor<'de> for Forms {
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

/// What to do about an exam that ended the stage.
pub(crate) fn advice(reason: Reason) -> String {
    let word = reason.as_str();
    format!(
        "`on_bad` says that `{word}` ends the stage: mend the exam or take it out of exams.csv, or set `on_bad` to `reject` \
         for `{word}` to set such exams aside and go on"
    )
}

/// The action for every reason. What names a reason comes before a word for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy([Action; Reason::ALL.len()]);

impl Policy {
    /// What the parameters add up to.
    pub(crate) fn new(params: &Params) -> Result<Self> {
        check(params)?;
        Ok(Self(Reason::ALL.map(|reason| match &params.on_bad {
            OnBad::Each(each) if each.contains_key(&reason) => each[&reason],
            _ if reason.is_doubt() => Action::Flag,
            on_bad if reason == Reason::UnreadablePart => match (params.unreadable_parts, on_bad) {
                (Some(UnreadableParts::Fail), _) => Action::Fail,
                (Some(UnreadableParts::Reject), _) => Action::Reject,
                (None, OnBad::Every(action)) => *action,
                (None, OnBad::Each(_)) => Action::Fail,
            },
            OnBad::Every(action) => *action,
            OnBad::Each(_) => Action::Reject,
        })))
    }

    /// The action for a reason.
    pub(crate) fn action(&self, reason: Reason) -> Action {
        let at = Reason::ALL.iter().position(|r| *r == reason);
        at.map_or(Action::Reject, |at| self.0[at])
    }
}

/// What is set twice must not contradict itself, and only doubts can be flagged.
fn check(params: &Params) -> Result<()> {
    let each = match &params.on_bad {
        OnBad::Every(Action::Flag) => {
            let doubts = Reason::ALL.iter().filter(|r| r.is_doubt()).map(|r| r.as_str());
            let doubts = doubts.collect::<Vec<_>>().join(", ");
            let what =
                format!("cannot be `flag`: only doubts ({doubts}) are flagged, and they are by default");
            return Err(Error::parameter("on_bad", what));
        }
        OnBad::Every(_) => return Ok(()),
        OnBad::Each(each) => each,
    };
    for (reason, action) in each {
        let word = reason.as_str();
        let other = match reason {
            Reason::AllZero => (params.all_zero == Doubtful::Keep).then_some("`all_zero: keep`"),
            Reason::NotFinite => (params.not_finite == Doubtful::Keep).then_some("`not_finite: keep`"),
            Reason::UnreadablePart => match (params.unreadable_parts, action) {
                (Some(UnreadableParts::Fail), Action::Reject) => Some("`unreadable_parts: fail`"),
                (Some(UnreadableParts::Reject), Action::Fail) => Some("`unreadable_parts: reject`"),
                _ => None,
            },
            _ => None,
        };
        if let Some(other) = other {
            let what =
                format!("says what to do with `{word}`, and {other} says otherwise: leave out one of them");
            return Err(Error::parameter("on_bad", what));
        }
        if *action == Action::Flag && !reason.is_doubt() {
            let what = format!(
                "cannot be `flag` for `{word}`: such an exam has nothing that could be kept; `reject` or `fail`"
            );
            return Err(Error::parameter("on_bad", what));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(with: serde_json::Value) -> Result<Policy> {
        let mut with = with;
        with["raw"] = "raw".into();
        Policy::new(&serde_json::from_value(with).unwrap())
    }

    fn action(with: serde_json::Value, reason: Reason) -> Action {
        policy(with).unwrap().action(reason)
    }

    #[test]
    fn what_names_a_reason_comes_before_a_word_for_all() {
        use serde_json::json;
        let of = |with: &serde_json::Value, reason| action(with.clone(), reason);
        let nothing = json!({});
        assert_eq!(of(&nothing, Reason::TooShort), Action::Reject);
        assert_eq!(of(&nothing, Reason::UnreadablePart), Action::Fail);
        assert_eq!(of(&nothing, Reason::LimbLeads), Action::Flag);
        let fail = json!({"on_bad": "fail", "unreadable_parts": "reject"});
        assert_eq!(of(&fail, Reason::BadRow), Action::Fail);
        assert_eq!(of(&fail, Reason::UnreadablePart), Action::Reject);
        assert_eq!(of(&fail, Reason::Amplitude), Action::Flag);
        assert_eq!(
            of(&json!({"on_bad": "reject"}), Reason::UnreadablePart),
            Action::Reject
        );
        let each =
            json!({"on_bad": {"too_short": "fail", "unreadable_part": "reject", "flat_lead": "reject"}});
        assert_eq!(of(&each, Reason::TooShort), Action::Fail);
        assert_eq!(of(&each, Reason::UnreadablePart), Action::Reject);
        assert_eq!(of(&each, Reason::FlatLead), Action::Reject);
        assert_eq!(of(&each, Reason::NotFinite), Action::Reject);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        use serde_json::json;
        for (with, words) in [
            (
                json!({"on_bad": "flag"}),
                "only doubts (limb_leads, amplitude, flat_lead) are flagged",
            ),
            (
                json!({"on_bad": {"too_short": "flag"}}),
                "cannot be `flag` for `too_short`",
            ),
            (
                json!({"on_bad": {"all_zero": "fail"}, "all_zero": "keep"}),
                "`all_zero: keep` says otherwise",
            ),
            (
                json!({"on_bad": {"not_finite": "reject"}, "not_finite": "keep"}),
                "`not_finite: keep`",
            ),
            (
                json!({"on_bad": {"unreadable_part": "reject"}, "unreadable_parts": "fail"}),
                "`unreadable_parts: fail`",
            ),
            (
                json!({"on_bad": {"unreadable_part": "fail"}, "unreadable_parts": "reject"}),
                "`unreadable_parts: reject`",
            ),
        ] {
            let message = policy(with).unwrap_err().to_string();
            assert!(
                message.starts_with("parameter `on_bad` ") && message.contains(words),
                "{message}"
            );
        }
    }

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
