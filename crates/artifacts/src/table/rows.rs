//! Writing of tables row by row.

use crate::error::{Error, Result};
use crate::formats::pages::PageWriter;
use crate::pandas::RowWriter;
use std::io;
use std::path::Path;

/// Writes a table: its header, then the rows that `fill` writes. A reader sees the old file or the whole new one.
///
/// # Errors
/// I/O, with the path.
pub fn write_rows<S: AsRef<str>>(
    path: &Path,
    header: impl IntoIterator<Item = S>,
    fill: impl FnOnce(&mut RowWriter<&mut PageWriter>) -> io::Result<()>,
) -> Result<()> {
    crate::atomic::write(path, |out| {
        let mut rows = RowWriter::new(out, header).map_err(Error::io("write", path))?;
        let written = fill(&mut rows).and_then(|()| rows.finish());
        written.map(drop).map_err(Error::io("write", path))
    })
}
