//! Writing `.mat` files of matrices.

use super::HEADER_BYTES;
use std::io::{self, Write};

const DESCRIPTION: &[u8] = b"MATLAB 5.0 MAT-file Platform: posix, Created by: ecgfm-formats";
/// Length up to which bytes are collected before they are written; longer ones are written directly.
const GATHER_BYTES: usize = 4096;

/// Values of a matrix, column by column.
#[derive(Debug, Clone, Copy)]
pub enum MatData<'a> {
    /// Double precision.
    F64(&'a [f64]),
    /// Single precision.
    F32(&'a [f32]),
    /// Signed 64-bit integers.
    I64(&'a [i64]),
    /// Signed 32-bit integers.
    I32(&'a [i32]),
}

impl<'a> MatData<'a> {
    fn len(self) -> usize {
        match self {
            Self::F64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::I32(v) => v.len(),
        }
    }

    /// Array class, storage type, bytes.
    fn parts(self) -> (u32, u32, &'a [u8]) {
        match self {
            // Numbers of mxDOUBLE_CLASS, miDOUBLE and so on: MAT-File Format, array types (table 1-3) and storage types (table 1-1).
            Self::F64(v) => (6, 9, bytemuck::cast_slice(v)),
            Self::F32(v) => (7, 7, bytemuck::cast_slice(v)),
            Self::I64(v) => (14, 12, bytemuck::cast_slice(v)),
            Self::I32(v) => (12, 5, bytemuck::cast_slice(v)),
        }
    }
}

/// Writes a `.mat` file, one matrix after another. Small writes are collected, so the file needs no buffer of its own.
#[derive(Debug)]
pub struct MatWriter<W: Write> {
    out: W,
    gathered: Vec<u8>,
}

impl<W: Write> MatWriter<W> {
    /// Starts a file. The header carries no date, so the same matrices make the same bytes.
    ///
    /// # Errors
    /// I/O.
    pub fn new(out: W) -> io::Result<Self> {
        let mut header = [b' '; HEADER_BYTES];
        header[..DESCRIPTION.len()].copy_from_slice(DESCRIPTION);
        // Offset of subsystem data: none. Then version 1.0, and "IM" as a little-endian machine writes the mark "MI".
        header[116..124].fill(0);
        header[124..126].copy_from_slice(&0x0100u16.to_le_bytes());
        header[126..].copy_from_slice(b"IM");
        let mut gathered = Vec::with_capacity(2 * GATHER_BYTES);
        gathered.extend_from_slice(&header);
        Ok(Self { out, gathered })
    }

    /// Writes the matrix `name` of `dims` (rows, columns).
    ///
    /// # Errors
    /// I/O, and `InvalidInput` if `data` does not have rows × columns values, the matrix is over 4 GiB, or the name
    /// is empty, not ASCII or longer than MATLAB's 63 characters.
    pub fn put(&mut self, name: &str, dims: [usize; 2], data: MatData<'_>) -> io::Result<()> {
        if dims[0].checked_mul(dims[1]) != Some(data.len()) {
            let message = format!("{name}: {} values do not make a matrix of {dims:?}", data.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        if name.is_empty() || name.len() > 63 || !name.is_ascii() {
            let message = format!("{name:?} cannot name a matrix: 1 to 63 ASCII characters");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let (class, storage, bytes) = data.parts();
        let mut small = Vec::with_capacity(128);
        // Array flags (miUINT32, 8 bytes: class, then a word for sparse arrays), then dimensions (miINT32, 8 bytes).
        for word in [
            6,
            8,
            class,
            0,
            5,
            8,
            dimension_word(dims[0])?,
            dimension_word(dims[1])?,
        ] {
            push_word(&mut small, word);
        }
        put_tag(&mut small, 1, name.len())?;
        small.extend_from_slice(name.as_bytes());
        // Every element begins at a multiple of 8 bytes.
        small.resize(small.len().next_multiple_of(8), 0);
        put_tag(&mut small, storage, bytes.len())?;
        let body = small.len() + bytes.len();
        let padded = body.next_multiple_of(8);
        push_word(&mut self.gathered, 14);
        push_word(
            &mut self.gathered,
            u32::try_from(padded).map_err(|_| too_large(name))?,
        );
        self.gathered.extend_from_slice(&small);
        self.gather(bytes)?;
        self.gathered.resize(self.gathered.len() + padded - body, 0);
        Ok(())
    }

    /// Writes the bytes collected so far, and returns the output.
    ///
    /// # Errors
    /// I/O.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.gathered)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn gather(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= GATHER_BYTES && self.gathered.len() < GATHER_BYTES {
            self.gathered.extend_from_slice(bytes);
            return Ok(());
        }
        self.out.write_all(&self.gathered)?;
        self.gathered.clear();
        self.out.write_all(bytes)
    }
}

/// Writes a tag; for one to four bytes the short form, in which they share its eight bytes.
fn put_tag(out: &mut Vec<u8>, storage: u32, length: usize) -> io::Result<()> {
    let length32 = u32::try_from(length).map_err(|_| too_large("data"))?;
    if (1..=4).contains(&length32) {
        push_word(out, length32 << 16 | storage);
    } else {
        push_word(out, storage);
        push_word(out, length32);
    }
    Ok(())
}

fn push_word(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_le_bytes());
}

fn dimension_word(dim: usize) -> io::Result<u32> {
    i32::try_from(dim)
        .map(|d| d as u32)
        .map_err(|_| too_large("dimension"))
}

fn too_large(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{what}: too large for a level-5 .mat file"),
    )
}
