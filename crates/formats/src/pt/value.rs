//! Values of a pickle, as plain data.
//!
//! Values live in one flat table and refer to each other by number. Pickles may share values and even contain
//! themselves; a flat table makes both harmless, and dropping it never recurses.

use super::tensor::{Storage, TensorRef};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::sync::Arc;

/// Number of a value in its table.
pub(crate) type ValueId = u32;

/// Pairs of a dictionary, in the pickle's order.
pub(crate) type Pairs = Vec<(ValueId, ValueId)>;

/// Value in the table.
#[derive(Debug)]
pub(crate) enum ValueNode {
    None,
    Bool(bool),
    Int(i64),
    /// Two's complement, little-endian, more than eight bytes.
    BigInt(Box<[u8]>),
    Float(f64),
    Str(Box<str>),
    Bytes(Box<[u8]>),
    Tuple(Vec<ValueId>),
    List(Vec<ValueId>),
    Set(Vec<ValueId>),
    Dict(Box<DictNode>),
    /// Dotted name of a class or function.
    Global(Box<GlobalName>),
    Storage(Arc<Storage>),
    Tensor(Box<TensorRef>),
    Opaque(Box<OpaqueNode>),
}

#[derive(Debug, Default)]
pub(crate) struct DictNode {
    pub(crate) pairs: Pairs,
    /// True for an `argparse.Namespace`, whose attributes are the pairs.
    pub(crate) namespace: bool,
    pub(crate) state: Option<ValueId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GlobalName {
    pub(crate) module: String,
    pub(crate) name: String,
}

/// Call that was not made.
#[derive(Debug)]
pub(crate) struct OpaqueNode {
    pub(crate) callable: ValueId,
    pub(crate) arguments: ValueId,
    pub(crate) state: Option<ValueId>,
    pub(crate) items: Vec<ValueId>,
    pub(crate) pairs: Pairs,
}

/// Values of one pickle.
#[derive(Debug, Default)]
pub(crate) struct ValueTable {
    pub(crate) nodes: Vec<ValueNode>,
}

impl ValueTable {
    pub(crate) fn node(&self, id: ValueId) -> &ValueNode {
        self.nodes.get(id as usize).unwrap_or(&ValueNode::None)
    }

    /// Names of the classes and functions that opaque values stand for, each once, in order.
    pub(crate) fn opaque_names(&self) -> BTreeSet<String> {
        let callables = self.nodes.iter().filter_map(|node| match node {
            ValueNode::Opaque(object) => Some(object.callable),
            _ => None,
        });
        let distinct: BTreeSet<ValueId> = callables.collect();
        let name = |id| {
            if let ValueNode::Global(global) = self.node(id) {
                Some(global.to_string())
            } else {
                None
            }
        };
        distinct.into_iter().filter_map(name).collect()
    }

    /// Gives dictionaries Python's meaning of a repeated key: first position, last value.
    pub(crate) fn merge_repeated_keys(&mut self) {
        for index in 0..self.nodes.len() {
            let Some(ValueNode::Dict(dict)) = self.nodes.get_mut(index) else {
                continue;
            };
            let pairs = std::mem::take(&mut dict.pairs);
            let merged = self.merged(pairs);
            if let Some(ValueNode::Dict(dict)) = self.nodes.get_mut(index) {
                dict.pairs = merged;
            }
        }
    }

    fn merged(&self, pairs: Pairs) -> Pairs {
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(pairs.len().min(1 << 16));
        let mut merged: Pairs = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if let ValueNode::Str(text) = self.node(key) {
                if let Some(&at) = first.get(text.as_ref()) {
                    merged[at].1 = value;
                    continue;
                }
                first.insert(text, merged.len());
            }
            merged.push((key, value));
        }
        merged
    }
}

/// Type of a [`PickleValue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Python's own")]
pub enum ValueKind {
    None,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    Tuple,
    List,
    Set,
    Dict,
    /// A class or function named by the pickle and not looked up.
    Global,
    /// A storage without a view.
    Storage,
    Tensor,
    /// An object of an unknown class or the result of an unknown function.
    Opaque,
}

impl ValueKind {
    /// Name of the type with its article, for messages.
    pub fn description(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "a bool",
            Self::Int => "an integer",
            Self::Float => "a float",
            Self::Str => "a string",
            Self::Bytes => "bytes",
            Self::Tuple => "a tuple",
            Self::List => "a list",
            Self::Set => "a set",
            Self::Dict => "a dict",
            Self::Global => "a class or function",
            Self::Storage => "a storage",
            Self::Tensor => "a tensor",
            Self::Opaque => "an opaque object",
        }
    }
}

/// Value of the pickle, borrowed from its [`PickleDocument`](super::PickleDocument).
#[derive(Clone, Copy)]
pub struct PickleValue<'a> {
    pub(crate) table: &'a ValueTable,
    pub(crate) id: ValueId,
}

/// Object that the pickle describes and that was deliberately not built.
#[derive(Debug, Clone, Copy)]
pub struct Opaque<'a> {
    /// The class or function, usually a [`ValueKind::Global`].
    pub callable: PickleValue<'a>,
    /// Arguments of the call, usually a tuple.
    pub arguments: PickleValue<'a>,
    /// Argument that its `__setstate__` would have had.
    pub state: Option<PickleValue<'a>>,
}

impl Opaque<'_> {
    /// Dotted name of the class or function, as in `posix.system`.
    pub fn name(&self) -> String {
        self.callable
            .global_name()
            .unwrap_or_else(|| self.callable.kind().description().to_owned())
    }
}

impl<'a> PickleValue<'a> {
    pub(crate) fn node(self) -> &'a ValueNode {
        self.table.node(self.id)
    }

    pub(crate) fn sibling(self, id: ValueId) -> Self {
        Self {
            table: self.table,
            id,
        }
    }

    /// The value's type.
    pub fn kind(self) -> ValueKind {
        match self.node() {
            ValueNode::None => ValueKind::None,
            ValueNode::Bool(_) => ValueKind::Bool,
            ValueNode::Int(_) | ValueNode::BigInt(_) => ValueKind::Int,
            ValueNode::Float(_) => ValueKind::Float,
            ValueNode::Str(_) => ValueKind::Str,
            ValueNode::Bytes(_) => ValueKind::Bytes,
            ValueNode::Tuple(_) => ValueKind::Tuple,
            ValueNode::List(_) => ValueKind::List,
            ValueNode::Set(_) => ValueKind::Set,
            ValueNode::Dict(_) => ValueKind::Dict,
            ValueNode::Global(_) => ValueKind::Global,
            ValueNode::Storage(_) => ValueKind::Storage,
            ValueNode::Tensor(_) => ValueKind::Tensor,
            ValueNode::Opaque(_) => ValueKind::Opaque,
        }
    }

    /// The type, and for an opaque object its class, for messages.
    pub fn description(self) -> String {
        match self.as_opaque() {
            Some(opaque) => format!("an opaque object of {}", opaque.name()),
            None => self.kind().description().to_owned(),
        }
    }

    /// Returns true for Python's `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), ValueNode::None)
    }

    /// The bool, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        if let ValueNode::Bool(value) = self.node() {
            Some(*value)
        } else {
            None
        }
    }

    /// The integer, if it is one that fits. A bool is not an integer here.
    pub fn as_i64(self) -> Option<i64> {
        if let ValueNode::Int(value) = self.node() {
            Some(*value)
        } else {
            None
        }
    }

    /// The number, if it is a float or an integer.
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            ValueNode::Float(value) => Some(*value),
            ValueNode::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        if let ValueNode::Str(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// The bytes, if they are.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        if let ValueNode::Bytes(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// The tensor's description, if it is a tensor.
    pub fn as_tensor(self) -> Option<&'a TensorRef> {
        if let ValueNode::Tensor(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// Name and arguments, if it is an object or call that was not built.
    pub fn as_opaque(self) -> Option<Opaque<'a>> {
        let ValueNode::Opaque(node) = self.node() else {
            return None;
        };
        Some(Opaque {
            callable: self.sibling(node.callable),
            arguments: self.sibling(node.arguments),
            state: node.state.map(|id| self.sibling(id)),
        })
    }

    /// Dotted name, if it is a class or function.
    pub fn global_name(self) -> Option<String> {
        if let ValueNode::Global(global) = self.node() {
            Some(global.to_string())
        } else {
            None
        }
    }

    /// The elements of a tuple, list or set, or of an opaque object that extends one; else empty.
    pub fn elements(self) -> impl ExactSizeIterator<Item = PickleValue<'a>> {
        let ids: &[ValueId] = match self.node() {
            ValueNode::Tuple(ids) | ValueNode::List(ids) | ValueNode::Set(ids) => ids,
            ValueNode::Opaque(node) => &node.items,
            _ => &[],
        };
        ids.iter().map(move |&id| self.sibling(id))
    }

    /// The pairs of a dict (or namespace), or of an opaque object that extends one; else empty.
    pub fn items(self) -> impl ExactSizeIterator<Item = (PickleValue<'a>, PickleValue<'a>)> {
        let pairs: &[(ValueId, ValueId)] = match self.node() {
            ValueNode::Dict(dict) => &dict.pairs,
            ValueNode::Opaque(node) => &node.pairs,
            _ => &[],
        };
        pairs
            .iter()
            .map(move |&(key, value)| (self.sibling(key), self.sibling(value)))
    }

    /// The value of a string key of a dict or namespace.
    pub fn get(self, key: &str) -> Option<PickleValue<'a>> {
        self.items()
            .find(|(name, _)| name.as_str() == Some(key))
            .map(|(_, value)| value)
    }

    /// The tensors among a dict's string keys, in the file's order.
    pub fn tensors(self) -> impl Iterator<Item = (&'a str, &'a TensorRef)> {
        self.items()
            .filter_map(|(name, value)| Some((name.as_str()?, value.as_tensor()?)))
    }
}

impl Display for GlobalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}
