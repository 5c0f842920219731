//! Opening files in a process of its own, so that a parser that crashes, hangs or takes too much memory harms nothing else.
//!
//! A program that calls [`enable_isolation`] has its own executable started again for each file. That process calls
//! a `serve` function with the rest of its arguments, limits its memory and time, opens the file, and answers on its standard streams: first a
//! description of the file ([`crate::tracings::description`]), then rows, where the program cannot read them itself. Which parser opens
//! the file is the caller's: [`crate::code15::serve_part`] opens parts of CODE-15% with the HDF5 library.

mod limits;
mod message;
#[cfg(feature = "failpoints")]
mod misbehave;
mod reader;
mod refusal;
mod serve;

use std::sync::OnceLock;

pub use limits::OUT_OF_MEMORY;
pub(crate) use reader::{SandboxedReader, open_isolated_file};
pub(crate) use serve::{SandboxedFile, serve_file};

/// First argument of the process that opens a file.
static FIRST_ARGUMENT: OnceLock<&str> = OnceLock::new();

/// Has files opened, from now on, by this program's executable started again with `first_argument` before the others, upon
/// which it must call a `serve` function with those others. Only the first call counts.
pub fn enable_isolation(first_argument: &'static str) {
    // A second caller in the same process is the same program, so its argument starts the same executable.
    let _ = FIRST_ARGUMENT.set(first_argument);
}

/// First argument that [`enable_isolation`] was called with; none before.
pub(crate) fn first_argument() -> Option<&'static str> {
    FIRST_ARGUMENT.get().copied()
}
