//! Results on standard output. Whoever reads them may stop reading, as `head` does; that is no error.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Prints to standard output.
pub fn emit(text: Arguments<'_>) {
    match std::io::stdout().lock().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => eprintln!("error: standard output: {error}"),
        _ => {}
    }
}

/// `print!` that forgives a reader who left.
macro_rules! out {
    ($($text:tt)*) => { $crate::out::emit(format_args!($($text)*)) };
}

/// `println!` that forgives a reader who left.
macro_rules! outln {
    ($($text:tt)*) => { $crate::out::emit(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {out, outln};
