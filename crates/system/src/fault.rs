//! Kinds of faults, how an error is recognised as one, and what to do about each.

use rustix::io::Errno;
use std::error::Error;
use std::io::{self, ErrorKind};

/// A fault of the system: the same work on the same data succeeds once it is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process, or the machine, has as many files open as it may.
    TooManyFiles,
    /// The user runs as many processes and threads as they may.
    TooManyProcesses,
    /// The user may not read or write it.
    NoPermission,
    /// There is no more memory, or the process may use no more.
    NoMemory,
    /// No space is left on a disk.
    DiskFull,
    /// The user's share of a disk is used up.
    QuotaUsedUp,
    /// A disk takes no writes.
    ReadOnly,
    /// A file would be longer than the user, or the disk, allows.
    FileTooLong,
    /// A disk, or the server that it is on, fails or does not answer.
    DiskFails,
}

/// Errors by number, where the standard library's kind does not say enough.
const NUMBERS: [(Errno, Fault); 13] = [
    (Errno::MFILE, Fault::TooManyFiles),
    (Errno::NFILE, Fault::TooManyFiles),
    (Errno::AGAIN, Fault::TooManyProcesses),
    (Errno::NOMEM, Fault::NoMemory),
    (Errno::FBIG, Fault::FileTooLong),
    (Errno::IO, Fault::DiskFails),
    (Errno::STALE, Fault::DiskFails),
    (Errno::NODEV, Fault::DiskFails),
    (Errno::NXIO, Fault::DiskFails),
    (Errno::NOTCONN, Fault::DiskFails),
    (Errno::HOSTDOWN, Fault::DiskFails),
    (Errno::TIMEDOUT, Fault::DiskFails),
    (Errno::DQUOT, Fault::QuotaUsedUp),
];

/// Errors that libraries in C and C++ pass on as text.
const TEXTS: [(Errno, Fault); 10] = [
    (Errno::MFILE, Fault::TooManyFiles),
    (Errno::NFILE, Fault::TooManyFiles),
    (Errno::AGAIN, Fault::TooManyProcesses),
    (Errno::ACCESS, Fault::NoPermission),
    (Errno::NOMEM, Fault::NoMemory),
    (Errno::NOSPC, Fault::DiskFull),
    (Errno::DQUOT, Fault::QuotaUsedUp),
    (Errno::ROFS, Fault::ReadOnly),
    (Errno::IO, Fault::DiskFails),
    (Errno::STALE, Fault::DiskFails),
];

impl Fault {
    /// The fault that an error of the system is, if it is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::PermissionDenied => return Some(Self::NoPermission),
            ErrorKind::OutOfMemory => return Some(Self::NoMemory),
            ErrorKind::StorageFull => return Some(Self::DiskFull),
            ErrorKind::QuotaExceeded => return Some(Self::QuotaUsedUp),
            ErrorKind::ReadOnlyFilesystem => return Some(Self::ReadOnly),
            ErrorKind::FileTooLarge => return Some(Self::FileTooLong),
            ErrorKind::StaleNetworkFileHandle => return Some(Self::DiskFails),
            _ => {}
        }
        if let Some(number) = error.raw_os_error() {
            let known = NUMBERS.iter().find(|(errno, _)| errno.raw_os_error() == number);
            return known.map(|(_, fault)| *fault);
        }
        // An error of the system in an error that names what was done.
        error.get_ref().and_then(|inner| Self::in_chain(inner))
    }

    /// The fault that `error`, or what caused it, is.
    #[must_use]
    pub fn in_chain(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<io::Error>().and_then(Self::of) {
                return Some(fault);
            }
            next = error.source();
        }
        None
    }

    /// The fault that a message of a library in C or C++ tells: by number (`errno = 24`) or in the system's words.
    #[must_use]
    pub fn in_text(message: &str) -> Option<Self> {
        let number = message.split_once("errno = ").and_then(|(_, rest)| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        });
        if let Some(fault) = number.and_then(|n: i32| Self::of(&io::Error::from_raw_os_error(n))) {
            return Some(fault);
        }
        let told = TEXTS.iter().find(|(errno, _)| {
            let text = io::Error::from(*errno).to_string();
            message.contains(text.split(" (os error").next().unwrap_or(&text))
        });
        told.map(|(_, fault)| *fault)
    }

    /// Says if the fault may pass without anybody changing how the program is run: a scheduler may start it again, perhaps on another
    /// machine.
    #[must_use]
    pub fn may_pass(self) -> bool {
        match self {
            Self::DiskFull | Self::QuotaUsedUp | Self::DiskFails => true,
            Self::TooManyFiles
            | Self::TooManyProcesses
            | Self::NoPermission
            | Self::NoMemory
            | Self::ReadOnly
            | Self::FileTooLong => false,
        }
    }

    /// Advice on what to do. For use behind a message that names the file and the system's reason.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::TooManyFiles => {
                "allow this program more open files (`ulimit -n 4096` in the shell that starts it), and run again"
            }
            Self::TooManyProcesses => {
                "allow yourself more processes and threads (`ulimit -u`) or more memory for them (`ulimit -v`), or use fewer \
                 `threads`, and run again"
            }
            Self::NoPermission => {
                "`ls -l` shows who owns it and who may use it: get the right to read it, or to write it where results go, and run again"
            }
            Self::NoMemory => {
                "allow this program more memory (`ulimit -v`, `ulimit -d`, or the limit of the batch job or container), \
                 or use fewer `threads`, and run again"
            }
            Self::DiskFull => {
                "free some space on the disk that holds it, and run again; finished stages stay"
            }
            Self::QuotaUsedUp => {
                "your quota on that disk is used up: free some of it, and run again; finished stages stay"
            }
            Self::ReadOnly => "that disk takes no writes: make it writable, or choose another --workdir",
            Self::FileTooLong => {
                "allow this program longer files (`ulimit -f`), or choose a disk that can hold them, and run again"
            }
            Self::DiskFails => {
                "the disk that holds it fails or has gone: look at the system's log, and run again; finished stages stay"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_recognised_by_number_and_has_advice() {
        for (errno, fault) in NUMBERS.iter().chain(&TEXTS) {
            let error = io::Error::from(*errno);
            assert_eq!(Fault::of(&error), Some(*fault), "{error}");
            assert!(!fault.advice().is_empty());
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_no_fault_of_the_system() {
        for errno in [
            Errno::NOENT,
            Errno::ISDIR,
            Errno::NOTDIR,
            Errno::INVAL,
            Errno::EXIST,
            Errno::PIPE,
        ] {
            assert_eq!(Fault::of(&io::Error::from(errno)), None, "{errno:?}");
        }
        for kind in [
            ErrorKind::UnexpectedEof,
            ErrorKind::InvalidData,
            ErrorKind::Interrupted,
        ] {
            assert_eq!(Fault::of(&io::Error::from(kind)), None, "{kind:?}");
        }
    }

    #[test]
    fn a_fault_is_found_inside_other_errors_and_in_text() {
        let inner = io::Error::from(Errno::MFILE);
        let outer = io::Error::other(inner);
        assert_eq!(Fault::in_chain(&outer), Some(Fault::TooManyFiles));
        for (text, fault) in [
            (
                "unable to open file: name = 'a', errno = 13, error message = 'Permission denied'",
                Some(Fault::NoPermission),
            ),
            ("write failed: No space left on device", Some(Fault::DiskFull)),
            ("errno = 2, error message = 'No such file or directory'", None),
            ("bad magic number", None),
        ] {
            assert_eq!(Fault::in_text(text), fault, "{text}");
        }
    }
}
