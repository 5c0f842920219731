//! Errors of this crate in the form in which they pass from one process to the other, and back.

use crate::error::Error;
use crate::tracings::description::ReadRefusal;
use std::io;
use std::path::Path;

/// Form in which `error` is sent.
pub(super) fn to_refusal(error: &Error) -> ReadRefusal {
    match error {
        Error::Malformed {
            place, what, help, ..
        } => ReadRefusal::Malformed([place.clone(), what.clone(), help.clone()]),
        Error::Unsupported {
            place, what, help, ..
        } => ReadRefusal::Unsupported([place.clone(), what.clone(), help.clone()]),
        Error::Missing { name, available, .. } => ReadRefusal::Missing([name.clone(), available.clone()]),
        Error::Io { source, .. } if error.fault().is_some() => {
            // Only the number passes: an error of the standard library without one is its own word for no memory.
            let out_of_memory = rustix::io::Errno::NOMEM.raw_os_error();
            ReadRefusal::System(source.raw_os_error().unwrap_or(out_of_memory))
        }
        Error::Io { action, source, .. } => ReadRefusal::Malformed([
            "start".to_owned(),
            format!("cannot {action} it: {source}"),
            "check that it is there and may be read".to_owned(),
        ]),
        Error::Request { what, .. } => ReadRefusal::Malformed([
            "row".to_owned(),
            what.clone(),
            "ask for a row that is there".to_owned(),
        ]),
    }
}

/// The error that was sent, about the file at `path`.
pub(super) fn to_error(path: &Path, refusal: ReadRefusal) -> Error {
    match refusal {
        ReadRefusal::Malformed([place, what, help]) => Error::malformed(path, place, what, help),
        ReadRefusal::Unsupported([place, what, help]) => Error::unsupported(path, place, what, help),
        ReadRefusal::Missing([name, available]) => Error::missing(path, &name, &[&available]),
        ReadRefusal::System(number) => Error::io("read", path)(io::Error::from_raw_os_error(number)),
    }
}
