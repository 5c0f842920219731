//! Messages between the two processes: a length, then so many bytes.

use std::io::{self, Write};

/// Writes a message after its length.
///
/// # Errors
/// I/O.
pub(super) fn write_message(out: &mut impl Write, message: &[u8]) -> io::Result<()> {
    out.write_all(&(message.len() as u64).to_le_bytes())?;
    out.write_all(message)?;
    out.flush()
}
