//! Sources to fetch: the catalogue in `configs/checkpoints`, `configs/datasets` and `configs/sources`.

use crate::Error;
use crate::checksum_list::ChecksumList;
use crate::hexadecimal::is_hexadecimal;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const BUILT_IN: [&str; 4] = [
    include_str!("../../../configs/checkpoints/physionet_finetuned.yaml"),
    include_str!("../../../configs/checkpoints/mimic_iv_ecg_finetuned.yaml"),
    include_str!("../../../configs/datasets/code15.yaml"),
    include_str!("../../../configs/sources/ptbxl.yaml"),
];

/// Model hub of files in repositories, unless [`crate::FetchOptions::hub`] names another.
pub const HUB: &str = "https://huggingface.co";

/// Kind of files that a source provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A model's weights.
    Checkpoint,
    /// Raw recordings.
    Dataset,
}

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
    /// Address; that of an archive to unpack where [`DataSource::archive`] says so.
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

/// Checkpoint or dataset of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Name in commands.
    pub name: String,
    /// Title for a person.
    pub title: String,
    /// Kind of its files.
    pub kind: SourceKind,
    /// Page with its description and terms of use.
    pub page: String,
    /// Licence, where the publisher names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Label set of the model, for a checkpoint.
    #[serde(default)]
    pub labels: Option<String>,
    /// Address of the record in Zenodo's API, which lists every file with its size and MD5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// List of all files, where the publisher has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksums: Option<ChecksumList>,
    /// Directory in which the pipelines look for the files.
    pub place: PathBuf,
    /// True if a file whose URL ends in another name is an archive to unpack.
    #[serde(default)]
    pub unpack: bool,
    /// Files of the source; nothing where a list names them.
    #[serde(default)]
    pub files: Vec<SourceFile>,
}

impl DataSource {
    /// Parses an entry of the catalogue.
    ///
    /// # Errors
    /// The text is no such entry.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        Ok(serde_yaml::from_str(text)?)
    }

    /// Name of the archive that holds the file, if it is published in one.
    #[must_use]
    pub fn archive<'a>(&self, file: &'a SourceFile) -> Option<&'a str> {
        let name = file.published_name();
        (self.unpack && name != file.name).then_some(name)
    }

    /// Files of the given parts, and those that belong to every part; all files if `parts` is empty.
    ///
    /// # Errors
    /// The source has no such part.
    pub fn select(&self, parts: &[u32]) -> Result<Vec<&SourceFile>, Error> {
        let listed = self
            .checksums
            .iter()
            .flat_map(|list| &list.parts)
            .map(|part| part.part);
        let known: Vec<u32> = self.files.iter().filter_map(|f| f.part).chain(listed).collect();
        if let Some(part) = parts.iter().find(|p| !known.contains(p)) {
            return Err(Error::UnknownPart {
                name: self.name.clone(),
                part: *part,
                known: part_ranges(&known),
            });
        }
        let wanted = |f: &&SourceFile| parts.is_empty() || f.part.is_none_or(|p| parts.contains(&p));
        Ok(self.files.iter().filter(wanted).collect())
    }

    /// Instructions for a person: what to download and where to put it.
    #[must_use]
    pub fn instructions(&self) -> String {
        let files: Vec<&SourceFile> = self.files.iter().collect();
        self.instructions_for(&files, &self.place)
    }

    /// Instructions for some of the files, and another directory.
    pub(crate) fn instructions_for(&self, files: &[&SourceFile], place: &std::path::Path) -> String {
        let mut text = format!("{}\n  terms and description: {}\n", self.title, self.page);
        if let Some(licence) = &self.licence {
            text.push_str(&format!("  licence: {licence}\n"));
        }
        text.push_str(&format!("  put into: {}/\n", place.display()));
        if let Some(list) = self.checksums.as_ref().filter(|_| files.is_empty()) {
            text.push_str(&format!("  all files that {} names\n", list.url));
        }
        for file in files {
            let action = self.archive(file).map_or("", |_| "  (unpack)");
            text.push_str(&format!("  {}  <-  {}{action}\n", file.name, file.url(HUB)));
        }
        text
    }
}

/// `none`, or the numbers as `0` or `0-17`, or one by one where there are gaps.
fn part_ranges(known: &[u32]) -> String {
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    match (known.first(), known.last()) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) if (last - first) as usize == known.len() - 1 => format!("{first}-{last}"),
        (Some(_), _) => known.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
        _ => "none".to_owned(),
    }
}

/// Sources of the built-in catalogue.
///
/// # Errors
/// An entry that does not parse.
pub fn all_sources() -> Result<Vec<DataSource>, Error> {
    BUILT_IN.iter().map(|text| DataSource::from_yaml(text)).collect()
}

/// Source named `name`.
///
/// # Errors
/// The catalogue has no source of that name.
pub fn find_source(name: &str) -> Result<DataSource, Error> {
    let all = all_sources()?;
    let known = all.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ");
    all.into_iter()
        .find(|s| s.name == name)
        .ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            known,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_source_is_found_by_its_name() {
        for source in all_sources().unwrap() {
            assert_eq!(find_source(&source.name).unwrap(), source);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = find_source("code16").unwrap_err().to_string();
        assert_eq!(
            message,
            "no source is called `code16`; there are physionet_finetuned, mimic_iv_ecg_finetuned, code15, ptbxl"
        );
    }

    #[test]
    fn instructions_name_every_file_and_what_to_unpack() {
        let text = find_source("code15").unwrap().instructions();
        assert_eq!(text.matches("(unpack)").count(), 18);
        assert!(text.contains("exams.csv  <-  https://zenodo.org"));
    }

    #[test]
    fn a_hub_file_has_an_address_on_any_hub() {
        let source = find_source("physionet_finetuned").unwrap();
        assert_eq!(
            source.files[0].url("http://127.0.0.1:9/"),
            "http://127.0.0.1:9/wanglab/ecg-fm-preprint/resolve/main/physionet_finetuned.pt"
        );
    }

    #[test]
    fn a_part_comes_with_the_files_that_every_part_needs() {
        let source = find_source("code15").unwrap();
        let names = |parts: &[u32]| -> Vec<String> {
            let files = source.select(parts).unwrap();
            files.iter().map(|f| f.name.clone()).collect()
        };
        assert_eq!(names(&[3]), ["exams.csv", "exams_part3.hdf5"]);
        assert_eq!(names(&[]).len(), 19);
        let message = source.select(&[18]).unwrap_err().to_string();
        assert_eq!(message, "`code15` has no part 18; its parts are 0-17");
    }

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

    #[test]
    fn a_source_written_out_is_the_source() {
        for source in all_sources().unwrap() {
            let text = serde_json::to_string(&source).unwrap();
            assert_eq!(serde_json::from_str::<DataSource>(&text).unwrap(), source);
        }
    }
}
