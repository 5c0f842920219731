//! Content of files whose first bytes were read already, in memory that a thread uses again.

use crate::file::FileHead;
use crate::refusal::{Refusal, io_error};
use ecgfm_formats::{Error, Result};
use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read};

/// Bytes that memory is reserved for at once: most files of one recording have less.
const AT_ONCE: usize = 1 << 18;
/// Bytes of memory that is kept for the next file.
const MAX_KEPT: usize = 1 << 20;

thread_local! {
    static BYTES: RefCell<Vec<u8>> = RefCell::default();
}

/// Gives `read` the content of a file, which may have `limit` bytes.
///
/// # Errors
/// I/O, a larger file, and those of `read`. No memory is reserved for more than `limit` bytes, nor for more than twice of what there
/// is.
pub(crate) fn with_content<T>(
    head: &FileHead<'_>,
    limit: usize,
    read: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    let Some(rest) = head.rest else {
        return read(head.bytes);
    };
    BYTES.with_borrow_mut(|bytes| {
        let filled = fill(head.bytes, rest, limit, bytes).map_err(io_error("read", head.path))?;
        let content = match filled > limit {
            true => Err(too_large(head, rest, limit)),
            false => read(&bytes[..filled]),
        };
        if bytes.len() > MAX_KEPT {
            *bytes = Vec::new();
        }
        content
    })
}

/// Fills `bytes` with `head` and the `rest` of its file, up to one byte more than `limit`. Returns how many there are.
fn fill(head: &[u8], mut rest: &File, limit: usize, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut filled = head.len();
    bytes.resize(bytes.len().max(AT_ONCE.min(limit + 1)).max(filled), 0);
    bytes[..filled].copy_from_slice(head);
    while filled <= limit {
        if filled == bytes.len() {
            bytes.resize((2 * filled).min(limit + 1), 0);
        }
        match rest.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn too_large(head: &FileHead<'_>, rest: &File, limit: usize) -> Error {
    match rest.metadata() {
        Ok(metadata) => Refusal::too_large(metadata.len(), limit as u64).at(head.path),
        Err(error) => io_error("read", head.path)(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_up_to_the_limit_are_read_whole_and_larger_ones_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let limit = 3 * AT_ONCE;
        for size in [
            0,
            5,
            100,
            AT_ONCE - 1,
            AT_ONCE,
            AT_ONCE + 1,
            limit,
            limit + 1,
            limit + 9,
        ] {
            let content: Vec<u8> = (0..size).map(|i| (i / 3 + size) as u8).collect();
            std::fs::write(&path, &content).unwrap();
            let (mut file, mut start) = (File::open(&path).unwrap(), vec![0; size.min(100)]);
            file.read_exact(&mut start).unwrap();
            let head = FileHead {
                path: &path,
                bytes: &start,
                is_whole: false,
                rest: Some(&file),
            };
            let read = with_content(&head, limit, |bytes| Ok(bytes == content));
            match size <= limit {
                true => assert!(read.unwrap(), "{size}"),
                false => assert!(
                    read.unwrap_err().to_string().contains("at most 786432 are read"),
                    "{size}"
                ),
            }
        }
    }
}
