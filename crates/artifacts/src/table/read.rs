//! Reading a CSV table: only what is asked for, by all threads.

use super::blocks::{self, RecordCount};
use super::cells::CellReader;
use super::column::ColumnKind;
use super::frame::build_frame;
use super::records::{self, ColumnSelection, RecordError, RecordErrorKind};
use crate::error::{Error, Result};
use memchr::memchr_iter;
use polars::prelude::{DataFrame, IntoColumn, Series};
use rayon::prelude::*;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes that are looked at for the header at first.
const HEAD: u64 = 1 << 12;

/// The first line of a table.
pub(super) struct Header {
    /// Names of the columns.
    pub(super) names: Vec<String>,
    /// First byte of the line after the header.
    pub(super) end: usize,
}

/// A column to read: its name, what it holds, whether cells may be empty.
pub(super) type ColumnSpec<'a> = (&'a str, ColumnKind, bool);

impl Header {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bad = |what: &str| Error::invalid(path, format!("not a readable CSV table: {what}"));
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        let mut bytes = Vec::new();
        let mut budget = HEAD;
        loop {
            let read = (&mut file).take(budget).read_to_end(&mut bytes);
            let whole = (read.map_err(Error::io("read", path))? as u64) < budget;
            // A piece may end within a character.
            let text = match std::str::from_utf8(&bytes) {
                Ok(text) => text,
                Err(e) if !whole && e.error_len().is_none() => {
                    std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or_default()
                }
                Err(_) => {
                    let line = bytes.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
                    // An error further on is reported with its line.
                    std::str::from_utf8(line).map_err(|_| bad("the header is not UTF-8 text"))?
                }
            };
            let body = text.strip_prefix('\u{feff}').unwrap_or(text);
            let mark = text.len() - body.len();
            if body.is_empty() && whole {
                return Err(bad("it is empty; the first line must name the columns"));
            }
            match records::read_first(body, whole) {
                Ok(Some((names, end))) => {
                    if names.iter().any(|name| name.contains('\r')) {
                        return Err(bad(
                            "its lines end in carriage returns alone; write line feeds, for example with `tr '\\r' '\\n'`",
                        ));
                    }
                    let mut earlier = names.iter().enumerate();
                    if let Some((_, name)) = earlier.find(|(at, name)| names[..*at].contains(name)) {
                        return Err(bad(&format!("two columns are called `{name}`; rename one")));
                    }
                    return Ok(Self {
                        names,
                        end: mark + end,
                    });
                }
                Ok(None) => budget *= 2,
                Err(RecordErrorKind::UnclosedQuote) => {
                    return Err(bad("the header opens a quote that is never closed"));
                }
                Err(RecordErrorKind::MisplacedQuote) => {
                    return Err(bad(
                        "the header has a quote inside a cell that does not begin with one",
                    ));
                }
                Err(_) => return Err(bad("the header cannot be read")),
            }
        }
    }

    fn position(&self, path: &Path, name: &str) -> Result<usize> {
        let position = self.names.iter().position(|n| n == name);
        position.ok_or_else(|| Error::MissingColumn {
            path: path.to_owned(),
            column: name.to_owned(),
            found: self.names.join(", "),
        })
    }
}

/// Columns of one piece of a file.
struct FilePiece {
    records: usize,
    columns: Vec<Series>,
}

impl RecordCount for FilePiece {
    fn records(&self) -> usize {
        self.records
    }
}

/// Reads the columns of `specs`, in their order.
pub(super) fn read_columns(path: &Path, header: &Header, specs: &[ColumnSpec<'_>]) -> Result<DataFrame> {
    let names: Vec<&str> = specs.iter().map(|spec| spec.0).collect();
    let places = names.iter().map(|name| header.position(path, name));
    let width = header.names.len();
    let selection = ColumnSelection::new(&places.collect::<Result<Vec<_>>>()?, width);
    let pieces = blocks::scan_records(path, header.end, &names, width, |text| {
        read_piece(text, &selection, specs)
    })?;
    let mut parts: Vec<Vec<Series>> = specs.iter().map(|_| Vec::with_capacity(pieces.len())).collect();
    for piece in pieces {
        parts
            .iter_mut()
            .zip(piece.columns)
            .for_each(|(part, column)| part.push(column));
    }
    let joined = parts
        .into_par_iter()
        .zip(specs)
        .map(|(parts, &(name, kind, missing))| {
            let mut parts = parts.into_iter();
            let mut all = match parts.next() {
                Some(first) => first,
                None => CellReader::new(name, kind, missing, 0).finish(),
            };
            for part in parts {
                all.append_owned(part)
                    .map_err(|e| Error::invalid(path, format!("column `{name}`: {e}")))?;
            }
            Ok(all.rechunk().into_column())
        });
    build_frame(path, joined.collect::<Result<Vec<_>>>()?)
}

fn read_piece(
    text: &str,
    selection: &ColumnSelection,
    specs: &[ColumnSpec<'_>],
) -> std::result::Result<FilePiece, RecordError> {
    // As many as there are lines, unless cells hold line feeds.
    let rows = memchr_iter(b'\n', text.as_bytes()).count() + 1;
    let mut cells: Vec<CellReader> = specs
        .iter()
        .map(|&(name, kind, missing)| CellReader::new(name, kind, missing, rows))
        .collect();
    let records = records::read_cells(text, selection, |column, cell| cells[column].push(cell))?;
    Ok(FilePiece {
        records,
        columns: cells.into_iter().map(CellReader::finish).collect(),
    })
}
