//! Files of a source that its publisher's list names.

use crate::Error;
use crate::catalogue::DataSource;
use crate::checksum_list::ChecksumList;
use crate::error::io_error;
use crate::source_file::{FileOrigin, SourceFile};
use std::io::ErrorKind;
use std::path::Path;

impl DataSource {
    /// The source with the files that its list, in the directory `dir`, names; as it is where there is none.
    ///
    /// # Errors
    /// The list cannot be read, or is none.
    pub fn with_listed_files(&self, dir: &Path) -> Result<Self, Error> {
        let Some(list) = &self.checksums else {
            return Ok(self.clone());
        };
        let path = dir.join(list.name());
        match std::fs::read_to_string(&path) {
            Ok(text) => self.with_list(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(self.clone()),
            Err(error) => Err(io_error(&path, "read")(error)),
        }
    }

    /// The source with its list, and the files that this names.
    pub(crate) fn with_list(&self, text: &str) -> Result<Self, Error> {
        let mut whole = self.clone();
        if let Some(list) = &self.checksums {
            whole.files = vec![list_as_file(list)];
            whole
                .files
                .extend(list.files(text)?.into_iter().map(|file| SourceFile {
                    name: file.name,
                    part: file.part,
                    origin: FileOrigin::Url(file.url),
                    size: None,
                    sha256: Some(file.sha256),
                    md5: None,
                }));
        }
        Ok(whole)
    }
}

/// The list itself, as a file of the source.
pub(crate) fn list_as_file(list: &ChecksumList) -> SourceFile {
    SourceFile {
        name: list.name().to_owned(),
        part: None,
        origin: FileOrigin::Url(list.url.clone()),
        size: None,
        sha256: None,
        md5: None,
    }
}
