//! Types of values.

/// Type and byte order of the values of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueType {
    number: NumberType,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberType {
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl ValueType {
    /// Type for NumPy's code, such as `<i2` or `>f8`.
    ///
    /// # Errors
    /// Description of a type that is not read.
    pub(super) fn from_descr(descr: &str) -> Result<Self, String> {
        let (order, code) = descr.split_at_checked(1).unwrap_or_default();
        let number = match code {
            "i2" => NumberType::I16,
            "i4" => NumberType::I32,
            "i8" => NumberType::I64,
            "f4" => NumberType::F32,
            "f8" => NumberType::F64,
            "O" => {
                return Err(
                    "the values are Python objects, which are pickled and are not unpickled".to_owned(),
                );
            }
            _ => {
                return Err(format!(
                    "values of type {descr:?}; read are i2, i4, i8, f4 and f8"
                ));
            }
        };
        match order {
            "<" | "=" => Ok(Self {
                number,
                big_endian: false,
            }),
            ">" => Ok(Self {
                number,
                big_endian: true,
            }),
            _ => Err(format!("values of type {descr:?}, without a byte order")),
        }
    }

    /// Bytes of a value.
    pub(super) fn size(self) -> usize {
        match self.number {
            NumberType::I16 => 2,
            NumberType::I32 | NumberType::F32 => 4,
            NumberType::I64 | NumberType::F64 => 8,
        }
    }

    /// NumPy's name, such as `int16`.
    pub(super) fn name(self) -> &'static str {
        match self.number {
            NumberType::I16 => "int16",
            NumberType::I32 => "int32",
            NumberType::I64 => "int64",
            NumberType::F32 => "float32",
            NumberType::F64 => "float64",
        }
    }

    /// Gives every value of `bytes`, as float64, to `sink`; `stride` bytes are from one to the next.
    pub(super) fn decode(self, bytes: &[u8], stride: usize, sink: impl FnMut(f64)) {
        macro_rules! values {
            ($type:ty, $from:ident, $convert:expr) => {
                bytes
                    .chunks(stride)
                    .filter_map(|value| value.first_chunk())
                    .map(|value| $convert(<$type>::$from(*value)))
                    .for_each(sink)
            };
        }
        match (self.number, self.big_endian) {
            (NumberType::I16, false) => values!(i16, from_le_bytes, f64::from),
            (NumberType::I16, true) => values!(i16, from_be_bytes, f64::from),
            (NumberType::I32, false) => values!(i32, from_le_bytes, f64::from),
            (NumberType::I32, true) => values!(i32, from_be_bytes, f64::from),
            (NumberType::I64, false) => values!(i64, from_le_bytes, |v| v as f64),
            (NumberType::I64, true) => values!(i64, from_be_bytes, |v| v as f64),
            (NumberType::F32, false) => values!(f32, from_le_bytes, f64::from),
            (NumberType::F32, true) => values!(f32, from_be_bytes, f64::from),
            (NumberType::F64, false) => values!(f64, from_le_bytes, |v| v),
            (NumberType::F64, true) => values!(f64, from_be_bytes, |v| v),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_both_byte_orders_are_read() {
        let decoded = |descr: &str, bytes: &[u8]| {
            let mut values = Vec::new();
            let dtype = ValueType::from_descr(descr).unwrap();
            dtype.decode(bytes, dtype.size(), |value| values.push(value));
            values
        };
        assert_eq!(decoded("<i2", &[0x01, 0x02, 0xFF, 0xFF]), [513.0, -1.0]);
        assert_eq!(decoded(">i2", &[0x01, 0x02, 0xFF, 0xFF]), [258.0, -1.0]);
        assert_eq!(decoded(">i4", &(-7i32).to_be_bytes()), [-7.0]);
        assert_eq!(decoded(">f4", &1.5f32.to_be_bytes()), [1.5]);
        assert_eq!(decoded("=f8", &2.5f64.to_le_bytes()), [2.5]);
        assert_eq!(decoded(">i8", &9i64.to_be_bytes()), [9.0]);
    }

    #[test]
    fn other_types_are_refused_by_name() {
        assert!(
            ValueType::from_descr("|O")
                .unwrap_err()
                .contains("Python objects")
        );
        for descr in ["<c8", "|u1", "<U3", "f8", "", "é8"] {
            assert!(ValueType::from_descr(descr).is_err(), "{descr}");
        }
    }
}
