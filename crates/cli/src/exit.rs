//! Ending the program at once.
//!
//! When a process returns from `main`, libtorch takes back every operator that it registered when it was loaded, which
//! takes longer than many a command does. The system frees all of it anyway; nothing here waits for it.

// SAFETY: `_exit` is POSIX's, takes an int by value, touches no memory of this process and never returns. What it skips
// are destructors of globals and functions registered with `atexit`; this program has none that matter: stages have
// synced and renamed what they wrote by the time that a command returns, and the standard streams are flushed below.
#[allow(unsafe_code)]
unsafe extern "C" {
    safe fn _exit(code: i32) -> !;
}

/// Flushes the standard streams and ends the program; the exit code is 1 where 0 is asked for and a result was lost.
pub fn flush_and_exit(code: u8) -> ! {
    let code = match crate::console::flush_output() {
        // A result cut short is none.
        false if code == 0 => 1,
        _ => code,
    };
    exit_now(code)
}

/// Ends the program with an exit code and writes nothing more.
pub(crate) fn exit_now(code: u8) -> ! {
    _exit(i32::from(code))
}
