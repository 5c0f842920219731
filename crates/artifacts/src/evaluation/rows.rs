//! Tables that are written row by row.

use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter};
use std::path::Path;

/// Writes a table: its columns, then `rows`.
///
/// # Errors
/// I/O.
pub(super) fn write_rows<'a>(
    path: &Path,
    columns: Vec<String>,
    rows: impl Iterator<Item = Vec<Cell<'a>>>,
) -> Result<()> {
    crate::atomic::write(path, |out| {
        let written: std::io::Result<()> = (|| {
            let mut writer = RowWriter::new(out, columns)?;
            for row in rows {
                writer.row(row)?;
            }
            writer.finish().map(drop)
        })();
        written.map_err(Error::io("write", path))
    })
}
