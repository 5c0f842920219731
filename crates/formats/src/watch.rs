//! For tests: a watcher that sees, and can stop, each step of writing a file before it is taken.

use ecgfm_system::replace::ReplaceStep;
use std::io;
use std::path::Path;

/// Step of writing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteStep {
    /// The file is created, under a temporary name.
    Create,
    /// Bytes are written by [`crate::pages`] or [`crate::npy`], on any thread.
    Bytes,
    /// The bytes are written, all of them.
    Written,
    /// The file is renamed to its final name.
    Rename,
    /// The file has its final name.
    Done,
}

impl From<ReplaceStep> for WriteStep {
    fn from(step: ReplaceStep) -> Self {
        match step {
            ReplaceStep::Create => Self::Create,
            ReplaceStep::Written => Self::Written,
            ReplaceStep::Rename => Self::Rename,
            ReplaceStep::Renamed => Self::Done,
        }
    }
}

/// Function that is called before every step with the file's path at that time. Its error becomes the step's.
pub type Watcher = fn(WriteStep, &Path) -> io::Result<()>;

#[cfg(feature = "failpoints")]
static WATCHER: std::sync::OnceLock<Watcher> = std::sync::OnceLock::new();

/// Has `watcher` called before every step of every file. Does nothing without the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
pub fn set_watcher(watcher: Watcher) {
    #[cfg(feature = "failpoints")]
    WATCHER.get_or_init(|| watcher);
}

/// Calls the watcher, if there is one. Code that writes a file calls this right before each step.
///
/// # Errors
/// The watcher's; never without the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
#[inline(always)]
pub fn before_step(step: WriteStep, path: &Path) -> io::Result<()> {
    #[cfg(feature = "failpoints")]
    if let Some(watcher) = WATCHER.get() {
        return watcher(step, path);
    }
    Ok(())
}
