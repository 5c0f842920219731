//! Element types of storages.

use half::{bf16, f16};

/// Element type of a storage, by PyTorch's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are PyTorch's own")]
pub enum TorchDtype {
    Float64,
    Float32,
    Float16,
    BFloat16,
    Int64,
    Int32,
    Int16,
    Int8,
    UInt8,
    Bool,
    Complex64,
    Complex128,
}

impl TorchDtype {
    /// The element type of a storage class, as in `torch.FloatStorage`.
    pub fn from_storage_class(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::Float64,
            "FloatStorage" => Self::Float32,
            "HalfStorage" => Self::Float16,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Int64,
            "IntStorage" => Self::Int32,
            "ShortStorage" => Self::Int16,
            "CharStorage" => Self::Int8,
            "ByteStorage" => Self::UInt8,
            "BoolStorage" => Self::Bool,
            "ComplexFloatStorage" => Self::Complex64,
            "ComplexDoubleStorage" => Self::Complex128,
            _ => return None,
        })
    }

    /// The element type of a safetensors file, as in `F32`.
    pub(super) fn from_safetensors(name: &str) -> Option<Self> {
        Some(match name {
            "F64" => Self::Float64,
            "F32" => Self::Float32,
            "F16" => Self::Float16,
            "BF16" => Self::BFloat16,
            "I64" => Self::Int64,
            "I32" => Self::Int32,
            "I16" => Self::Int16,
            "I8" => Self::Int8,
            "U8" => Self::UInt8,
            "BOOL" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Complex128 => 16,
            Self::Float64 | Self::Int64 | Self::Complex64 => 8,
            Self::Float32 | Self::Int32 => 4,
            Self::Float16 | Self::BFloat16 | Self::Int16 => 2,
            Self::Int8 | Self::UInt8 | Self::Bool => 1,
        }
    }

    /// PyTorch's name, as in `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float64 => "float64",
            Self::Float32 => "float32",
            Self::Float16 => "float16",
            Self::BFloat16 => "bfloat16",
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Int16 => "int16",
            Self::Int8 => "int8",
            Self::UInt8 => "uint8",
            Self::Bool => "bool",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
        }
    }

    /// Returns true for the types that `to_f32` converts.
    pub fn is_real(self) -> bool {
        !matches!(self, Self::Complex64 | Self::Complex128)
    }

    /// Converts little-endian elements to float32, rounding to nearest; `None` for complex numbers.
    pub(crate) fn to_f32(self, bytes: &[u8]) -> Option<Vec<f32>> {
        Some(match self {
            Self::Float64 => decode_elements(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::Float32 => decode_elements(bytes, f32::from_le_bytes),
            Self::Float16 => decode_elements(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Self::BFloat16 => decode_elements(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Self::Int64 => decode_elements(bytes, |b| i64::from_le_bytes(b) as f32),
            Self::Int32 => decode_elements(bytes, |b| i32::from_le_bytes(b) as f32),
            Self::Int16 => decode_elements(bytes, |b| f32::from(i16::from_le_bytes(b))),
            Self::Int8 => decode_elements(bytes, |b| f32::from(i8::from_le_bytes(b))),
            Self::UInt8 => decode_elements(bytes, |b| f32::from(u8::from_le_bytes(b))),
            Self::Bool => decode_elements(bytes, |[b]: [u8; 1]| f32::from(u8::from(b != 0))),
            Self::Complex64 | Self::Complex128 => return None,
        })
    }
}

impl std::fmt::Display for TorchDtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Applies `element` to every whole group of `N` bytes.
fn decode_elements<const N: usize>(bytes: &[u8], element: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let (groups, _) = bytes.as_chunks::<N>();
    groups.iter().map(|group| element(*group)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_real_type_converts_to_float32() {
        assert_eq!(TorchDtype::Float64.to_f32(&1.5f64.to_le_bytes()), Some(vec![1.5]));
        assert_eq!(
            TorchDtype::Float32.to_f32(&(-2.25f32).to_le_bytes()),
            Some(vec![-2.25])
        );
        assert_eq!(
            TorchDtype::Float16.to_f32(&f16::from_f32(0.5).to_le_bytes()),
            Some(vec![0.5])
        );
        assert_eq!(
            TorchDtype::BFloat16.to_f32(&bf16::from_f32(-3.0).to_le_bytes()),
            Some(vec![-3.0])
        );
        assert_eq!(TorchDtype::Int64.to_f32(&(-7i64).to_le_bytes()), Some(vec![-7.0]));
        assert_eq!(TorchDtype::Int8.to_f32(&[0xff]), Some(vec![-1.0]));
        assert_eq!(TorchDtype::UInt8.to_f32(&[0xff]), Some(vec![255.0]));
        assert_eq!(TorchDtype::Bool.to_f32(&[1, 0]), Some(vec![1.0, 0.0]));
        assert_eq!(TorchDtype::Complex64.to_f32(&[0; 8]), None);
    }
}
