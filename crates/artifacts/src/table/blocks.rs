//! Reading of a file of records, cut into pieces that threads read and parse on their own.
//!
//! The beginning of a piece's first record depends on whether its first byte is quoted, and that on the number of quotes before
//! it. So every thread takes the next piece, reads it, counts its quotes, and passes on whether the piece after it begins
//! quoted; what it waits for is no more than the same of the pieces before, which were taken before.

use super::lines::Lines;
use super::records::{RecordError, RecordErrorKind, next_record};
use crate::error::{Error, Result};
use memchr::memchr_iter;
use rayon::prelude::*;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// Bytes of a piece: as much as a core's own cache holds.
const PIECE: usize = 1 << 20;
/// Bytes that are read at first to find the end of a piece's last record.
const BEYOND: usize = 1 << 12;

/// Bytes that a record may take, with the piece that it begins in: nothing that is a table has longer ones, and a quote that
/// is never closed must not bring a whole file into memory.
const LONGEST: usize = 64 << 20;

/// Result of reading a piece.
pub(super) trait RecordCount {
    /// Number of records in the piece.
    fn records(&self) -> usize;
}

/// Reason why a piece was not read.
enum ScanError {
    Io(io::Error),
    Record(RecordError),
}

/// Reads all records from byte `from` of the file on, piece by piece; the result is in the order of the file and
/// depends neither on the number of threads nor on where the pieces end.
///
/// # Errors
/// I/O; the first error, with its line.
pub(super) fn scan_records<T: RecordCount + Send>(
    path: &Path,
    from: usize,
    columns: &[&str],
    width: usize,
    parse: impl Fn(&str) -> std::result::Result<T, RecordError> + Sync,
) -> Result<Vec<T>> {
    let source = ByteSource::open(path).map_err(Error::io("read", path))?;
    scan_source(&source, (path, from), columns, width, parse)
}

/// [`scan_records`] of a file that is open.
pub(super) fn scan_source<T: RecordCount + Send>(
    source: &ByteSource,
    (path, from): (&Path, usize),
    columns: &[&str],
    width: usize,
    parse: impl Fn(&str) -> std::result::Result<T, RecordError> + Sync,
) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let mut records = 0;
    for piece in scan_pieces(source, from, PIECE, &parse) {
        let piece = piece.map_err(|stop| match stop {
            ScanError::Io(error) => Error::io("read", path)(error),
            ScanError::Record(error) => record_error(path, columns, width, records, error),
        })?;
        records += piece.records();
        all.push(piece);
    }
    Ok(all)
}

/// Every piece of the file that was read, in order, up to the first that could not be at least.
fn scan_pieces<T: Send>(
    source: &ByteSource,
    from: usize,
    size: usize,
    parse: &(impl Fn(&str) -> std::result::Result<T, RecordError> + Sync),
) -> Vec<std::result::Result<T, ScanError>> {
    let count = source.size.saturating_sub(from).div_ceil(size);
    let queue = PieceQueue {
        next: AtomicUsize::new(0),
        quoted: (0..=count).map(|_| AtomicU8::new(UNKNOWN)).collect(),
        stopped: AtomicBool::new(false),
    };
    queue.quoted[0].store(EVEN, Ordering::Release);
    let work = |_| {
        let (mut done, mut buffer) = (Vec::new(), Vec::new());
        while let Some(piece) = queue.take(count) {
            let start = from + piece * size;
            let result = queue
                .piece_text(source, &mut buffer, (piece, start, start + size))
                .map_err(ScanError::Io)
                .and_then(|bytes| utf8_text(bytes).and_then(parse).map_err(ScanError::Record));
            if result.is_err() {
                queue.stopped.store(true, Ordering::Relaxed);
            }
            done.push((piece, result));
        }
        done
    };
    let workers = rayon::current_num_threads().min(count);
    let done: Vec<_> = (0..workers).into_par_iter().with_max_len(1).map(work).collect();
    let mut all: Vec<_> = done.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(piece, _)| *piece);
    all.into_iter().map(|(_, result)| result).collect()
}

const UNKNOWN: u8 = 2;
const EVEN: u8 = 0;
const ODD: u8 = 1;

/// Pieces to be read, and the number of quotes before each: the state that threads share.
struct PieceQueue {
    next: AtomicUsize,
    /// Parity of the number of quotes before each piece; it begins quoted where that is odd.
    quoted: Vec<AtomicU8>,
    stopped: AtomicBool,
}

impl PieceQueue {
    /// The next piece, unless there is none or one could not be read.
    fn take(&self, count: usize) -> Option<usize> {
        // In this order: what is taken is read, so that nobody waits for nothing and the first error is found.
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let piece = self.next.fetch_add(1, Ordering::Relaxed);
        (piece < count).then_some(piece)
    }

    /// The records that belong to a piece, from byte `start` to `end` of the file: from the first that begins after its first
    /// byte (in the first piece, at it) to the last that begins up to its end, which may go on beyond it.
    fn piece_text<'b>(
        &self,
        source: &ByteSource,
        buffer: &'b mut Vec<u8>,
        (piece, start, end): (usize, usize, usize),
    ) -> io::Result<&'b [u8]> {
        let end = end.min(source.size);
        let read = source.fill(buffer, start, end);
        // Others wait for this, whether it could be read or not.
        let quotes = read.as_ref().map_or(0, |()| memchr_iter(b'"', buffer).count());
        let before = self.wait_for_quotes(piece);
        let after = before ^ (quotes % 2) as u8;
        self.quoted[piece + 1].store(after, Ordering::Release);
        read?;
        let first = match piece {
            0 => Some(0),
            _ => next_record(buffer, 0, before == ODD),
        };
        let Some(first) = first else {
            return Ok(&[]);
        };
        if end == source.size {
            return Ok(&buffer[first..]);
        }
        let (mut from, mut more, mut quoted) = (buffer.len(), BEYOND, after == ODD);
        loop {
            let to = (start + from + more).min(source.size);
            source.append(buffer, start + from, to)?;
            if let Some(cut) = next_record(buffer, from, quoted) {
                return Ok(&buffer[first..cut]);
            }
            if to == source.size {
                return Ok(&buffer[first..]);
            }
            quoted ^= memchr_iter(b'"', &buffer[from..]).count() % 2 == 1;
            (from, more) = (buffer.len(), buffer.len());
            if from > LONGEST && quoted {
                // Whoever reads it finds the quote that is open, and its line.
                return Ok(&buffer[first..]);
            }
            if from > LONGEST {
                let what = format!("a line of more than {} MiB", LONGEST >> 20);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }

    /// Waits until the quotes before a piece are counted; returns their parity.
    fn wait_for_quotes(&self, piece: usize) -> u8 {
        for turn in 0u32.. {
            let quoted = self.quoted[piece].load(Ordering::Acquire);
            if quoted != UNKNOWN {
                return quoted;
            }
            // Most often the piece before is being counted this moment. Where its thread does not run, spinning keeps the
            // processor from it.
            if turn < 64 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        EVEN
    }
}

fn utf8_text(bytes: &[u8]) -> std::result::Result<&str, RecordError> {
    std::str::from_utf8(bytes).map_err(|e| RecordError {
        record: memchr_iter(b'\n', &bytes[..e.valid_up_to()]).count(),
        kind: RecordErrorKind::NotUtf8,
    })
}

/// Description of a misplaced quote.
const MISPLACED_QUOTE: &str = "has a quote inside a cell that does not begin with one; put the whole cell in quotes and double those in it";

/// Returns the error of the file for an error after so many records.
fn record_error(path: &Path, columns: &[&str], width: usize, records: usize, error: RecordError) -> Error {
    let line = match &error.kind {
        RecordErrorKind::NotUtf8 => Lines::of_bad_text(path),
        _ => Lines::read(path, width)
            .ok()
            .map(|lines| lines.of(records + error.record)),
    };
    // What is no regular file cannot be read again.
    let line = line.unwrap_or(records + error.record + 2);
    let bad = |what: String| Error::invalid(path, format!("not a readable CSV table: line {line} {what}"));
    match error.kind {
        RecordErrorKind::TooManyCells(cells) => bad(format!("has {cells} cells, and the header has {width}")),
        RecordErrorKind::UnclosedQuote => bad("opens a quote that is never closed".to_owned()),
        RecordErrorKind::MisplacedQuote => bad(MISPLACED_QUOTE.to_owned()),
        RecordErrorKind::NotUtf8 => bad("is not UTF-8 text".to_owned()),
        RecordErrorKind::BadCell {
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

/// Bytes of a file; of what is no regular file all are in memory.
pub(super) struct ByteSource {
    file: File,
    size: usize,
    held: Option<Vec<u8>>,
}

impl ByteSource {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        let held = match meta.is_file() {
            true => None,
            false => Some(std::fs::read(path)?),
        };
        let size = held.as_ref().map_or(meta.len() as usize, Vec::len);
        Ok(Self { file, size, held })
    }

    /// Puts a stretch of the file into `buffer`.
    pub(super) fn fill(&self, buffer: &mut Vec<u8>, start: usize, end: usize) -> io::Result<()> {
        // What is there is overwritten; only what is new need be made.
        buffer.resize(end - start, 0);
        self.read(&mut buffer[..], start)
    }

    /// Adds a stretch of the file to `buffer`.
    fn append(&self, buffer: &mut Vec<u8>, start: usize, end: usize) -> io::Result<()> {
        let length = buffer.len();
        buffer.resize(length + end - start, 0);
        self.read(&mut buffer[length..], start)
    }

    fn read(&self, out: &mut [u8], start: usize) -> io::Result<()> {
        match &self.held {
            Some(held) => out.copy_from_slice(&held[start..start + out.len()]),
            None => self.file.read_exact_at(out, start as u64)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_not_followed_to_the_end_of_the_file() {
        let read = |text: Vec<u8>| {
            let source = ByteSource {
                file: File::open("/dev/null").unwrap(),
                size: text.len(),
                held: Some(text),
            };
            let mut longest = 0;
            let lengths = scan_pieces(&source, 0, PIECE, &|text: &str| Ok(text.len()));
            let failed = lengths.iter().any(|length| length.is_err());
            lengths
                .into_iter()
                .flatten()
                .for_each(|length| longest = longest.max(length));
            (longest, failed)
        };
        let (open, closed) = (vec![b'"'; 1], vec![b'a'; 3 * LONGEST]);
        let (longest, failed) = read([open, closed.clone()].concat());
        assert!(longest <= 3 * LONGEST / 2 + PIECE && !failed, "{longest}");
        assert!(read(closed).1);
    }

    proptest::proptest! {
        #[test]
        fn pieces_hold_what_the_whole_holds(text in "[ab,\"\n]{0,80}", size in 1usize..20, from in 0usize..4) {
            let from = from.min(text.len());
            let source = ByteSource {
                file: File::open("/dev/null").unwrap(),
                size: text.len(),
                held: Some(text.clone().into_bytes()),
            };
            let read = |size| -> Vec<String> {
                let pieces = scan_pieces(&source, from, size, &|text| Ok(text.to_owned()));
                pieces.into_iter().map(|piece| piece.unwrap_or_default()).collect()
            };
            let parts = read(size);
            proptest::prop_assert_eq!(parts.concat(), &text[from..]);
            // Cut between records only.
            let mut quotes = 0;
            for part in parts.iter().filter(|part| !part.is_empty()) {
                quotes += part.matches('"').count();
                proptest::prop_assert!(quotes % 2 == 0 && part.ends_with('\n') || text.ends_with(part.as_str()), "{:?}", part);
            }
        }
    }
}
