//! What a pickle describes, as plain data.
//!
//! Values live in one flat table and refer to each other by number. Pickles may share values and even contain
//! themselves; a flat table makes both harmless, and dropping it never recurses.

use super::tensor::{Storage, TensorRef};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::sync::Arc;

/// Number of a value in its table.
pub(crate) type Id = u32;

/// A dictionary's pairs, in the pickle's order.
pub(crate) type Pairs = Vec<(Id, Id)>;

/// One entry of the table.
#[derive(Debug)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// Two's complement, little-endian, more than eight bytes.
    BigInt(Box<[u8]>),
    Float(f64),
    Str(Box<str>),
    Bytes(Box<[u8]>),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Set(Vec<Id>),
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
    /// Whether it stands for an `argparse.Namespace`, whose state is its pairs.
    pub(crate) namespace: bool,
    pub(crate) state: Option<Id>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GlobalName {
    pub(crate) module: String,
    pub(crate) name: String,
}

/// A call that was not made.
#[derive(Debug)]
pub(crate) struct OpaqueNode {
    pub(crate) callable: Id,
    pub(crate) arguments: Id,
    pub(crate) state: Option<Id>,
    pub(crate) items: Vec<Id>,
    pub(crate) pairs: Pairs,
}

/// All values of one pickle.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) nodes: Vec<Node>,
}

impl Table {
    pub(crate) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    /// Names of the classes and functions that opaque values stand for, each once, in order.
    pub(crate) fn opaque_names(&self) -> BTreeSet<String> {
        let callables = self.nodes.iter().filter_map(|node| match node {
            Node::Opaque(object) => Some(object.callable),
            _ => None,
        });
        let distinct: BTreeSet<Id> = callables.collect();
        let name = |id| {
            if let Node::Global(global) = self.node(id) {
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
            let Some(Node::Dict(dict)) = self.nodes.get_mut(index) else {
                continue;
            };
            let pairs = std::mem::take(&mut dict.pairs);
            let merged = self.merged(pairs);
            if let Some(Node::Dict(dict)) = self.nodes.get_mut(index) {
                dict.pairs = merged;
            }
        }
    }

    fn merged(&self, pairs: Pairs) -> Pairs {
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(pairs.len().min(1 << 16));
        let mut merged: Pairs = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if let Node::Str(text) = self.node(key) {
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

/// The type of a [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Python's own")]
pub enum Kind {
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

impl Kind {
    /// With its article, for messages.
    pub fn described(self) -> &'static str {
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

/// A value of the pickle, borrowed from its [`Document`](super::Document).
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub(crate) table: &'a Table,
    pub(crate) id: Id,
}

/// An object that was described by the pickle and deliberately not built.
#[derive(Debug, Clone, Copy)]
pub struct Opaque<'a> {
    /// The class or function, usually a [`Kind::Global`].
    pub callable: Value<'a>,
    /// Its arguments, usually a tuple.
    pub arguments: Value<'a>,
    /// What its `__setstate__` would have been given.
    pub state: Option<Value<'a>>,
}

impl Opaque<'_> {
    /// Dotted name of the class or function, as in `posix.system`.
    pub fn name(&self) -> String {
        self.callable
            .global_name()
            .unwrap_or_else(|| self.callable.kind().described().to_owned())
    }
}

impl<'a> Value<'a> {
    pub(crate) fn node(self) -> &'a Node {
        self.table.node(self.id)
    }

    pub(crate) fn sibling(self, id: Id) -> Self {
        Self {
            table: self.table,
            id,
        }
    }

    /// The value's type.
    pub fn kind(self) -> Kind {
        match self.node() {
            Node::None => Kind::None,
            Node::Bool(_) => Kind::Bool,
            Node::Int(_) | Node::BigInt(_) => Kind::Int,
            Node::Float(_) => Kind::Float,
            Node::Str(_) => Kind::Str,
            Node::Bytes(_) => Kind::Bytes,
            Node::Tuple(_) => Kind::Tuple,
            Node::List(_) => Kind::List,
            Node::Set(_) => Kind::Set,
            Node::Dict(_) => Kind::Dict,
            Node::Global(_) => Kind::Global,
            Node::Storage(_) => Kind::Storage,
            Node::Tensor(_) => Kind::Tensor,
            Node::Opaque(_) => Kind::Opaque,
        }
    }

    /// The type, and for an opaque object its class, for messages.
    pub fn described(self) -> String {
        match self.as_opaque() {
            Some(opaque) => format!("an opaque object of {}", opaque.name()),
            None => self.kind().described().to_owned(),
        }
    }

    /// Whether it is Python's `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The bool, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        if let Node::Bool(value) = self.node() {
            Some(*value)
        } else {
            None
        }
    }

    /// The integer, if it is one that fits. A bool is not an integer here.
    pub fn as_i64(self) -> Option<i64> {
        if let Node::Int(value) = self.node() {
            Some(*value)
        } else {
            None
        }
    }

    /// The number, if it is a float or an integer.
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            Node::Float(value) => Some(*value),
            Node::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        if let Node::Str(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// The bytes, if they are.
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        if let Node::Bytes(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// The tensor's description, if it is a tensor.
    pub fn as_tensor(self) -> Option<&'a TensorRef> {
        if let Node::Tensor(value) = self.node() {
            Some(value)
        } else {
            None
        }
    }

    /// Name and arguments, if it is an object or call that was not built.
    pub fn as_opaque(self) -> Option<Opaque<'a>> {
        let Node::Opaque(node) = self.node() else {
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
        if let Node::Global(global) = self.node() {
            Some(global.to_string())
        } else {
            None
        }
    }

    /// The elements of a tuple, list or set, or of an opaque object that extends one; else empty.
    pub fn elements(self) -> impl ExactSizeIterator<Item = Value<'a>> {
        let ids: &[Id] = match self.node() {
            Node::Tuple(ids) | Node::List(ids) | Node::Set(ids) => ids,
            Node::Opaque(node) => &node.items,
            _ => &[],
        };
        ids.iter().map(move |&id| self.sibling(id))
    }

    /// The pairs of a dict (or namespace), or of an opaque object that extends one; else empty.
    pub fn items(self) -> impl ExactSizeIterator<Item = (Value<'a>, Value<'a>)> {
        let pairs: &[(Id, Id)] = match self.node() {
            Node::Dict(dict) => &dict.pairs,
            Node::Opaque(node) => &node.pairs,
            _ => &[],
        };
        pairs
            .iter()
            .map(move |&(key, value)| (self.sibling(key), self.sibling(value)))
    }

    /// The value of a string key of a dict or namespace.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
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
