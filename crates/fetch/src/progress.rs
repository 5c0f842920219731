//! How a caller hears of what goes on, and stops it.

/// What is being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is being downloaded.
    Download,
    /// It is being read to compare its checksum.
    Check,
    /// It is being unpacked.
    Unpack,
}

/// Hears of progress. Every method does nothing unless it is overridden.
pub trait Progress {
    /// A step began; `done` of `total` bytes are there already.
    fn began(&self, file: &str, step: Step, done: u64, total: Option<u64>) {
        let _ = (file, step, done, total);
    }

    /// That many bytes more.
    fn advanced(&self, bytes: u64) {
        let _ = bytes;
    }

    /// The step ended, well or not.
    fn ended(&self) {}

    /// Something a person wants to know, such as that a connection broke and is tried again.
    fn note(&self, file: &str, message: &str) {
        let _ = (file, message);
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
