//! For tests: somebody may look, and stop, whenever a step of writing a file is about to be taken.

use std::io;
use std::path::Path;

/// What is about to be done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is made, under a temporary name.
    Create,
    /// Some of its bytes are handed to the system: of what [`crate::pages`] and [`crate::npy`] write, on whatever thread.
    Bytes,
    /// It is written.
    Written,
    /// It gets its name.
    Rename,
    /// It has its name.
    Done,
}

/// Told of every step before it is taken; the path is the file as it is named then. Its error is the step's.
pub type Watcher = fn(Step, &Path) -> io::Result<()>;

#[cfg(feature = "failpoints")]
static WATCHER: std::sync::OnceLock<Watcher> = std::sync::OnceLock::new();

/// Lets `watcher` see every step of every file. Does nothing without the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
pub fn watch(watcher: Watcher) {
    #[cfg(feature = "failpoints")]
    WATCHER.get_or_init(|| watcher);
}

/// To be passed right before a step, by whoever writes a file.
///
/// # Errors
/// The watcher's; never without the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
#[inline(always)]
pub fn at(step: Step, path: &Path) -> io::Result<()> {
    #[cfg(feature = "failpoints")]
    if let Some(watcher) = WATCHER.get() {
        return watcher(step, path);
    }
    Ok(())
}
