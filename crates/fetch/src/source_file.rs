//! File of a source: its name on disk, its address, its checksum.

use crate::hexadecimal::is_hexadecimal;
use ecgfm_stage_params::WeightsFile;
use serde::{Deserialize, Serialize};

/// Model hub of files in repositories, unless [`crate::FetchOptions::hub`] names another.
pub const HUB: &str = "https://huggingface.co";

/// Address at which a file is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOrigin {
    /// At a plain address.
    Url(String),
    /// In a repository of the model hub.
    Hub {
        /// Owner and name.
        repository: String,
        /// Branch, tag or commit.
        revision: String,
        /// Path in the repository.
        file: String,
    },
}

/// File of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FileEntry", into = "FileEntry")]
pub struct SourceFile {
    /// Name on disk.
    pub name: String,
    /// Number of the part, for a dataset in parts. A file without one belongs to every part.
    pub part: Option<u32>,
    /// Address; that of an archive to unpack where `DataSource::archive` says so.
    pub origin: FileOrigin,
    /// Size of the published file in bytes, where the publisher states one.
    pub size: Option<u64>,
    /// SHA-256 of the published file in lower-case hexadecimal, where the publisher states one.
    pub sha256: Option<String>,
    /// MD5 of the published file, where the publisher states no better checksum.
    pub md5: Option<String>,
}

impl SourceFile {
    /// Address of the file, on the model hub `hub` if it is in a repository.
    #[must_use]
    pub fn url(&self, hub: &str) -> String {
        match &self.origin {
            FileOrigin::Url(url) => url.clone(),
            FileOrigin::Hub {
                repository,
                revision,
                file,
            } => format!(
                "{}/{repository}/resolve/{revision}/{file}",
                hub.trim_end_matches('/')
            ),
        }
    }

    /// Name of the published file: the last part of its address.
    pub(crate) fn published_name(&self) -> &str {
        let whole = match &self.origin {
            FileOrigin::Url(url) => url,
            FileOrigin::Hub { file, .. } => file,
        };
        whole.rsplit('/').next().unwrap_or(whole)
    }
}

/// File as the catalogue's YAML has it: either `url`, or `repository`, `revision` and `file`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileEntry {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u32>,
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    size: Option<u64>,
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
}

impl TryFrom<FileEntry> for SourceFile {
    type Error = String;

    fn try_from(written: FileEntry) -> Result<Self, String> {
        let FileEntry { name, part, size, .. } = written;
        check_plain_name(&name)?;
        check_hexadecimal(written.sha256.as_deref(), 64, &name)?;
        check_hexadecimal(written.md5.as_deref(), 32, &name)?;
        let hub = (written.repository, written.revision, written.file);
        let origin = match (&written.url, hub) {
            (Some(url), (None, None, None)) => FileOrigin::Url(url.clone()),
            (_, (Some(repository), Some(revision), Some(file))) => FileOrigin::Hub {
                repository,
                revision,
                file,
            },
            _ => {
                return Err(format!(
                    "file `{name}` needs either `url`, or `repository`, `revision` and `file`"
                ));
            }
        };
        let file = Self {
            name,
            part,
            origin,
            size,
            sha256: written.sha256,
            md5: written.md5,
        };
        check_plain_name(file.published_name())?;
        match written.url {
            // Both are written for readers that do not know the hub, so both may be read, if they agree.
            Some(url) if url != file.url(HUB) => {
                Err(format!("file `{}` has two addresses that differ", file.name))
            }
            _ => Ok(file),
        }
    }
}

impl From<WeightsFile> for FileEntry {
    fn from(file: WeightsFile) -> Self {
        Self {
            name: file.name,
            url: file.url,
            repository: file.repository,
            revision: file.revision,
            file: file.file,
            size: file.size,
            sha256: file.sha256,
            ..Self::default()
        }
    }
}

impl TryFrom<WeightsFile> for SourceFile {
    type Error = String;

    fn try_from(file: WeightsFile) -> Result<Self, String> {
        Self::try_from(FileEntry::from(file))
    }
}

impl From<SourceFile> for FileEntry {
    fn from(file: SourceFile) -> Self {
        let url = Some(file.url(HUB));
        let (repository, revision, path) = match file.origin {
            FileOrigin::Url(_) => (None, None, None),
            FileOrigin::Hub {
                repository,
                revision,
                file,
            } => (Some(repository), Some(revision), Some(file)),
        };
        Self {
            name: file.name,
            part: file.part,
            url,
            repository,
            revision,
            file: path,
            size: file.size,
            sha256: file.sha256,
            md5: file.md5,
        }
    }
}

/// Checks that a name is one of a file, and not a path to another directory.
fn check_plain_name(name: &str) -> Result<(), String> {
    let stays = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
    stays
        .then_some(())
        .ok_or_else(|| format!("`{name}` is not a plain file name"))
}

fn check_hexadecimal(text: Option<&str>, digits: usize, name: &str) -> Result<(), String> {
    match text {
        Some(text) if !is_hexadecimal(text, digits) => Err(format!(
            "file `{name}`: a checksum of {digits} lower-case hexadecimal digits was expected, not `{text}`"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_two_origins_a_path_for_a_name_or_a_bad_checksum_is_refused() {
        let bad = [
            "{ name: a, url: b, file: c }",
            "{ name: a, url: http://h/a, repository: o/r, revision: main, file: c }",
            "{ name: a }",
            "{ name: a, repository: b }",
            "{ name: ../a, url: http://h/a }",
            "{ name: a, url: http://h/ }",
            "{ name: a, url: http://h/a, sha256: ABC }",
            "{ name: a, url: http://h/a, colour: red }",
        ];
        for text in bad {
            assert!(serde_yaml::from_str::<SourceFile>(text).is_err(), "{text}");
        }
    }
}
