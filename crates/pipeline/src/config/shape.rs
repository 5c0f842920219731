//! Checks of the shapes that a pipeline file is made of: mappings with known keys, texts, names.

use crate::config::node::{MapEntry, Node, NodeData};
use crate::config::source::Span;
use crate::config::suggest::suggest_name;
use crate::error::{Error, Result};

/// More stages or profiles than a person writes.
const MAX_NAMES: usize = 1000;

/// A text with its place.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

pub(crate) fn require_mapping<'a>(node: &'a Node, what: &str) -> Result<&'a [MapEntry]> {
    match &node.data {
        NodeData::Map(entries) => Ok(entries),
        _ => {
            let message = format!(
                "{what} must be a mapping (`key: value` lines), not {}",
                node.describe()
            );
            Err(Error::config(&node.span, message))
        }
    }
}

pub(crate) fn known_keys(entries: &[MapEntry], known: &[&str], place: &str) -> Result<()> {
    match entries.iter().find(|e| !known.contains(&e.key.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Error::config(
            &unknown.key_span,
            format!("unknown key `{}` {place}", unknown.key),
        )
        .help(suggest_name(&unknown.key, "keys", known.iter().copied()))),
    }
}

pub(crate) fn text_of(node: &Node, what: &str) -> Result<String> {
    match &node.data {
        NodeData::Text(text) => Ok(text.clone()),
        NodeData::Number(number) => Ok(number.to_string()),
        NodeData::Bool(value) => Ok(value.to_string()),
        _ => Err(Error::config(
            &node.span,
            format!("{what} must be text, not {}", node.describe()),
        )),
    }
}

pub(crate) fn optional_text(node: &Node, key: &str) -> Result<Option<String>> {
    node.entry(key)
        .map(|e| text_of(&e.value, &format!("`{key}`")))
        .transpose()
}

/// Names become directories and parts of references.
pub(crate) fn check_name(name: &Name, what: &str) -> Result<()> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let text = &name.text;
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if starts_well && text.len() <= 100 && text.chars().all(valid) {
        return Ok(());
    }
    let message = format!("`{}` cannot be {what}", crate::config::node::shorten(text));
    Err(Error::config(&name.span, message)
        .help("use letters, digits, `_` and `-`, and begin with a letter or digit"))
}

pub(crate) fn check_count(entries: &[MapEntry], what: &str) -> Result<()> {
    match entries.get(MAX_NAMES) {
        Some(entry) => Err(Error::config(
            &entry.key_span,
            format!("more than {MAX_NAMES} {what}"),
        )),
        None => Ok(()),
    }
}
