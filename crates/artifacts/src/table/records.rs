//! Text of a CSV table into records, and those into cells.
//!
//! Cells are quoted whole: a quote is at the beginning of a cell and at its end, and a doubled one inside stands for
//! itself. So whether a byte is quoted depends on the number of quotes before it alone, which lets a file be cut between
//! records anywhere ([`next_record`]) and its pieces be read at once. A quote anywhere else is refused: it could hide the ends
//! of lines from whoever counts quotes, where others take it for text.

use memchr::{memchr, memchr_iter, memchr2};
use std::borrow::Cow;
use std::ops::Range;

/// A record that cannot be read; `record` counts from the beginning of the piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RecordError {
    pub(super) record: usize,
    pub(super) kind: RecordErrorKind,
}

/// Fault of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RecordErrorKind {
    /// The record has this many cells, more than the header.
    TooManyCells(usize),
    /// A quote is never closed.
    UnclosedQuote,
    /// A quote is inside a cell that does not begin with one.
    MisplacedQuote,
    /// The record is not UTF-8 text.
    NotUtf8,
    /// The cell of a wanted column is not what the column holds.
    BadCell {
        column: usize,
        value: String,
        wanted: &'static str,
    },
}

/// Columns that are read, and the number of cells of a record.
pub(super) struct ColumnSelection {
    /// (place in the record, number of the column that wants it), by place.
    places: Vec<(usize, usize)>,
    width: usize,
}

impl ColumnSelection {
    /// `places` of the wanted columns among the `width` of the header.
    pub(super) fn new(places: &[usize], width: usize) -> Self {
        let mut places: Vec<(usize, usize)> = places.iter().copied().zip(0..).collect();
        places.sort_unstable();
        Self { places, width }
    }
}

/// Gives every wanted cell of every record of `text` to `sink`, with the number of its column; what a short record
/// lacks is empty. Returns the number of records. Lines of blanks are none, where there is more than one column.
pub(super) fn read_cells(
    text: &str,
    selection: &ColumnSelection,
    mut sink: impl FnMut(usize, &str) -> Result<(), &'static str>,
) -> Result<usize, RecordError> {
    let (mut at, mut record) = (0, 0);
    while at < text.len() {
        if selection.width > 1
            && let Some(length) = blank_line_len(&text.as_bytes()[at..])
        {
            at += length;
            continue;
        }
        let mut cursor = CellCursor {
            text,
            at,
            seen: 0,
            ended: false,
        };
        for &(place, column) in &selection.places {
            let error = |kind| RecordError { record, kind };
            while cursor.seen < place && !cursor.ended {
                cursor.next().map_err(error)?;
            }
            let cell = if cursor.ended || cursor.seen > place {
                Cow::Borrowed("")
            } else {
                let raw = cursor.next().map_err(error)?;
                unquote_cell(&text[raw])
            };
            sink(column, &cell).map_err(|wanted| {
                let value = cell.clone().into_owned();
                error(RecordErrorKind::BadCell {
                    column,
                    value,
                    wanted,
                })
            })?;
        }
        cursor.rest().map_err(|kind| RecordError { record, kind })?;
        if cursor.seen > selection.width {
            return Err(RecordError {
                record,
                kind: RecordErrorKind::TooManyCells(cursor.seen),
            });
        }
        (at, record) = (cursor.at, record + 1);
    }
    Ok(record)
}

/// Cells of one record, from left to right.
struct CellCursor<'a> {
    text: &'a str,
    at: usize,
    seen: usize,
    ended: bool,
}

impl CellCursor<'_> {
    /// Range of the next cell, quotes included.
    fn next(&mut self) -> Result<Range<usize>, RecordErrorKind> {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        // Where a quote may be: at the beginning, and right after one that closed, which is a doubled one.
        let (mut at, mut open) = (start, start);
        self.seen += 1;
        loop {
            at = next_special(bytes, at);
            match bytes.get(at) {
                Some(b',') => {
                    self.at = at + 1;
                    return Ok(start..at);
                }
                Some(b'"') if at != open => return Err(RecordErrorKind::MisplacedQuote),
                Some(b'"') => {
                    at += 2 + memchr(b'"', &bytes[at + 1..]).ok_or(RecordErrorKind::UnclosedQuote)?;
                    open = at;
                }
                _ => {
                    (self.at, self.ended) = ((at + 1).min(bytes.len()), true);
                    let line_end = bytes[start..at].ends_with(b"\r") && at < bytes.len();
                    return Ok(start..at - usize::from(line_end));
                }
            }
        }
    }

    /// Counts the cells that are left and goes to the next record.
    fn rest(&mut self) -> Result<(), RecordErrorKind> {
        if self.ended {
            return Ok(());
        }
        let bytes = self.text.as_bytes();
        self.seen += 1;
        let mut open = self.at;
        loop {
            let length = memchr2(b'"', b'\n', &bytes[self.at..]);
            let plain = &bytes[self.at..self.at + length.unwrap_or(bytes.len() - self.at)];
            self.seen += memchr_iter(b',', plain).count();
            self.at += plain.len() + 1;
            match length.map(|_| bytes[self.at - 1]) {
                Some(b'"') => {
                    let quote = self.at - 1;
                    if quote != open && bytes[quote - 1] != b',' {
                        return Err(RecordErrorKind::MisplacedQuote);
                    }
                    self.at += 1 + memchr(b'"', &bytes[self.at..]).ok_or(RecordErrorKind::UnclosedQuote)?;
                    open = self.at;
                }
                Some(_) => return Ok(()),
                None => {
                    self.at = bytes.len();
                    return Ok(());
                }
            }
        }
    }
}

/// The length of the line that `text` begins with, its end included, if there is nothing but blanks in it.
pub(super) fn blank_line_len(text: &[u8]) -> Option<usize> {
    let content = text.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    match text[content..] {
        [b'\n', ..] => Some(content + 1),
        [b'\r', b'\n', ..] => Some(content + 2),
        _ => None,
    }
}

/// Place of the first `,`, `"` or line feed from `at` on, eight bytes at a time; the end if there is none.
fn next_special(bytes: &[u8], mut at: usize) -> usize {
    const LOW: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = LOW << 7;
    /// The high bit of every byte that is zero; bytes after the first such one may have theirs set wrongly.
    fn zero(word: u64) -> u64 {
        word.wrapping_sub(LOW) & !word & HIGH
    }
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ (LOW * u64::from(b',')))
            | zero(word ^ (LOW * u64::from(b'"')))
            | zero(word ^ (LOW * u64::from(b'\n')));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|b| matches!(b, b',' | b'"' | b'\n'));
    at + end.unwrap_or(rest.len())
}

/// The content of a cell.
fn unquote_cell(raw: &str) -> Cow<'_, str> {
    match raw.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) if inner.contains('"') => Cow::Owned(inner.replace("\"\"", "\"")),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(raw),
    }
}

/// The cells of the first record of `text`, and where the second begins; none if the first does not end here.
pub(super) fn read_first(text: &str, whole: bool) -> Result<Option<(Vec<String>, usize)>, RecordErrorKind> {
    let mut cursor = CellCursor {
        text,
        at: 0,
        seen: 0,
        ended: false,
    };
    let mut cells = Vec::new();
    while !cursor.ended {
        let raw = match cursor.next() {
            Err(RecordErrorKind::UnclosedQuote) if !whole => return Ok(None),
            other => other?,
        };
        cells.push(unquote_cell(&text[raw]).into_owned());
    }
    let complete = whole || text.as_bytes()[..cursor.at].ends_with(b"\n");
    Ok(complete.then_some((cells, cursor.at)))
}

/// Returns the beginning of the first record after the one at `at`; `quoted` says whether `at` is inside quotes.
pub(super) fn next_record(bytes: &[u8], mut at: usize, mut quoted: bool) -> Option<usize> {
    loop {
        at += memchr2(b'"', b'\n', bytes.get(at..)?)? + 1;
        match bytes[at - 1] {
            b'"' => quoted = !quoted,
            _ if !quoted => return Some(at),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, places: &[usize], width: usize) -> Result<Vec<Vec<String>>, RecordError> {
        let mut columns = vec![Vec::new(); places.len()];
        let wanted = ColumnSelection::new(places, width);
        read_cells(text, &wanted, |column, cell| {
            columns[column].push(cell.to_owned());
            Ok(())
        })?;
        Ok(columns)
    }

    #[test]
    fn quotes_line_ends_and_short_records_are_read_as_pandas_reads_them() {
        let text = "a,\"b,1\n\",c\r\n\n\"say \"\"x\"\"\",,\nlast";
        let read = cells(text, &[2, 0, 1], 3).unwrap();
        assert_eq!(read[0], ["c", "", ""]);
        assert_eq!(read[1], ["a", "say \"x\"", "last"]);
        assert_eq!(read[2], ["b,1\n", "", ""]);
    }

    #[test]
    fn what_is_not_rectangular_is_said_where_it_is() {
        let error = |text| cells(text, &[0], 2).unwrap_err();
        assert_eq!(
            error("a,b\na,\"x\",\",\",d\n"),
            RecordError {
                record: 1,
                kind: RecordErrorKind::TooManyCells(4)
            }
        );
        assert_eq!(
            error("a,b\n\"a,b\n"),
            RecordError {
                record: 1,
                kind: RecordErrorKind::UnclosedQuote
            }
        );
    }

    #[test]
    fn a_quote_inside_a_cell_that_does_not_begin_with_one_is_a_flaw_wherever_it_stands() {
        let stray = |text: &str, places: &[usize]| {
            let error = cells(text, places, 3).unwrap_err();
            assert_eq!(
                (error.record, &error.kind),
                (1, &RecordErrorKind::MisplacedQuote),
                "{text:?}"
            );
        };
        for places in [&[0, 1, 2][..], &[0], &[1], &[2]] {
            for line in [
                "5\" lead,b,c",
                "a,5\" lead,c",
                "a,b,5\" lead",
                "a,\"b\"x\"y\",c",
                "a, \"b\",c",
            ] {
                stray(&format!("1,\"2 \"\"x\"\"\",3\n{line}\n4,5,6\n"), places);
                // Two of them would hide the end of a line.
                stray(&format!("1,\"\",3\n{line}\n{line}\n"), places);
            }
        }
        assert_eq!(
            cells("\"\"\"\",\"\"\"a\",b\n", &[0, 1, 2], 3).unwrap().concat(),
            ["\"", "\"a", "b"]
        );
    }

    #[test]
    fn lines_of_blanks_are_no_records() {
        assert_eq!(
            cells("a,b\n  \n\t\r\n\nc,d\n ", &[0], 2).unwrap()[0],
            ["a", "c", " "]
        );
    }

    #[test]
    fn a_header_that_is_not_all_there_is_not_taken_for_one() {
        assert_eq!(read_first("a,\"b\nc", false).unwrap(), None);
        assert_eq!(read_first("a,b", false).unwrap(), None);
        assert_eq!(
            read_first("a,b", true).unwrap(),
            Some((vec!["a".to_owned(), "b".to_owned()], 3))
        );
        assert_eq!(
            read_first("a,\"b,\"\r\n1,2\n", false).unwrap().unwrap(),
            (vec!["a".to_owned(), "b,".to_owned()], 8)
        );
    }

    proptest::proptest! {
        #[test]
        fn eight_bytes_at_a_time_find_what_one_at_a_time_finds(text in "[a-c,\"\n\u{80}-\u{90}]{0,40}", at in 0usize..50) {
            let one = text.bytes().skip(at).position(|b| matches!(b, b',' | b'"' | b'\n'));
            let end = text.len().max(at);
            proptest::prop_assert_eq!(next_special(text.as_bytes(), at), one.map_or(end, |n| at + n));
        }
    }
}
