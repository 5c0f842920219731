//! Variables of a file.

use super::element::{MatDefect, MatElement, read_element, read_word};
use std::fmt;
use std::ops::Range;

/// MATLAB's class of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayClass {
    /// Cell array.
    Cell,
    /// Structure.
    Struct,
    /// Object.
    Object,
    /// Text.
    Char,
    /// Sparse matrix.
    Sparse,
    /// Double precision.
    Double,
    /// Single precision.
    Single,
    /// Signed 8-bit integers.
    Int8,
    /// Unsigned 8-bit integers, also truth values.
    UInt8,
    /// Signed 16-bit integers.
    Int16,
    /// Unsigned 16-bit integers.
    UInt16,
    /// Signed 32-bit integers.
    Int32,
    /// Unsigned 32-bit integers.
    UInt32,
    /// Signed 64-bit integers.
    Int64,
    /// Unsigned 64-bit integers.
    UInt64,
    /// Newer class, by its code.
    Other(u8),
}

impl ArrayClass {
    fn new(code: u8) -> Self {
        match code {
            1 => Self::Cell,
            2 => Self::Struct,
            3 => Self::Object,
            4 => Self::Char,
            5 => Self::Sparse,
            6 => Self::Double,
            7 => Self::Single,
            8 => Self::Int8,
            9 => Self::UInt8,
            10 => Self::Int16,
            11 => Self::UInt16,
            12 => Self::Int32,
            13 => Self::UInt32,
            14 => Self::Int64,
            15 => Self::UInt64,
            other => Self::Other(other),
        }
    }

    /// Returns true for full matrices of numbers.
    pub fn is_numeric(self) -> bool {
        use ArrayClass::{Double, Int8, Int16, Int32, Int64, Single, UInt8, UInt16, UInt32, UInt64};
        matches!(
            self,
            Double | Single | Int8 | UInt8 | Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64
        )
    }
}

impl fmt::Display for ArrayClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "class {code}"),
            known => f.write_str(&format!("{known:?}").to_lowercase()),
        }
    }
}

/// Name, class and shape of a variable. The methods of [`super::MatFile`] read its values.
#[derive(Debug, Clone)]
pub struct MatArray {
    /// Name of the variable.
    pub name: String,
    /// Class of the variable.
    pub class: ArrayClass,
    /// Extent of each dimension, at least two; empty unless the variable is a full numeric matrix.
    pub dims: Vec<usize>,
    /// True if there is an imaginary part.
    pub complex: bool,
    /// Type code of the stored numbers, which may be smaller than the class.
    pub(super) storage: u32,
    /// Place of the stored numbers: number of the buffer, and range in it.
    pub(super) source: (usize, Range<usize>),
}

const MI_INT8: u32 = 1;
const MI_INT32: u32 = 5;
const MI_UINT32: u32 = 6;
const MI_UTF8: u32 = 16;

/// Reads the matrix whose content is `within` of `bytes`, which is buffer number `buffer`.
pub(super) fn parse_array(bytes: &[u8], within: Range<usize>, buffer: usize) -> Result<MatArray, MatDefect> {
    let end = within.end;
    let flags = read_element(bytes, within.start, end)?;
    if flags.kind != MI_UINT32 || flags.body.len() != 8 {
        return Err(MatDefect::new(within.start, "a matrix without its flags"));
    }
    let bits = read_word(bytes, flags.body.start, end)?;
    let class = ArrayClass::new((bits & 0xff) as u8);
    let shape = read_element(bytes, flags.next, end)?;
    let dims = read_dimensions(bytes, &shape)?;
    let label = read_element(bytes, shape.next, end)?;
    let mut array = MatArray {
        name: read_name(bytes, &label)?,
        class,
        dims: Vec::new(),
        complex: bits & 0x0800 != 0,
        storage: 0,
        source: (buffer, 0..0),
    };
    if class.is_numeric() {
        let data = read_element(bytes, label.next, end)?;
        array.dims = dims;
        array.storage = data.kind;
        array.source = (buffer, data.body.clone());
        check_size(&array, &data)?;
    }
    Ok(array)
}

fn read_dimensions(bytes: &[u8], shape: &MatElement) -> Result<Vec<usize>, MatDefect> {
    let at = shape.body.start;
    if shape.kind != MI_INT32 || shape.body.len() < 8 || !shape.body.len().is_multiple_of(4) {
        return Err(MatDefect::new(at, "a matrix without its dimensions"));
    }
    let words = bytes[shape.body.clone()].chunks_exact(4);
    let dims = words.map(|w| w.first_chunk().map(|b| i32::from_le_bytes(*b)));
    dims.map(|d| d.and_then(|d| usize::try_from(d).ok()))
        .collect::<Option<_>>()
        .ok_or_else(|| MatDefect::new(at, "a matrix with a negative dimension"))
}

fn read_name(bytes: &[u8], label: &MatElement) -> Result<String, MatDefect> {
    let at = label.body.start;
    if !matches!(label.kind, MI_INT8 | MI_UTF8) {
        return Err(MatDefect::new(at, "a matrix without its name"));
    }
    let text = bytes[label.body.clone()].to_vec();
    String::from_utf8(text).map_err(|_| MatDefect::new(at, "a matrix whose name is not text"))
}

fn check_size(array: &MatArray, data: &MatElement) -> Result<(), MatDefect> {
    let at = data.body.start;
    let Some(width) = super::number::number_width(data.kind) else {
        return Err(MatDefect::new(
            at,
            format!("{}: values of unknown type {}", array.name, data.kind),
        ));
    };
    let values = array.dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if values.and_then(|n| n.checked_mul(width)) != Some(data.body.len()) {
        let what = format!(
            "{}: {:?} values do not take {} bytes",
            array.name,
            array.dims,
            data.body.len()
        );
        return Err(MatDefect::new(at, what));
    }
    Ok(())
}
