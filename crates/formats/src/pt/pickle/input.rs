//! Arguments of opcodes, read up to the pickle's end only.

/// Pickle, and the number of bytes that are read.
pub(super) struct PickleInput<'a> {
    bytes: &'a [u8],
    pub(super) position: usize,
}

/// Contradiction in a pickle, for a person.
pub(super) type PickleProblem = String;

impl<'a> PickleInput<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], PickleProblem> {
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

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleProblem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, PickleProblem> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PickleProblem> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, PickleProblem> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, PickleProblem> {
        self.array().map(i32::from_le_bytes)
    }

    /// Float64, the only big-endian number of the format.
    pub(super) fn f64_big_endian(&mut self) -> Result<f64, PickleProblem> {
        self.array().map(f64::from_be_bytes)
    }

    /// Reads a length of `width` bytes, then as many bytes.
    pub(super) fn counted(&mut self, width: LengthWidth) -> Result<&'a [u8], PickleProblem> {
        let length = match width {
            LengthWidth::One => u64::from(self.u8()?),
            LengthWidth::Four => u64::from(self.u32()?),
            LengthWidth::Eight => self.array().map(u64::from_le_bytes)?,
        };
        let length = usize::try_from(length).map_err(|_| format!("a length of {length} bytes"))?;
        self.take(length)
    }

    /// Text up to the end of the line.
    pub(super) fn line(&mut self) -> Result<&'a str, PickleProblem> {
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

/// Number of bytes of a length.
#[derive(Debug, Clone, Copy)]
pub(super) enum LengthWidth {
    One,
    Four,
    Eight,
}
