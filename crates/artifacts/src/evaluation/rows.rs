//! Tables that are written row by row.

use crate::error::Result;
use crate::pandas::Cell;
use crate::table;
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
    table::write_rows(path, columns, |writer| {
        for row in rows {
            writer.row(row)?;
        }
        Ok(())
    })
}
