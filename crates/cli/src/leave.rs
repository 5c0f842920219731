//! Ending the program at once.
//!
//! When a process returns from `main`, libtorch takes back every operator that it registered when it was loaded, which
//! takes longer than many a command does. The system frees all of it anyway; nothing here waits for it.

use std::io::Write;

// SAFETY: `_exit` is POSIX's, takes an int by value, touches no memory of this process and never returns. What it skips
// are destructors of globals and functions registered with `atexit`; this program has none that matter: stages have
// synced and renamed what they wrote by the time that a command returns, and the standard streams are flushed below.
#[allow(unsafe_code)]
unsafe extern "C" {
    safe fn _exit(code: i32) -> !;
}

/// Ends the program with an exit code.
pub fn with(code: u8) -> ! {
    // Whoever read the output may be gone; there is nobody to tell.
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().flush();
    _exit(i32::from(code))
}
