//! The action for every reason, as the parameters add up to it.

use crate::error::{Error, Result};
use crate::on_bad::{Action, OnBad, RejectOrKeep, UnreadableParts};
use crate::params::Params;
use ecgfm_artifacts::rejected::Reason;

/// Advice about an exam that ended the stage.
pub(crate) fn advice(reason: Reason) -> String {
    let word = reason.as_str();
    if matches!(
        reason,
        Reason::HeartRate | Reason::MainsFrequency | Reason::SampleRate
    ) {
        return format!(
            "state the true sample rate, in the description of the dataset or in the files' headers, or set `on_bad` to `flag` for \
             `{word}` to go on"
        );
    }
    format!(
        "`on_bad` says that `{word}` ends the stage: mend the exam or take it out of exams.csv, or set `on_bad` to `reject` \
         for `{word}` to set such exams aside and go on"
    )
}

/// The action for every reason. What names a reason comes before a word for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy([Action; Reason::ALL.len()]);

impl Policy {
    /// The actions that the parameters ask for.
    ///
    /// # Errors
    /// Parameters that contradict each other.
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
            Reason::AllZero => (params.all_zero == RejectOrKeep::Keep).then_some("`all_zero: keep`"),
            Reason::NotFinite => (params.not_finite == RejectOrKeep::Keep).then_some("`not_finite: keep`"),
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
                "only doubts (limb_leads, amplitude, flat_lead, heart_rate, mains_frequency, sample_rate, doubtful_file) are flagged",
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
}
