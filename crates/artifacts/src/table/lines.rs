//! The lines of a file on which the records of a table begin, for messages.

use super::records::{blank_line_len, next_record};
use crate::error::{Error, Result};
use memchr::memchr_iter;
use std::path::Path;

/// Counts lines as an editor does, where records and lines are not one to one: lines of blanks are no records, and a cell in
/// quotes may hold line feeds.
#[derive(Debug, Default)]
pub struct Lines {
    /// By record; empty where every record is one line.
    begins: Vec<usize>,
}

impl Lines {
    /// Reads the file at `path`, whose header has `width` cells, whole.
    ///
    /// # Errors
    /// I/O.
    pub fn read(path: &Path, width: usize) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        Ok(Self::of_bytes(&bytes, width))
    }

    fn of_bytes(bytes: &[u8], width: usize) -> Self {
        let feeds = |bytes: &[u8]| memchr_iter(b'\n', bytes).count();
        let mut at = next_record(bytes, 0, false).unwrap_or(bytes.len());
        let mut line = 1 + feeds(&bytes[..at]);
        let mut begins = Vec::new();
        while at < bytes.len() {
            if let Some(length) = blank_line_len(&bytes[at..]).filter(|_| width > 1) {
                (at, line) = (at + length, line + 1);
                continue;
            }
            begins.push(line);
            let end = next_record(bytes, at, false).unwrap_or(bytes.len());
            line += feeds(&bytes[at..end]);
            at = end;
        }
        if begins
            .iter()
            .enumerate()
            .all(|(record, line)| *line == record + 2)
        {
            begins.clear();
        }
        Self { begins }
    }

    /// The line on which a record begins; the header's is 1, and record 0 comes after it.
    pub fn of(&self, record: usize) -> usize {
        self.begins.get(record).copied().unwrap_or(record + 2)
    }

    /// The first line that is not UTF-8 text.
    pub(super) fn of_bad_text(path: &Path) -> Option<usize> {
        let bytes = std::fs::read(path).ok()?;
        let good = std::str::from_utf8(&bytes).err()?.valid_up_to();
        Some(1 + memchr_iter(b'\n', &bytes[..good]).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let lines = Lines::of_bytes(b"a,b\n1,2\n\n  \n\"x\ny\",3\r\n4,5", 2);
        assert_eq!([0, 1, 2].map(|record| lines.of(record)), [2, 5, 7]);
        let plain = Lines::of_bytes(b"a,b\n1,2\n3,4\n", 2);
        assert!(plain.begins.is_empty());
        assert_eq!(plain.of(1), 3);
        // In a table of one column an empty line is an empty cell.
        assert_eq!(Lines::of_bytes(b"a\n\n1\n", 1).of(1), 3);
    }
}
