//! Mappings between label sets, for the stages that take one.

use super::{LabelNames, name_list, refuse_parameter};
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_pipeline::LookAheadFindings;

/// The mapping that a parameter names, or the mistake that it is none.
pub(super) fn load_mapping(found: &mut LookAheadFindings, name: &str) -> Option<Mapping> {
    match Mapping::load(name) {
        Ok(mapping) => Some(mapping),
        Err(error) => {
            refuse_parameter(found, "mapping", &error);
            None
        }
    }
}

/// Reports a mapping that does not start from the model's labels.
pub(super) fn check_source_labels(found: &mut LookAheadFindings, mapping: &Mapping, set: &LabelSet) {
    if let Err(error) = mapping.check_from(&mapping.name, set) {
        refuse_parameter(found, "mapping", &error);
    }
}

/// Reports a mapping that does not lead to the labels of the truth. `named` is the parameter that names it, and the words
/// before its name in the message.
pub(super) fn check_target_labels(
    found: &mut LookAheadFindings,
    named: (&str, &str),
    mapping: &Mapping,
    truth: &LabelNames,
) {
    let (whose, (parameter, by)) = (format!("label set {}", truth.describe()), named);
    if mapping.to != truth.name {
        let (name, to) = (&mapping.name, &mapping.to);
        let phrase = format!("{by} `{name}`, which leads to label set `{to}`, and the truth is of {whose}");
        found.add_invalid(parameter, phrase);
        return;
    }
    let strange: Vec<&str> = mapping
        .map
        .iter()
        .map(|pair| pair.to.as_str())
        .filter(|to| !truth.has(to))
        .collect();
    if !strange.is_empty() {
        let (name, strange) = (&mapping.name, strange.join("`, `"));
        let has = name_list(&truth.labels);
        let phrase = format!("{by} `{name}`, which maps to `{strange}`, and {whose} of the truth has {has}");
        found.add_invalid(parameter, phrase);
    }
}
