//! Values as `Debug` shows them: a bounded part of what may be endless.

use super::value::{Node, Value};
use std::fmt::Debug;

impl<'a> Value<'a> {
    fn fmt_to_depth(self, f: &mut std::fmt::Formatter<'_>, depth: usize) -> std::fmt::Result {
        if depth == 0 {
            return f.write_str("…");
        }
        let nested = |value: Value<'a>| Nested(value, depth - 1);
        match self.node() {
            Node::None => f.write_str("None"),
            Node::Bool(value) => write!(f, "{value}"),
            Node::Int(value) => write!(f, "{value}"),
            Node::BigInt(bytes) => write!(f, "<integer of {} bytes>", bytes.len()),
            Node::Float(value) => std::fmt::Debug::fmt(value, f),
            Node::Str(value) => std::fmt::Debug::fmt(value, f),
            Node::Bytes(value) => write!(f, "<{} bytes>", value.len()),
            Node::Global(value) => write!(f, "{value}"),
            Node::Storage(value) => write!(f, "<storage {}>", value.key),
            Node::Tensor(value) => write!(f, "<{} {:?}>", value.dtype(), value.shape),
            Node::Dict(_) => {
                let shown = self
                    .items()
                    .take(SHOWN_ELEMENTS)
                    .map(|(key, value)| (nested(key), nested(value)));
                f.debug_map().entries(shown).finish()
            }
            Node::Tuple(_) | Node::List(_) | Node::Set(_) => f
                .debug_list()
                .entries(self.elements().take(SHOWN_ELEMENTS).map(nested))
                .finish(),
            Node::Opaque(node) => {
                write!(f, "{:?}", nested(self.sibling(node.callable)))?;
                nested(self.sibling(node.arguments)).fmt(f)
            }
        }
    }
}

/// Levels and elements shown by `Debug`: a small pickle can describe an astronomically large tree of shared values.
const SHOWN_DEPTH: usize = 4;
const SHOWN_ELEMENTS: usize = 16;

/// A value shown to a limited depth: pickles can contain themselves.
struct Nested<'a>(Value<'a>, usize);

impl Debug for Nested<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt_to_depth(f, self.1)
    }
}

impl Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fmt_to_depth(f, SHOWN_DEPTH)
    }
}
