//! A file of records, some megabytes at a time, each block cut into pieces that are read at once.

use super::records::{Flaw, What, cuts};
use crate::error::{Error, Result};
use memchr::memchr_iter;
use rayon::prelude::*;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of a piece: as much as a core's own cache holds.
const PIECE: usize = 1 << 20;

/// What was read of a piece.
pub(super) trait Records {
    /// How many records it held.
    fn records(&self) -> usize;
}

/// Reads all records from byte `from` of the file on, piece by piece; the result is in the order of the file and
/// depends neither on the number of threads nor on where the pieces end.
///
/// # Errors
/// I/O; the first flaw, with its line.
pub(super) fn scan<T: Records + Send>(
    path: &Path,
    from: usize,
    columns: &[&str],
    width: usize,
    parse: impl Fn(&str) -> std::result::Result<T, Flaw> + Sync,
) -> Result<Vec<T>> {
    let source = Source::open(path)?;
    let block = PIECE * 2 * rayon::current_num_threads();
    let mut buffer: Vec<u8> = Vec::new();
    let (mut position, mut carried, mut records) = (from, 0, 0);
    let mut all = Vec::new();
    while position < source.size || carried > 0 {
        // A record longer than a block doubles it.
        let fresh = block.max(carried).min(source.size.saturating_sub(position));
        buffer.resize(carried + fresh, 0);
        source.fill(path, position, &mut buffer[carried..])?;
        position += fresh;
        let ends = pieces(&buffer, position >= source.size);
        let read: Vec<_> = ends
            .par_windows(2)
            .map(|ends| parse(text(&buffer[ends[0]..ends[1]])?))
            .collect();
        for piece in read {
            let piece = piece.map_err(|flaw| said(path, columns, width, records, flaw))?;
            records += piece.records();
            all.push(piece);
        }
        let end = ends[ends.len() - 1];
        buffer.copy_within(end.., 0);
        carried = buffer.len() - end;
        buffer.truncate(carried);
        if fresh == 0 {
            break;
        }
    }
    Ok(all)
}

/// Ends of the pieces of a block; with `last`, what is left of the file is a record too.
fn pieces(buffer: &[u8], last: bool) -> Vec<usize> {
    let starts: Vec<usize> = (0..buffer.len()).step_by(PIECE).collect();
    let quotes: Vec<usize> = buffer
        .par_chunks(PIECE)
        .map(|c| memchr_iter(b'"', c).count())
        .collect();
    let mut ends = cuts(buffer, &starts, &quotes);
    if last && let Some(end) = ends.last_mut() {
        *end = buffer.len();
    }
    ends
}

fn text(bytes: &[u8]) -> std::result::Result<&str, Flaw> {
    std::str::from_utf8(bytes).map_err(|e| Flaw {
        record: memchr_iter(b'\n', &bytes[..e.valid_up_to()]).count(),
        what: What::NotText,
    })
}

/// The error for a flaw after so many records.
fn said(path: &Path, columns: &[&str], width: usize, records: usize, flaw: Flaw) -> Error {
    let line = records + flaw.record + 2;
    let bad = |what: String| Error::invalid(path, format!("not a readable CSV table: line {line} {what}"));
    match flaw.what {
        What::Wide(cells) => bad(format!("has {cells} cells, and the header has {width}")),
        What::Open => bad("opens a quote that is never closed".to_owned()),
        What::NotText => bad("is not UTF-8 text".to_owned()),
        What::Cell {
            column,
            value,
            wanted,
        } => Error::Cell {
            path: path.to_owned(),
            line,
            column: columns[column].to_owned(),
            value,
            wanted,
        },
    }
}

/// Where bytes come from: a file, or all of what is no regular file.
struct Source {
    file: File,
    size: usize,
    held: Option<Vec<u8>>,
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        let read = Error::io("read", path);
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (meta, file) = opened.map_err(read)?;
        let held = match meta.is_file() {
            true => None,
            false => Some(std::fs::read(path).map_err(Error::io("read", path))?),
        };
        let size = held.as_ref().map_or(meta.len() as usize, Vec::len);
        Ok(Self { file, size, held })
    }

    fn fill(&self, path: &Path, position: usize, out: &mut [u8]) -> Result<()> {
        if let Some(held) = &self.held {
            out.copy_from_slice(&held[position..position + out.len()]);
            return Ok(());
        }
        out.par_chunks_mut(PIECE)
            .enumerate()
            .try_for_each(|(i, chunk)| self.file.read_exact_at(chunk, (position + i * PIECE) as u64))
            .map_err(Error::io("read", path))
    }
}
