//! Results on standard output, everything else on standard error.
//!
//! Whoever reads them may stop reading, as `head` does, or be gone, as a closed terminal is; that is no error of ours.
//! A result that could not be written is one: the program then does not end as if all were well.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a result was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints to standard output.
pub fn emit(text: Arguments<'_>) {
    note(std::io::stdout().lock().write_fmt(text));
}

/// Prints to standard error. Where that cannot be written to, there is nobody to tell.
pub fn tell(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// Whether standard error is a terminal whose user wants colours: a log file with escape codes in it is hard to search.
pub(crate) fn colours_on_stderr() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !unwanted
}

/// Writes out what standard output still holds back; whether all of it was written since the program began.
pub fn finish() -> bool {
    note(std::io::stdout().lock().flush());
    let _ = std::io::stderr().flush();
    !LOST.load(Ordering::SeqCst)
}

fn note(written: Result<(), Error>) {
    let lost = written
        .err()
        .filter(|error| error.kind() != ErrorKind::BrokenPipe);
    if let Some(error) = lost
        && !LOST.swap(true, Ordering::SeqCst)
    {
        tell(format_args!("error: standard output: {error}\n"));
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

/// `eprintln!` that forgives a terminal that was closed.
macro_rules! errln {
    ($($text:tt)*) => { $crate::out::tell(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {errln, out, outln};
