//! A YAML value that remembers where it was written.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::config::source::{Origin, Span};
use crate::param::PathStep;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) data: NodeData,
    pub(crate) span: Span,
    /// Set where the value came through a reference: `span` is then the place of use.
    pub(crate) via: Option<Arc<ValueOrigin>>,
    /// Set where the value was written in a pipeline file, wherever it was used: relative paths in it begin beside that file. Those of
    /// arguments and of the environment begin in the current directory.
    pub(crate) in_file: bool,
}

/// The reference a value came through.
#[derive(Debug)]
pub(crate) struct ValueOrigin {
    /// For example `vars.seed`.
    pub(crate) reference: String,
    /// Place where the referenced value is written; none for the environment.
    pub(crate) defined: Option<Span>,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeData {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<MapEntry>),
}

/// Key of a mapping, and its value. Keys are unique and keep their order.
#[derive(Debug, Clone)]
pub(crate) struct MapEntry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn new(data: NodeData, span: Span) -> Self {
        Self {
            in_file: span.origin() == Origin::File,
            data,
            span,
            via: None,
        }
    }

    /// The entry of a mapping; none for other values.
    pub(crate) fn entry(&self, key: &str) -> Option<&MapEntry> {
        match &self.data {
            NodeData::Map(entries) => entries.iter().find(|e| e.key == key),
            _ => None,
        }
    }

    /// Description of this value for people: "the text `abc`", "a list".
    pub(crate) fn describe(&self) -> String {
        match &self.data {
            NodeData::Null => "an empty value".to_owned(),
            NodeData::Bool(b) => format!("`{b}`"),
            NodeData::Number(n) => format!("the number `{n}`"),
            NodeData::Text(t) => format!("the text `{}`", shorten(t)),
            NodeData::List(_) => "a list".to_owned(),
            NodeData::Map(_) => "a mapping".to_owned(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            NodeData::Null => Value::Null,
            NodeData::Bool(b) => Value::Bool(*b),
            NodeData::Number(n) => Value::Number(n.clone()),
            NodeData::Text(t) => Value::String(t.clone()),
            NodeData::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeData::Map(entries) => {
                let pairs = entries.iter().map(|e| (e.key.clone(), e.value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Memory weight (bytes, roughly) and depth of nesting (a scalar is 1).
    pub(crate) fn measure(&self) -> (usize, usize) {
        let own = NODE_WEIGHT
            + if let NodeData::Text(t) = &self.data {
                t.len()
            } else {
                0
            };
        let children: Vec<&Node> = match &self.data {
            NodeData::List(items) => items.iter().collect(),
            NodeData::Map(entries) => entries.iter().map(|e| &e.value).collect(),
            _ => Vec::new(),
        };
        let keys: usize = if let NodeData::Map(m) = &self.data {
            m.iter().map(|e| e.key.len()).sum()
        } else {
            0
        };
        children
            .into_iter()
            .map(Self::measure)
            .fold((own + keys, 1), |(weight, depth), (w, d)| {
                (weight.saturating_add(w), depth.max(d + 1))
            })
    }

    /// The deepest value that `path` leads to, with its key when it is in a mapping, and whether the
    /// whole path was found.
    pub(crate) fn deepest<'a>(&'a self, path: &[PathStep]) -> DeepestNode<'a> {
        let mut found = DeepestNode {
            node: self,
            key: None,
            complete: true,
        };
        for step in path {
            let next = match (step, &found.node.data) {
                (PathStep::Key(key), NodeData::Map(_)) => found.node.entry(key).map(|e| (&e.value, Some(e))),
                (PathStep::Index(at), NodeData::List(items)) => items.get(*at).map(|n| (n, None)),
                _ => None,
            };
            match next {
                Some((node, key)) => {
                    found.node = node;
                    found.key = key;
                }
                None => {
                    return DeepestNode {
                        complete: false,
                        ..found
                    };
                }
            }
        }
        found
    }

    /// Merges `over` into this value: mappings key by key, anything else is replaced.
    pub(crate) fn merge(&mut self, over: Node) {
        match (&mut self.data, over) {
            (
                NodeData::Map(base),
                Node {
                    data: NodeData::Map(entries),
                    ..
                },
            ) => {
                for entry in entries {
                    match base.iter_mut().find(|e| e.key == entry.key) {
                        Some(existing) => {
                            existing.key_span = entry.key_span;
                            existing.value.merge(entry.value);
                        }
                        None => base.push(entry),
                    }
                }
            }
            (_, over) => *self = over,
        }
    }
}

/// Weight of one value without its text.
pub(crate) const NODE_WEIGHT: usize = 64;

/// Result of [`Node::deepest`]: the deepest node on a path that exists.
pub(crate) struct DeepestNode<'a> {
    pub(crate) node: &'a Node,
    pub(crate) key: Option<&'a MapEntry>,
    pub(crate) complete: bool,
}

/// At most 60 characters of a text, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.replace('\n', "\\n");
    if line.chars().count() <= 60 {
        line
    } else {
        line.chars().take(57).chain("...".chars()).collect()
    }
}
