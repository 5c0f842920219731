//! Bytes of an array, in a file or in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of an array.
#[derive(Debug)]
pub(super) enum ArrayBytes {
    /// In a file, from byte `start` on.
    File {
        file: File,
        start: u64,
    },
    Memory(Vec<u8>),
}

impl ArrayBytes {
    /// Fills `out` with the bytes from byte `offset` of the array on.
    ///
    /// # Errors
    /// I/O, and an end before `out` is full.
    pub(super) fn read_exact_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File { file, start } => file.read_exact_at(out, start + offset),
            Self::Memory(bytes) => {
                let from = usize::try_from(offset)
                    .ok()
                    .and_then(|offset| bytes.get(offset..));
                let there = from.and_then(|from| from.get(..out.len()));
                out.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}
