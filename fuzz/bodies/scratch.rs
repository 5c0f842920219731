//! Readers that take a path get a file; one a thread, written anew each time.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

thread_local! {
    static FILE: RefCell<tempfile::NamedTempFile> =
        RefCell::new(tempfile::NamedTempFile::new().expect("a temporary file"));
}

/// Calls `work` with the path of a file that holds `bytes`.
pub(crate) fn with_file<T>(bytes: &[u8], work: impl FnOnce(&Path) -> T) -> T {
    FILE.with_borrow_mut(|file| {
        let written = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(bytes)
        };
        written(file.as_file_mut()).expect("room for a temporary file");
        work(file.path())
    })
}
