//! Checkpoints and datasets by name: where they come from, where they belong, whether what is there is complete.
//!
//! The catalogue is data in `configs/checkpoints` and `configs/datasets`. Nothing here opens a connection: a
//! [`Source`] tells a person (or a download tool) exactly which file to put where, and [`Source::check`] says what
//! is still missing.
//!
//! ```
//! let source = ecgfm_fetch::find("physionet_finetuned").unwrap();
//! assert!(source.instructions().contains("physionet_finetuned.pt"));
//! ```

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

const BUILT_IN: [&str; 3] = [
    include_str!("../../../configs/checkpoints/physionet_finetuned.yaml"),
    include_str!("../../../configs/checkpoints/mimic_iv_ecg_finetuned.yaml"),
    include_str!("../../../configs/datasets/code15.yaml"),
];

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The catalogue has no such entry.
    #[error("no source is called `{name}`; there are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A catalogue file is broken.
    #[error("catalogue entry: {0}")]
    Catalogue(#[from] serde_yaml::Error),
    /// A file cannot be read.
    #[error("{}: cannot read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// What a source provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A model's weights.
    Checkpoint,
    /// Raw recordings.
    Dataset,
}

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Name on disk.
    pub name: String,
    /// Where it is published; an archive to unpack where [`Source::unpack`] says so.
    pub url: String,
    /// Size in bytes, where the publisher states one.
    #[serde(default)]
    pub size: Option<u64>,
    /// SHA-256 in lower-case hexadecimal, where the publisher states one.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A checkpoint or dataset of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name to ask for it by.
    pub name: String,
    /// What it is.
    pub title: String,
    /// What it provides.
    pub kind: Kind,
    /// Page with its description and terms of use.
    pub page: String,
    /// Label set of the model, for a checkpoint.
    #[serde(default)]
    pub labels: Option<String>,
    /// Directory that the pipelines look in.
    pub place: PathBuf,
    /// Whether a file whose URL ends in another name is an archive to unpack.
    #[serde(default)]
    pub unpack: bool,
    /// Its files.
    pub files: Vec<File>,
}

/// The whole catalogue.
///
/// # Errors
/// A built-in entry does not parse.
pub fn all() -> Result<Vec<Source>, Error> {
    BUILT_IN
        .iter()
        .map(|text| serde_yaml::from_str(text).map_err(Error::from))
        .collect()
}

/// The entry of that name.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<Source, Error> {
    let all = all()?;
    let known = all.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ");
    all.into_iter()
        .find(|s| s.name == name)
        .ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            known,
        })
}

/// What is wrong with one file of a source on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is not there.
    Missing(String),
    /// It has another size than published: file, found, published.
    Size(String, u64, u64),
    /// It has another SHA-256 than published.
    Checksum(String),
}

impl Source {
    /// What to download and where to put it, for a person.
    pub fn instructions(&self) -> String {
        let mut text = format!(
            "{}\n  terms and description: {}\n  put into: {}/\n",
            self.title,
            self.page,
            self.place.display()
        );
        for file in &self.files {
            let archive = self.unpack && !file.url.ends_with(&file.name);
            let action = if archive { "  (unpack)" } else { "" };
            text.push_str(&format!("  {}  <-  {}{action}\n", file.name, file.url));
        }
        text
    }

    /// What is missing or wrong in `dir`. Checksums are compared only where one is published.
    ///
    /// # Errors
    /// A file that is there cannot be read.
    pub fn check(&self, dir: &Path) -> Result<Vec<Problem>, Error> {
        let checked = self.files.iter().map(|file| check_file(dir, file));
        Ok(checked
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }
}

fn check_file(dir: &Path, file: &File) -> Result<Option<Problem>, Error> {
    let path = dir.join(&file.name);
    let Ok(meta) = std::fs::metadata(&path) else {
        return Ok(Some(Problem::Missing(file.name.clone())));
    };
    if let Some(size) = file.size.filter(|size| *size != meta.len()) {
        return Ok(Some(Problem::Size(file.name.clone(), meta.len(), size)));
    }
    match &file.sha256 {
        Some(published) if *published != sha256(&path)? => Ok(Some(Problem::Checksum(file.name.clone()))),
        _ => Ok(None),
    }
}

/// SHA-256 of a file in lower-case hexadecimal, read in pieces.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> Result<String, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(io)?;
        if n == 0 {
            return Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect());
        }
        hash.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_source_is_found_by_its_name() {
        for source in all().unwrap() {
            assert_eq!(find(&source.name).unwrap(), source);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = find("code16").unwrap_err().to_string();
        assert_eq!(
            message,
            "no source is called `code16`; there are physionet_finetuned, mimic_iv_ecg_finetuned, code15"
        );
    }

    #[test]
    fn a_missing_a_short_and_a_changed_file_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("b"), b"abc").unwrap();
        std::fs::write(dir.path().join("c"), b"abc").unwrap();
        let file = |name: &str, size, sha: Option<&str>| File {
            name: name.into(),
            url: String::new(),
            size: Some(size),
            sha256: sha.map(Into::into),
        };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut source = find("physionet_finetuned").unwrap();
        source.files = vec![
            file("a", 3, None),
            file("b", 4, None),
            file("c", 3, Some("00")),
            file("c", 3, Some(abc)),
        ];
        let problems = source.check(dir.path()).unwrap();
        let expected = [
            Problem::Missing("a".into()),
            Problem::Size("b".into(), 3, 4),
            Problem::Checksum("c".into()),
        ];
        assert_eq!(problems, expected);
    }

    #[test]
    fn instructions_name_every_file_and_what_to_unpack() {
        let text = find("code15").unwrap().instructions();
        assert_eq!(text.matches("(unpack)").count(), 18);
        assert!(text.contains("exams.csv  <-  https://zenodo.org"));
    }
}
