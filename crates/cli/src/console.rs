//! Results on standard output, everything else on standard error.
//!
//! Whoever reads them may stop reading, as `head` does, or be gone, as a closed terminal is; that is no error of ours.
//! A result that could not be written is one: the program then does not end as if all were well.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Set where a result was lost.
static RESULT_LOST: AtomicBool = AtomicBool::new(false);

/// Prints to standard output.
pub fn write_stdout(text: Arguments<'_>) {
    record_failure(std::io::stdout().lock().write_fmt(text));
}

/// Prints to standard error. A failure is ignored: there is no other place to report it.
pub fn write_stderr(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// Says if standard error is a terminal whose user wants colours: a log file with escape codes in it is hard to search.
pub(crate) fn colours_on_stderr() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !unwanted
}

/// Flushes both streams; says if all of standard output was written since the program began.
pub fn flush_output() -> bool {
    record_failure(std::io::stdout().lock().flush());
    let _ = std::io::stderr().flush();
    !RESULT_LOST.load(Ordering::SeqCst)
}

/// Reports the first failed write on standard error; a reader that left is no failure.
fn record_failure(written: Result<(), Error>) {
    let lost = written
        .err()
        .filter(|error| error.kind() != ErrorKind::BrokenPipe);
    if let Some(error) = lost
        && !RESULT_LOST.swap(true, Ordering::SeqCst)
    {
        write_stderr(format_args!("error: standard output: {error}\n"));
    }
}

/// `print!` that forgives a reader who left.
macro_rules! print_stdout {
    ($($text:tt)*) => { $crate::console::write_stdout(format_args!($($text)*)) };
}

/// `println!` that forgives a reader who left.
macro_rules! println_stdout {
    ($($text:tt)*) => { $crate::console::write_stdout(format_args!("{}\n", format_args!($($text)*))) };
}

/// `eprintln!` that forgives a terminal that was closed.
macro_rules! println_stderr {
    ($($text:tt)*) => { $crate::console::write_stderr(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {print_stdout, println_stderr, println_stdout};
