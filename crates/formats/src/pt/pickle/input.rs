//! Reads an opcode's argument, never beyond the pickle's end.

/// The pickle and how far it is read.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    pub(super) position: usize,
}

/// What is wrong with an argument.
pub(super) type Problem = String;

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], Problem> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let taken = rest.get(..n).ok_or_else(|| {
            format!(
                "needs {n} more bytes where {} are left: the pickle is cut short",
                rest.len()
            )
        })?;
        self.position += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Problem> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Problem> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Problem> {
        self.array().map(i32::from_le_bytes)
    }

    /// The one big-endian number of the format.
    pub(super) fn f64_big_endian(&mut self) -> Result<f64, Problem> {
        self.array().map(f64::from_be_bytes)
    }

    /// A length of `width` bytes, then as many bytes.
    pub(super) fn counted(&mut self, width: Width) -> Result<&'a [u8], Problem> {
        let length = match width {
            Width::One => u64::from(self.u8()?),
            Width::Four => u64::from(self.u32()?),
            Width::Eight => self.array().map(u64::from_le_bytes)?,
        };
        let length = usize::try_from(length).map_err(|_| format!("a length of {length} bytes"))?;
        self.take(length)
    }

    /// Text up to the end of the line.
    pub(super) fn line(&mut self) -> Result<&'a str, Problem> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|&b| b == b'\n')
            .ok_or("a name without an end: the pickle is cut short")?;
        let line = std::str::from_utf8(self.take(end)?).map_err(|_| "a name that is not UTF-8")?;
        self.position += 1;
        Ok(line)
    }
}

/// Bytes that a length is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Width {
    One,
    Four,
    Eight,
}
