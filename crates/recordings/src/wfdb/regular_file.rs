//! Opening files that a record names: regular ones only.

use super::error::{io_error, not_regular};
use ecgfm_formats::Result;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens the file at `path`, and says how many bytes it has; none where there is no file.
///
/// # Errors
/// I/O; a directory, a pipe or a device. A pipe is not waited for.
pub(super) fn open_regular(path: &Path) -> Result<Option<(File, u64)>> {
    let mut options = OpenOptions::new();
    // Opening a pipe would wait for a writer.
    options
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // Sockets and some devices cannot be opened at all.
        Err(_) if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) => {
            return Err(not_regular(path));
        }
        Err(error) => return Err(io_error("open", path)(error)),
    };
    let metadata = file.metadata().map_err(io_error("open", path))?;
    match metadata.is_file() {
        true => Ok(Some((file, metadata.len()))),
        false => Err(not_regular(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_file_is_opened_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(open_regular(&file).unwrap().map(|(_, bytes)| bytes), Some(3));
        assert!(open_regular(&dir.path().join("b")).unwrap().is_none());
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("s")).unwrap();
        for other in [dir.path().to_owned(), dir.path().join("s"), "/dev/null".into()] {
            let error = open_regular(&other).unwrap_err().to_string();
            assert!(error.contains("not a regular file"), "{error}");
        }
        assert!(open_regular(&file.join("b")).is_err());
    }
}
