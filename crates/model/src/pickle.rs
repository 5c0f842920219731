//! Writes pickles of protocol 2: what checkpoints and TorchScript archives describe their contents in.

use serde_json::Value;
use tch::Kind;

/// Place of a tensor's numbers in the archive, and their shape; always contiguous.
pub(crate) struct PickledTensor<'a> {
    /// Number of the entry below `data/`.
    pub(crate) key: usize,
    pub(crate) kind: Kind,
    pub(crate) shape: &'a [i64],
}

/// Storage class of an element type; `None` for types that no weight has.
pub(crate) fn storage_class(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Float => Some("FloatStorage"),
        Kind::Double => Some("DoubleStorage"),
        Kind::Half => Some("HalfStorage"),
        Kind::BFloat16 => Some("BFloat16Storage"),
        _ => None,
    }
}

/// A pickle under construction: a sequence of opcodes.
pub(crate) struct Pickle(Vec<u8>);

impl Pickle {
    pub(crate) fn new() -> Self {
        // PROTO 2, as PyTorch writes.
        Self(vec![0x80, 2])
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(b'.');
        self.0
    }

    /// Opcodes without arguments.
    pub(crate) fn op(&mut self, opcodes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(opcodes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.op(b"X")
            .op(&(text.len() as u32).to_le_bytes())
            .op(text.as_bytes())
    }

    pub(crate) fn integer(&mut self, value: i64) -> &mut Self {
        match i32::try_from(value) {
            Ok(small) => self.op(b"J").op(&small.to_le_bytes()),
            // LONG1 of 8 bytes.
            Err(_) => self.op(&[0x8a, 8]).op(&value.to_le_bytes()),
        }
    }

    pub(crate) fn global(&mut self, module: &str, name: &str) -> &mut Self {
        self.op(b"c")
            .op(module.as_bytes())
            .op(b"\n")
            .op(name.as_bytes())
            .op(b"\n")
    }

    pub(crate) fn bool(&mut self, value: bool) -> &mut Self {
        self.op(if value { b"\x88" } else { b"\x89" })
    }

    fn integers(&mut self, values: &[i64]) -> &mut Self {
        self.op(b"(");
        for &value in values {
            self.integer(value);
        }
        self.op(b"t")
    }

    /// A call of `_rebuild_tensor_v2` on a storage of the archive.
    pub(crate) fn tensor(&mut self, entry: &PickledTensor<'_>) -> &mut Self {
        let class = storage_class(entry.kind).unwrap_or("FloatStorage");
        let mut strides = vec![1i64; entry.shape.len()];
        for axis in (1..strides.len()).rev() {
            strides[axis - 1] = strides[axis] * entry.shape[axis];
        }
        self.global("torch._utils", "_rebuild_tensor_v2")
            // Two marks: the tuple of arguments, and in it the tuple that names the storage, closed by `tQ` (BINPERSID).
            .op(b"((")
            .text("storage")
            .global("torch", class);
        self.text(&entry.key.to_string())
            .text("cpu")
            .integer(entry.shape.iter().product())
            .op(b"tQ")
            .integer(0);
        self.integers(entry.shape).integers(&strides).bool(false);
        // Backward hooks: none. `tR` then closes the arguments and calls `_rebuild_tensor_v2`.
        self.global("collections", "OrderedDict").op(b")RtR")
    }

    /// Anything that JSON can say.
    pub(crate) fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.op(b"N"),
            Value::Bool(value) => self.bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => self.integer(integer),
                None => self
                    // BINFLOAT is the one opcode whose number is big-endian.
                    .op(b"G")
                    .op(&number.as_f64().unwrap_or(f64::NAN).to_be_bytes()),
            },
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.op(b"](");
                for item in items {
                    self.value(item);
                }
                self.op(b"e")
            }
            Value::Object(pairs) => {
                self.op(b"}(");
                for (key, value) in pairs {
                    self.text(key).value(value);
                }
                self.op(b"u")
            }
        }
    }
}
