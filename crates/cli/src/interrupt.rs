//! Ctrl-C and SIGTERM: the first asks for a stop at the next safe point, the second ends the program at once.
//!
//! The second ends it from within the signal handler, by `_exit`. Any other way would run the destructors of libtorch's
//! global objects while threads still compute with them, which ends in a C++ exception or a segmentation fault.

use crate::console;
use ecgfm_pipeline::{Cancel, Error, ErrorKind};
use nix::sys::signal::{SigSet, Signal};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Signals that ask for a stop.
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Number that shells add to a signal's to make an exit code.
const ENDED_BY_SIGNAL: i32 = 128;

/// Time after which it is told that the stop takes long. Schedulers wait 30 s and more before they kill.
const SOON: Duration = Duration::from_secs(10);

/// Set where the next signal ends the program at once.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// Number of the first signal; 0 before it.
static FIRST: AtomicUsize = AtomicUsize::new(0);

/// Handles both signals from here on; the flag that the first of them raises.
pub(crate) fn handle_signals() -> Cancel {
    let cancel = Cancel::default();
    if let Err(error) = register_handlers(&cancel) {
        tracing::warn!("interruptions will not be handled: {error}");
    }
    // Held back by the program that this one took the place of.
    let _ = stop_signals().thread_unblock();
    cancel
}

fn register_handlers(cancel: &Cancel) -> io::Result<()> {
    for signal in SIGNALS {
        // In this order: the action that ends the program must not see the flag of its own signal.
        flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, &AT_ONCE)?;
        flag::register(signal, &AT_ONCE)?;
        flag::register_usize(signal, &FIRST, usize::try_from(signal).unwrap_or_default())?;
        flag::register(signal, cancel.flag())?;
    }
    let mut signals = Signals::new(SIGNALS)?;
    let tell = move || {
        if signals.forever().next().is_some() {
            console::println_stderr!("stopping at the next safe point; once more to stop at once");
            std::thread::sleep(SOON);
            let seconds = SOON.as_secs();
            console::println_stderr!(
                "still at work {seconds} s after the signal: what is in hand takes long; once more to stop at once"
            );
        }
    };
    let named = std::thread::Builder::new().name("signals".to_owned());
    named.spawn(tell).map(drop)
}

/// The exit code of a run that was interrupted: 130 after Ctrl-C, 143 after SIGTERM.
pub(crate) fn exit_code() -> u8 {
    let first = FIRST.load(Ordering::SeqCst);
    match i32::try_from(first) {
        Ok(SIGTERM) => exit_code_of(SIGTERM),
        _ => exit_code_of(SIGINT),
    }
}

fn exit_code_of(signal: i32) -> u8 {
    u8::try_from(ENDED_BY_SIGNAL + signal).unwrap_or(u8::MAX)
}

/// Prepares for another program to take this one's place. A signal that comes from now on waits until that program handles
/// signals; one that reaches another thread of this program ends it at once.
///
/// # Errors
/// When a signal has come already.
pub(crate) fn block_signals() -> Result<(), Error> {
    let _ = stop_signals().thread_block();
    if !AT_ONCE.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Interrupted, "interrupted before anything was run");
    Err(error.help("run the same command again"))
}

/// Undoes [`block_signals`] where the other program did not start.
pub(crate) fn unblock_signals() {
    AT_ONCE.store(false, Ordering::SeqCst);
    let _ = stop_signals().thread_unblock();
}

fn stop_signals() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM].into_iter().collect()
}
