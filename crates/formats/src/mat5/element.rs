//! Elements, of which a file consists: a tag with type and length, then that many bytes.

use std::ops::Range;

/// Contradiction in a file, and the byte at which it is.
#[derive(Debug)]
pub(super) struct MatDefect {
    pub(super) at: usize,
    pub(super) what: String,
}

impl MatDefect {
    pub(super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

/// Element whose content is inside the bytes that it was read from.
#[derive(Debug, Clone)]
pub(super) struct MatElement {
    /// Type code of MAT-File Format, table 1-1.
    pub(super) kind: u32,
    /// Range of the content.
    pub(super) body: Range<usize>,
    /// Start of the next element: contents are padded to eight bytes.
    pub(super) next: usize,
}

/// Reads the element at `at`; its content must end by `end`.
pub(super) fn read_element(bytes: &[u8], at: usize, end: usize) -> Result<MatElement, MatDefect> {
    let first = read_word(bytes, at, end)?;
    if first >> 16 != 0 {
        // Short form: length and type share the first word, the content is the second.
        let length = (first >> 16) as usize;
        if length > 4 || at + 8 > end {
            return Err(MatDefect::new(at, format!("a short element of {length} bytes")));
        }
        return Ok(MatElement {
            kind: first & 0xffff,
            body: at + 4..at + 4 + length,
            next: at + 8,
        });
    }
    let length = read_word(bytes, at + 4, end)? as usize;
    let start = at + 8;
    if length > end - start {
        let what = format!("an element of {length} bytes where {} are left", end - start);
        return Err(MatDefect::new(at, what));
    }
    let body = start..start + length;
    // Padding that is missing at the very end of a file is allowed: nothing is lost with it.
    let next = (start + length.next_multiple_of(8)).min(end);
    Ok(MatElement {
        kind: first,
        body,
        next,
    })
}

/// Reads the little-endian word at `at`.
pub(super) fn read_word(bytes: &[u8], at: usize, end: usize) -> Result<u32, MatDefect> {
    let found = bytes.get(at..at + 4).filter(|_| at + 4 <= end);
    let found = found.and_then(|b| b.first_chunk::<4>());
    found
        .map(|b| u32::from_le_bytes(*b))
        .ok_or_else(|| MatDefect::new(at, "the data ends inside an element's tag"))
}
