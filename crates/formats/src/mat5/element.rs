//! The elements that a file consists of: a tag with type and length, then that many bytes.

use std::ops::Range;

/// What is wrong, and at which byte.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) what: String,
}

impl Problem {
    pub(super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

/// One element of `bytes`, known to lie within them.
#[derive(Debug, Clone)]
pub(super) struct Element {
    /// Type code of MAT-File Format, table 1-1.
    pub(super) kind: u32,
    /// Where its content is.
    pub(super) body: Range<usize>,
    /// Where the next element starts: contents are padded to eight bytes.
    pub(super) next: usize,
}

/// Reads the element at `at`; its content must end by `end`.
pub(super) fn element(bytes: &[u8], at: usize, end: usize) -> Result<Element, Problem> {
    let first = word(bytes, at, end)?;
    if first >> 16 != 0 {
        // Short form: length and type share the first word, the content is the second.
        let length = (first >> 16) as usize;
        if length > 4 || at + 8 > end {
            return Err(Problem::new(at, format!("a short element of {length} bytes")));
        }
        return Ok(Element {
            kind: first & 0xffff,
            body: at + 4..at + 4 + length,
            next: at + 8,
        });
    }
    let length = word(bytes, at + 4, end)? as usize;
    let start = at + 8;
    if length > end - start {
        let what = format!("an element of {length} bytes where {} are left", end - start);
        return Err(Problem::new(at, what));
    }
    let body = start..start + length;
    // Padding that was cut off at the very end is no loss.
    let next = (start + length.next_multiple_of(8)).min(end);
    Ok(Element {
        kind: first,
        body,
        next,
    })
}

/// The little-endian word at `at`.
pub(super) fn word(bytes: &[u8], at: usize, end: usize) -> Result<u32, Problem> {
    let found = bytes.get(at..at + 4).filter(|_| at + 4 <= end);
    let found = found.and_then(|b| b.first_chunk::<4>());
    found
        .map(|b| u32::from_le_bytes(*b))
        .ok_or_else(|| Problem::new(at, "the data ends inside an element's tag"))
}
