//! `Debug` of values: a limited part, because a pickle can contain itself.

use super::value::{PickleValue, ValueNode};
use std::fmt::Debug;

impl<'a> PickleValue<'a> {
    fn fmt_to_depth(self, f: &mut std::fmt::Formatter<'_>, depth: usize) -> std::fmt::Result {
        if depth == 0 {
            return f.write_str("…");
        }
        let nested = |value: PickleValue<'a>| DepthLimited(value, depth - 1);
        match self.node() {
            ValueNode::None => f.write_str("None"),
            ValueNode::Bool(value) => write!(f, "{value}"),
            ValueNode::Int(value) => write!(f, "{value}"),
            ValueNode::BigInt(bytes) => write!(f, "<integer of {} bytes>", bytes.len()),
            ValueNode::Float(value) => std::fmt::Debug::fmt(value, f),
            ValueNode::Str(value) => std::fmt::Debug::fmt(value, f),
            ValueNode::Bytes(value) => write!(f, "<{} bytes>", value.len()),
            ValueNode::Global(value) => write!(f, "{value}"),
            ValueNode::Storage(value) => write!(f, "<storage {}>", value.key),
            ValueNode::Tensor(value) => write!(f, "<{} {:?}>", value.dtype(), value.shape),
            ValueNode::Dict(_) => {
                let shown = self
                    .items()
                    .take(SHOWN_ELEMENTS)
                    .map(|(key, value)| (nested(key), nested(value)));
                f.debug_map().entries(shown).finish()
            }
            ValueNode::Tuple(_) | ValueNode::List(_) | ValueNode::Set(_) => f
                .debug_list()
                .entries(self.elements().take(SHOWN_ELEMENTS).map(nested))
                .finish(),
            ValueNode::Opaque(node) => {
                write!(f, "{:?}", nested(self.sibling(node.callable)))?;
                nested(self.sibling(node.arguments)).fmt(f)
            }
        }
    }
}

/// Levels and elements shown by `Debug`: a small pickle can describe an astronomically large tree of shared values.
const SHOWN_DEPTH: usize = 4;
const SHOWN_ELEMENTS: usize = 16;

/// Value that is shown to a limited depth: pickles can contain themselves.
struct DepthLimited<'a>(PickleValue<'a>, usize);

impl Debug for DepthLimited<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt_to_depth(f, self.1)
    }
}

impl Debug for PickleValue<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fmt_to_depth(f, SHOWN_DEPTH)
    }
}
