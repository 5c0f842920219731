//! Header of an array: type of its values, shape, order.

use super::literal::{self, HeaderFields};
use std::fmt;
use std::io::{self, Read, Write};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Number of bytes of which the first value's offset is a multiple, so that a mapped file is aligned for any type.
const ALIGN: usize = 64;
/// Digits for which NumPy leaves space, so that the first dimension can grow in place.
const GROWTH_DIGITS: usize = 21;
/// Length of the longest header that is read, in bytes; NumPy itself refuses more than 10,000 characters.
const MAX_HEADER: usize = 1 << 16;

/// Type of the values, always little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NpyDtype {
    /// IEEE half precision, `<f2`.
    F16,
    /// IEEE single precision, `<f4`.
    F32,
    /// IEEE double precision, `<f8`.
    F64,
    /// Signed 64-bit integer, `<i8`.
    I64,
    /// Signed 32-bit integer, `<i4`.
    I32,
    /// Byte, `|u1`.
    U8,
    /// A byte, 0 or 1, `|b1`.
    Bool,
}

impl NpyDtype {
    const ALL: [Self; 7] = [
        Self::F16,
        Self::F32,
        Self::F64,
        Self::I64,
        Self::I32,
        Self::U8,
        Self::Bool,
    ];

    /// NumPy's code, such as `<f4`.
    pub fn descr(self) -> &'static str {
        match self {
            Self::F16 => "<f2",
            Self::F32 => "<f4",
            Self::F64 => "<f8",
            Self::I64 => "<i8",
            Self::I32 => "<i4",
            Self::U8 => "|u1",
            Self::Bool => "|b1",
        }
    }

    /// NumPy's name, such as `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::U8 => "uint8",
            Self::Bool => "bool",
        }
    }

    /// Type for NumPy's name, such as `float32`, or code, such as `<f4`.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = Self::ALL.into_iter().find(|dtype| dtype.name() == name);
        named.or_else(|| Self::from_descr(name))
    }

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::Bool => 1,
            Self::F16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    fn from_descr(descr: &str) -> Option<Self> {
        // For one byte the order means nothing, and `=` is this machine's, which is little-endian (see lib.rs).
        let (order, kind) = descr.split_at_checked(1)?;
        let found = Self::ALL.into_iter().find(|d| &d.descr()[1..] == kind)?;
        (matches!(order, "<" | "=") || found.size() == 1 && matches!(order, "|" | ">")).then_some(found)
    }
}

impl fmt::Display for NpyDtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Type of an array's values, and their shape and order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyHeader {
    /// Type of the values.
    pub dtype: NpyDtype,
    /// Extent of each dimension; none for a single number.
    pub shape: Vec<usize>,
    /// True if the first dimension varies fastest (column-major) instead of the last.
    pub fortran_order: bool,
}

impl NpyHeader {
    /// Number of values; none if it overflows.
    pub fn values(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))
    }

    /// Number of bytes of all values; none if it overflows.
    pub fn data_bytes(&self) -> Option<u64> {
        u64::try_from(self.values()?)
            .ok()?
            .checked_mul(self.dtype.size() as u64)
    }

    /// Extent of the first dimension; 1 for a single number.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Values of one row; none if it overflows.
    pub fn row_len(&self) -> Option<usize> {
        self.shape
            .iter()
            .skip(1)
            .try_fold(1usize, |n, &d| n.checked_mul(d))
    }

    /// Bytes of the header, as NumPy writes version 1.0, padded to a multiple of `align`.
    fn to_bytes(&self, align: usize) -> io::Result<Vec<u8>> {
        let order = if self.fortran_order { "True" } else { "False" };
        let dims: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let shape = match dims.as_slice() {
            [one] => format!("({one},)"),
            many => format!("({})", many.join(", ")),
        };
        let mut text = format!(
            "{{'descr': '{}', 'fortran_order': {order}, 'shape': {shape}, }}",
            self.dtype.descr()
        );
        let growing = if self.fortran_order {
            dims.last()
        } else {
            dims.first()
        };
        text.push_str(&" ".repeat(growing.map_or(0, |d| GROWTH_DIGITS.saturating_sub(d.len()))));
        let preamble = MAGIC.len() + 4;
        text.push_str(&" ".repeat(align - (preamble + text.len() + 1) % align));
        text.push('\n');
        let length = u16::try_from(text.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "an array of that many dimensions"))?;
        let mut bytes = Vec::with_capacity(preamble + text.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[1, 0]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        Ok(bytes)
    }
}

/// Bytes of the header, padded to a multiple of `align`, which is itself a multiple of 64. NumPy writes fewer blanks at the end,
/// and reads these too.
pub(super) fn write_padded_header(header: &NpyHeader, align: usize) -> io::Result<Vec<u8>> {
    header.to_bytes(align)
}

/// Writes the header and returns the offset of the first value: the header's length, a multiple of 64.
///
/// ```
/// use ecgfm_formats::npy::{NpyDtype, NpyHeader, write_header};
///
/// let mut file = Vec::new();
/// let header = NpyHeader { dtype: NpyDtype::F32, shape: vec![14, 26], fortran_order: false };
/// assert_eq!(write_header(&mut file, &header)?, 128);
/// assert!(file.starts_with(b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (14, 26), }"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// I/O, or more dimensions than a version 1.0 header has room for.
pub fn write_header<W: Write + ?Sized>(out: &mut W, header: &NpyHeader) -> io::Result<u64> {
    let bytes = header.to_bytes(ALIGN)?;
    out.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}

/// Returns true if a file starts with a `.npy` header.
///
/// # Errors
/// I/O.
pub fn has_header(path: &std::path::Path) -> io::Result<bool> {
    let mut start = Vec::new();
    std::fs::File::open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    Ok(start == MAGIC)
}

/// Reads a header (versions 1.0, 2.0 and 3.0) and the offset of the first value. `input` is left at that value.
///
/// # Errors
/// I/O, and `InvalidData` with a message for anything that is not a `.npy` header of a known type. At most 64 KiB are
/// read, whatever the file claims. That the values are all there is not checked here: [`super::NpyReader`] does.
pub fn read_header<R: Read + ?Sized>(input: &mut R) -> io::Result<(NpyHeader, u64)> {
    let (fields, offset) = read_header_fields(input)?;
    Ok((typed_header(fields)?, offset))
}

/// Reads the entries of a header, whatever the type of the values, and the offset of the first value. `input` is left at
/// that value.
///
/// # Errors
/// As [`read_header`], without those of an unknown type or of a shape that is more than any file can hold.
pub fn read_header_fields<R: Read + ?Sized>(input: &mut R) -> io::Result<(HeaderFields, u64)> {
    let mut start = [0; 8];
    read_exactly(input, &mut start, "the magic string")?;
    if &start[..6] != MAGIC {
        return Err(invalid_data(
            "this is not a .npy file: it does not start with \\x93NUMPY",
        ));
    }
    let mut length = [0; 4];
    let width = match start[6] {
        1 => 2,
        2 | 3 => 4,
        other => {
            return Err(invalid_data(format!(
                "version {other} of the .npy format; known are 1, 2 and 3"
            )));
        }
    };
    read_exactly(input, &mut length[..width], "the header's length")?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(invalid_data(format!(
            "a header of {length} bytes; at most {MAX_HEADER} are read"
        )));
    }
    let mut text = vec![0; length];
    read_exactly(input, &mut text, "the header")?;
    let fields =
        literal::parse_header(&text).map_err(|e| invalid_data(format!("the header's dictionary: {e}")))?;
    Ok((fields, (start.len() + width + length) as u64))
}

fn typed_header(fields: HeaderFields) -> io::Result<NpyHeader> {
    let dtype = NpyDtype::from_descr(&fields.descr).ok_or_else(|| {
        let known = NpyDtype::ALL.map(NpyDtype::descr).join(" ");
        invalid_data(format!("values of type {:?}; known are {known}", fields.descr))
    })?;
    let header = NpyHeader {
        dtype,
        shape: fields.shape,
        fortran_order: fields.fortran_order,
    };
    if header.data_bytes().is_none() || header.row_len().is_none() {
        return Err(invalid_data(format!(
            "shape {:?} is more than any file can hold",
            header.shape
        )));
    }
    Ok(header)
}

fn read_exactly<R: Read + ?Sized>(input: &mut R, out: &mut [u8], part: &str) -> io::Result<()> {
    input.read_exact(out).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => invalid_data(format!("the file ends inside {part}")),
        _ => e,
    })
}

fn invalid_data(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_count_of_any_length_leaves_the_header_as_long_as_it_was() {
        let length = |rows| {
            let header = NpyHeader {
                dtype: NpyDtype::F32,
                shape: vec![rows, 12, 2500],
                fortran_order: false,
            };
            header.to_bytes(ALIGN).unwrap().len()
        };
        assert_eq!(length(0), length(usize::MAX / 8));
    }

    #[test]
    fn older_headers_and_spellings_are_read() {
        let mut file = b"\x93NUMPY\x02\x00".to_vec();
        let text = b"{ \"shape\":(3 ,),'fortran_order':True,'descr':'=f8' }";
        file.extend_from_slice(&(text.len() as u32).to_le_bytes());
        file.extend_from_slice(text);
        let (header, offset) = read_header(&mut file.as_slice()).unwrap();
        assert_eq!(
            header,
            NpyHeader {
                dtype: NpyDtype::F64,
                shape: vec![3],
                fortran_order: true
            }
        );
        assert_eq!(offset, file.len() as u64);
    }

    #[test]
    fn other_types_are_refused_by_name() {
        for descr in [">f4", "<c8", "<U3", "|O", "<M8[ns]", "<f", ""] {
            assert_eq!(NpyDtype::from_descr(descr), None, "{descr}");
        }
    }

    proptest! {
        #[test]
        fn a_header_comes_back_as_it_was_written(
            dtype in prop::sample::select(NpyDtype::ALL.to_vec()),
            shape in prop::collection::vec(0usize..5000, 0..5),
            fortran_order: bool,
        ) {
            let header = NpyHeader { dtype, shape, fortran_order };
            let mut file = Vec::new();
            let offset = write_header(&mut file, &header).unwrap();
            prop_assert_eq!(offset % 64, 0);
            prop_assert_eq!(read_header(&mut file.as_slice()).unwrap(), (header, offset));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            version in 0u8..5,
            cut in 0usize..200,
            flips in prop::collection::vec((0usize..128, any::<u8>()), 0..4),
        ) {
            let _ = read_header(&mut bytes.as_slice());
            let header = NpyHeader { dtype: NpyDtype::F32, shape: vec![7, 12, 2500], fortran_order: false };
            let mut file = header.to_bytes(ALIGN).unwrap();
            file[6] = version;
            for (at, byte) in flips {
                file[at] = byte;
            }
            file.truncate(cut);
            let _ = read_header(&mut file.as_slice());
        }
    }
}
