//! Progress of one file of a download, reported to the caller.

use ecgfm_stage::{NoProgress, Progress};

/// Progress, and the name of the file that is in work.
#[derive(Clone, Copy)]
pub(crate) struct FileProgress<'a> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) file: &'a str,
}

impl<'a> FileProgress<'a> {
    /// Progress of `file` that reports nothing.
    pub(crate) fn silent(file: &'a str) -> Self {
        Self {
            progress: &NoProgress,
            file,
        }
    }

    /// Begins a task on the file, such as "downloading": `done` of `total` bytes are there already.
    pub(crate) fn begin(&self, task: &str, done: u64, total: Option<u64>) {
        let size = total.map_or_else(String::new, |total| format!(" {}", size_of(total)));
        let from = if done > 0 {
            format!(" from {}", size_of(done))
        } else {
            String::new()
        };
        self.note(&format!("{task}{size}{from}"));
        // Only the rest counts: bytes that exist already would make the rate, and the time left, look better than they are.
        self.progress
            .begin(total.unwrap_or(0).saturating_sub(done), "bytes");
    }

    /// Reports `bytes` more bytes.
    pub(crate) fn advance(&self, bytes: usize) {
        self.progress.advance(bytes as u64);
    }

    /// Reports something that a person wants to know, such as that a connection broke and is tried again.
    pub(crate) fn note(&self, message: &str) {
        self.progress.note(&format!("{}: {message}", self.file));
    }
}

/// Bytes in the largest unit that leaves a number of at least 1: `1.50 GiB`.
fn size_of(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{size:.2} {unit}")
    }
}
