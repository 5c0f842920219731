//! For tests: somebody may look, and stop, whenever bytes of a file are about to be handed to the operating system.

use std::io;
use std::path::Path;

/// Told of a file that bytes are about to be written to. Its error is that of writing.
pub type Watcher = fn(&Path) -> io::Result<()>;

#[cfg(feature = "failpoints")]
static WATCHER: std::sync::OnceLock<Watcher> = std::sync::OnceLock::new();

/// Lets `watcher` see every writing of [`crate::pages`] and [`crate::npy`], on whatever thread it is done. Does nothing
/// without the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
pub fn watch(watcher: Watcher) {
    #[cfg(feature = "failpoints")]
    WATCHER.get_or_init(|| watcher);
}

/// Passed right before bytes are handed over.
#[cfg_attr(not(feature = "failpoints"), allow(unused_variables))]
#[inline(always)]
pub(crate) fn bytes_of(path: &Path) -> io::Result<()> {
    #[cfg(feature = "failpoints")]
    if let Some(watcher) = WATCHER.get() {
        return watcher(path);
    }
    Ok(())
}
