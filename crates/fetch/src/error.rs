//! What can go wrong, and what to do about it.

use ecgfm_stage::{FailureClass, StageFailure};
use std::path::{Path, PathBuf};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The catalogue has no such entry.
    #[error("no source is called `{name}`; there are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The source has no such part.
    #[error("`{name}` has no part {part}; its parts are {known}")]
    UnknownPart {
        /// The source.
        name: String,
        /// The part asked for.
        part: u32,
        /// Those there are.
        known: String,
    },
    /// A catalogue file is broken.
    #[error("catalogue entry: {0}")]
    Catalogue(#[from] serde_yaml::Error),
    /// An option makes no sense.
    #[error("{what} `{value}`: {reason}")]
    Setting {
        /// Which.
        what: &'static str,
        /// As given.
        value: String,
        /// Reason.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No space is left for a file.
    #[error("{}: the disk is full; free some space and run again, what is there is kept", path.display())]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
    },
    /// Another process works on the same file.
    #[error("{}: another process is fetching this file; wait for it, or stop it", path.display())]
    Busy {
        /// The file that it holds.
        path: PathBuf,
    },
    /// The server could not be reached, or the connection broke too often.
    #[error("{url}: {reason}; run again to go on, or get it by hand:\n{by_hand}")]
    Unreachable {
        /// Address of the request.
        url: String,
        /// Reason.
        reason: String,
        /// Instructions for downloading by hand.
        by_hand: String,
    },
    /// The server answered, but not with the file.
    #[error("{url}: the server answered {status}: {reason}\n{by_hand}")]
    Refused {
        /// Address of the request.
        url: String,
        /// The HTTP status.
        status: u16,
        /// Meaning of the status, and advice.
        reason: String,
        /// Instructions for downloading by hand.
        by_hand: String,
    },
    /// The server sends us somewhere we do not go.
    #[error("{url}: {reason}")]
    Redirect {
        /// Address of the request.
        url: String,
        /// Reason.
        reason: String,
    },
    /// The server says something that makes no sense or cannot be trusted.
    #[error("{url}: {reason}")]
    Protocol {
        /// Address of the request.
        url: String,
        /// What it is.
        reason: String,
    },
    /// More bytes than we are willing to store.
    #[error("{of}: {size} bytes or more, and the limit is {limit}; raise the limit if that is right")]
    TooLarge {
        /// URL, or archive and member.
        of: String,
        /// The size, as far as it is known.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A file has another size than the publisher states.
    #[error(
        "{of}: {found} bytes, and {expected} are published; it is another file or incomplete: if it lies on disk, \
         delete it, and run again"
    )]
    Size {
        /// URL or path.
        of: String,
        /// Bytes published.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// A file has another checksum than the publisher states.
    #[error(
        "{of}: its {algorithm} is {found}, and {expected} is published; it is damaged or another file. \
         A download is discarded: run again. A file put there by hand: delete it, and run again"
    )]
    Checksum {
        /// URL or path.
        of: String,
        /// `SHA-256` or `MD5`.
        algorithm: &'static str,
        /// As published.
        expected: String,
        /// As found.
        found: String,
    },
    /// A file is another than the one that was fetched into this place before.
    #[error(
        "{of}: SHA-256 {found}{}, but the file fetched before was {expected} ({expected_size} bytes), as {} says; \
         restore that file, or delete both to accept the new one", bytes(*found_size), pin.display()
    )]
    Pinned {
        /// URL or path.
        of: String,
        /// Where the first file's size and checksum are kept.
        pin: PathBuf,
        /// SHA-256 of the first.
        expected: String,
        /// Size of the first file, in bytes.
        expected_size: u64,
        /// SHA-256 now.
        found: String,
        /// Size now, where it is known.
        found_size: Option<u64>,
    },
    /// A file beside a fetched one does not say what it should.
    #[error("{}: not what was written there: {reason}; delete it to accept the file as it is published now", path.display())]
    BadPin {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
    /// An archive does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Reason, and advice.
        reason: String,
    },
    /// Asked to stop.
    #[error("stopped; run again to go on")]
    Cancelled,
}

fn bytes(size: Option<u64>) -> String {
    size.map_or_else(String::new, |n| format!(" ({n} bytes)"))
}

/// For `map_err`: names the file and what was tried, and tells a full disk from other failures.
pub(crate) fn io(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Error::DiskFull { path: path.clone() }
        }
        _ => Error::Io {
            path: path.clone(),
            action,
            source,
        },
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_full_disk_is_named() {
        let path = Path::new("/dev/full");
        let mut full = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let error = full.write_all(b"x").map_err(io(path, "write")).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }));
        assert!(error.to_string().starts_with("/dev/full: the disk is full"));
    }
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Unknown { .. } | Self::UnknownPart { .. } | Self::Setting { .. } => FailureClass::Config,
            Self::TooLarge { .. }
            | Self::Size { .. }
            | Self::Checksum { .. }
            | Self::Pinned { .. }
            | Self::BadPin { .. }
            | Self::Archive { .. } => FailureClass::BadInput,
            Self::Cancelled => FailureClass::Interrupted,
            Self::Catalogue(_)
            | Self::Io { .. }
            | Self::DiskFull { .. }
            | Self::Busy { .. }
            | Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::Redirect { .. }
            | Self::Protocol { .. } => FailureClass::Failed,
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Refused {
                status: 401 | 403, ..
            } => "set HF_TOKEN to an access token of the model hub",
            Self::TooLarge { .. } => "--max-gib raises the limit",
            Self::Unreachable { .. } => {
                "behind a proxy set HTTPS_PROXY, and SSL_CERT_FILE if it inspects traffic"
            }
            _ => return None,
        };
        Some(help.to_owned())
    }
}
