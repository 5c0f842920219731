//! Fingerprint of a stage: one hash over all that decides its outputs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::kind::CodeChange;
use crate::plan::reason::StaleReason;
use crate::store::layout::THROUGH_PREFIX;
use crate::store::record::{InputRecord, InputState, StageRecord};

/// Everything that decides a stage's outputs.
#[derive(Debug, Clone)]
pub(crate) struct FingerprintInputs {
    pub(crate) kind: String,
    pub(crate) code_version: u32,
    /// Changes that each version of the code made.
    pub(crate) changes: &'static [CodeChange],
    pub(crate) parameters: Value,
    /// Parameters that cannot change the outputs.
    pub(crate) idle: &'static [&'static str],
    /// Mappings each of whose entries makes outputs of its own.
    pub(crate) separate: &'static [&'static str],
    pub(crate) inputs: BTreeMap<String, InputRecord>,
    /// Set where inputs that no parameter names are among the inputs.
    pub(crate) complete: bool,
    pub(crate) extra: BTreeMap<String, String>,
}

impl FingerprintInputs {
    /// BLAKE3 in hex over all facts, independent of the order of keys.
    pub(crate) fn fingerprint(&self) -> String {
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .map(|(name, input)| (name, input.identity()))
            .collect();
        let facts = serde_json::json!([
            "stage",
            self.kind,
            self.code_version,
            sort_keys(&without_params(&self.parameters, self.idle, "")),
            inputs,
            self.extra
        ]);
        blake3::hash(facts.to_string().as_bytes()).to_hex().to_string()
    }

    /// True for an entry of a mapping each of whose entries makes outputs of its own.
    fn is_separate(&self, name: &str) -> bool {
        let mut mappings = self.separate.iter();
        mappings.any(|mapping| {
            name.strip_prefix(*mapping)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// The inputs that are others in facts that were gathered later.
    pub(crate) fn changed_since(&self, later: &Self) -> Vec<String> {
        let identity =
            |facts: &Self, name: &str| facts.inputs.get(name).map(|i| format!("{:?}", i.identity()));
        self.inputs
            .iter()
            .filter(|(name, _)| identity(self, name) != identity(later, name))
            .map(|(_, input)| input.path.clone())
            .collect()
    }

    /// Differences from a record, apart from parameters without effect and inputs that come from `skip`ped stages.
    pub(crate) fn differences(&self, record: &StageRecord, skip: &dyn Fn(&str) -> bool) -> Vec<StaleReason> {
        let mut reasons = Vec::new();
        if record.kind != self.kind {
            reasons.push(StaleReason::Kind {
                from: record.kind.clone(),
                to: self.kind.clone(),
            });
        }
        let from = record.stands_for_version();
        if from != self.code_version {
            let since = self.changes.iter().filter(|change| change.0 > from);
            reasons.push(StaleReason::CodeVersion {
                from,
                to: self.code_version,
                changes: since.map(|change| change.1.to_owned()).collect(),
            });
        }
        let active = |parameters: &Value| without_params(parameters, self.idle, "");
        changed_params(
            "",
            &active(&record.parameters),
            &active(&self.parameters),
            &mut reasons,
        );
        reasons.retain(|reason| match reason {
            StaleReason::Parameter { name, to: None, .. } => !self.is_separate(name),
            _ => true,
        });
        let names = record
            .inputs
            .keys()
            .chain(self.inputs.keys().filter(|k| !record.inputs.contains_key(*k)));
        for name in names {
            let (from, to) = (record.inputs.get(name), self.inputs.get(name));
            if to.is_none() && self.is_separate(name) {
                continue;
            }
            let stage = to.or(from).and_then(|input| input.stage.clone());
            if stage.as_deref().is_some_and(skip)
                || (!self.complete && name.starts_with(THROUGH_PREFIX))
                || from.map(InputRecord::identity) == to.map(InputRecord::identity)
            {
                continue;
            }
            let path = |input: Option<&InputRecord>| input.map(|input| input.path.clone());
            // Another path is another parameter, which is said already.
            if path(from) != path(to) && !reasons.is_empty() {
                continue;
            }
            let path = path(to.or(from)).unwrap_or_default();
            reasons.push(StaleReason::Input {
                name: name.clone(),
                path,
                stage,
                what: describe_change(from, to).to_owned(),
            });
        }
        let names = record
            .extra
            .keys()
            .chain(self.extra.keys().filter(|k| !record.extra.contains_key(*k)));
        let differs = |name: &&String| {
            let dropped = !self.extra.contains_key(*name) && self.is_separate(name);
            !dropped && record.extra.get(*name) != self.extra.get(*name)
        };
        for name in names.filter(differs) {
            reasons.push(StaleReason::Extra { name: name.clone() });
        }
        reasons
    }
}

/// The parameters without those named in `names`, as `outer.inner`.
fn without_params(value: &Value, names: &[&str], prefix: &str) -> Value {
    let Value::Object(entries) = value else {
        return value.clone();
    };
    if names.is_empty() {
        return value.clone();
    }
    let kept = entries.iter().filter_map(|(key, value)| {
        let name = format!("{prefix}{key}");
        let drop = names.contains(&name.as_str());
        (!drop).then(|| (key.clone(), without_params(value, names, &format!("{name}."))))
    });
    Value::Object(kept.collect())
}

fn describe_change(from: Option<&InputRecord>, to: Option<&InputRecord>) -> &'static str {
    match (from, to) {
        (None, _) => "was not read before",
        (_, None) => "is no longer read",
        (Some(from), Some(to)) => match (from.state, to.state) {
            (InputState::Present, InputState::Absent) => "no longer exists",
            (_, InputState::Unreadable) => "cannot be read",
            (InputState::Absent, InputState::Present) => "exists now",
            _ if from.size != to.size => "has another size",
            _ if from.files != to.files => "has another number of files",
            _ if to.sample.is_some() => "has other content or another modification time",
            _ => "has other content",
        },
    }
}

fn changed_params(prefix: &str, from: &Value, to: &Value, reasons: &mut Vec<StaleReason>) {
    let (Value::Object(old), Value::Object(new)) = (from, to) else {
        if from != to {
            reasons.push(changed_param(prefix, Some(from), Some(to)));
        }
        return;
    };
    for key in old.keys().chain(new.keys().filter(|k| !old.contains_key(*k))) {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match (old.get(key), new.get(key)) {
            (Some(from), Some(to)) => changed_params(&name, from, to, reasons),
            (from, to) => reasons.push(changed_param(&name, from, to)),
        }
    }
}

fn changed_param(name: &str, from: Option<&Value>, to: Option<&Value>) -> StaleReason {
    StaleReason::Parameter {
        name: name.to_owned(),
        from: from.cloned(),
        to: to.cloned(),
    }
}

fn sort_keys(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let ordered: BTreeMap<_, _> = entries.iter().map(|(k, v)| (k.clone(), sort_keys(v))).collect();
            Value::Object(ordered.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sort_keys).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(parameters: Value) -> FingerprintInputs {
        let (inputs, extra) = (BTreeMap::new(), BTreeMap::new());
        FingerprintInputs {
            kind: "k".to_owned(),
            code_version: 1,
            changes: &[],
            parameters,
            idle: &["b.d"],
            separate: &[],
            inputs,
            complete: true,
            extra,
        }
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_every_value_does() {
        let base = facts(json!({"a": 1, "b": {"c": 2, "d": 3}})).fingerprint();
        assert_eq!(base, facts(json!({"b": {"d": 3, "c": 2}, "a": 1})).fingerprint());
        assert_ne!(base, facts(json!({"b": {"d": 3, "c": 4}, "a": 1})).fingerprint());
    }

    #[test]
    fn a_parameter_without_effect_does_not_matter() {
        let base = facts(json!({"a": 1, "b": {"c": 2, "d": 3}})).fingerprint();
        assert_eq!(base, facts(json!({"a": 1, "b": {"c": 2, "d": 4}})).fingerprint());
        assert_ne!(base, facts(json!({"a": 1, "b": {"c": 2}, "d": 3})).fingerprint());
    }
}
