//! Errors of fetching, with advice.

use ecgfm_stage::{FailureClass, StageFailure};
use std::path::{Path, PathBuf};

/// Error of fetching or checking files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The catalogue has no such entry.
    #[error("no source is called `{name}`; there are {known}")]
    Unknown {
        /// Name that was asked for.
        name: String,
        /// Names or parts that exist.
        known: String,
    },
    /// The source has no such part.
    #[error("`{name}` has no part {part}; its parts are {known}")]
    UnknownPart {
        /// The source.
        name: String,
        /// The part asked for.
        part: u32,
        /// Names or parts that exist.
        known: String,
    },
    /// A catalogue file is broken.
    #[error("catalogue entry: {0}")]
    Catalogue(#[from] serde_yaml::Error),
    /// The description of a model is broken.
    #[error("{0}")]
    Description(String),
    /// The files of a model are described wrongly.
    #[error("{name}: {problem}")]
    Model {
        /// The model.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// No address of a source's files is known.
    #[error("`{name}`: where its files can be downloaded from is not known to this program\n{instructions}")]
    NoAddress {
        /// The source.
        name: String,
        /// What to do by hand.
        instructions: String,
    },
    /// An option is invalid.
    #[error("{what} `{value}`: {reason}")]
    Setting {
        /// Option.
        what: &'static str,
        /// Value of the option.
        value: String,
        /// Reason.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Action that failed.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No space is left for a file.
    #[error("{}: the disk is full; free some space and run again; bytes downloaded so far are kept", path.display())]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
    },
    /// Another process works on the same file.
    #[error("{}: another process is fetching this file; wait for it, or stop it", path.display())]
    Busy {
        /// File that it has locked.
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
        /// Advice where the host asks for a login.
        login: Option<String>,
    },
    /// The server redirects to an address that is not followed.
    #[error("{url}: {reason}")]
    Redirect {
        /// Address of the request.
        url: String,
        /// Reason.
        reason: String,
    },
    /// The server's answer contradicts HTTP or cannot be trusted.
    #[error("{url}: {reason}")]
    Protocol {
        /// Address of the request.
        url: String,
        /// Title for a person.
        reason: String,
    },
    /// A file is larger than the limit.
    #[error("{of}: {size} bytes or more, and the limit is {limit}; raise the limit if that is right")]
    TooLarge {
        /// URL, or archive and member.
        of: String,
        /// Size, as far as it is known.
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
    /// A file differs from the one that was fetched to this path before.
    #[error(
        "{of}: SHA-256 {found}{}, but the file fetched before was {expected} ({expected_size} bytes), as {} says; \
         restore that file, or delete both to accept the new one", size_text(*found_size), pin.display()
    )]
    Pinned {
        /// URL or path.
        of: String,
        /// Path of the record of the first file's size and checksum.
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
    /// The record of a fetched file cannot be read.
    #[error("{}: not what was written there: {reason}; delete it to accept the file as it is published now", path.display())]
    BadPin {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
    /// An archive does not hold the expected file.
    #[error("{}: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Reason, and advice.
        reason: String,
    },
    /// The caller has asked to stop.
    #[error("stopped; run again to go on")]
    Cancelled,
}

fn size_text(size: Option<u64>) -> String {
    size.map_or_else(String::new, |n| format!(" ({n} bytes)"))
}

/// Returns a function for `map_err` that names the file and the action, and recognises a full disk.
pub(crate) fn io_error(path: &Path, action: &'static str) -> impl Fn(std::io::Error) -> Error + use<> {
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
        let error = full.write_all(b"x").map_err(io_error(path, "write")).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }));
        assert!(error.to_string().starts_with("/dev/full: the disk is full"));
    }
}

impl StageFailure for Error {
    fn class(&self) -> FailureClass {
        match self {
            Self::Unknown { .. }
            | Self::UnknownPart { .. }
            | Self::Setting { .. }
            | Self::Description(_)
            | Self::Model { .. }
            | Self::NoAddress { .. } => FailureClass::Config,
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
                login: Some(login), ..
            } => login.as_str(),
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
