//! Lists of checksums by which a publisher names all files of a dataset, such as `SHA256SUMS.txt`.

use crate::Error;
use crate::hexadecimal::is_hexadecimal;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

/// List of the files of a source with their SHA-256, as `sha256sum` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecksumList {
    /// Address of the list; those of the files begin with its directory.
    pub url: String,
    /// Directories that are parts of the source. Other files belong to every part.
    #[serde(default)]
    pub parts: Vec<ListedPart>,
}

/// Directory that is a part of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedPart {
    /// Number of the part.
    pub part: u32,
    /// The directory.
    pub directory: String,
}

/// File that a list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedFile {
    /// Path in the source's directory.
    pub(crate) name: String,
    pub(crate) part: Option<u32>,
    pub(crate) url: String,
    pub(crate) sha256: String,
}

impl ChecksumList {
    /// Name of the list.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// Files that the list names.
    ///
    /// # Errors
    /// A line is none of such a list, or names a file outside of the source's directory.
    pub(crate) fn files(&self, text: &str) -> Result<Vec<ListedFile>, Error> {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).enumerate();
        lines
            .map(|(number, line)| self.listed_file(number, line))
            .collect()
    }

    fn listed_file(&self, number: usize, line: &str) -> Result<ListedFile, Error> {
        let refused = |what: &str| Error::Protocol {
            url: self.url.clone(),
            reason: format!("line {}: {what}: `{}`", number + 1, line.escape_debug()),
        };
        let (sha256, name) = line
            .split_once([' ', '\t'])
            .ok_or_else(|| refused("no checksum and path"))?;
        let sha256 = sha256.to_ascii_lowercase();
        let name = name.trim_start().trim_start_matches(['*']).trim_end();
        let name = name.strip_prefix("./").unwrap_or(name);
        if !is_hexadecimal(&sha256, 64) {
            return Err(refused("no SHA-256"));
        }
        let mut parts = Path::new(name).components();
        if name.is_empty() || name.contains('\\') || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(refused("no path inside the dataset"));
        }
        let folder = self.url.rsplit_once('/').map_or("", |(folder, _)| folder);
        let of_part = |part: &&ListedPart| Path::new(name).starts_with(&part.directory);
        Ok(ListedFile {
            part: self.parts.iter().find(of_part).map(|part| part.part),
            url: format!("{folder}/{}", encode_path(name)),
            name: name.to_owned(),
            sha256,
        })
    }
}

/// A path as a part of an address: what is no letter, digit or one of `/-._~` as `%` and two digits.
fn encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> ChecksumList {
        ChecksumList {
            url: "https://h/files/x/1.0/SHA256SUMS.txt".to_owned(),
            parts: vec![ListedPart {
                part: 100,
                directory: "records100".to_owned(),
            }],
        }
    }

    #[test]
    fn files_have_the_address_and_the_part_of_their_directory() {
        let sum = "0".repeat(64);
        let text = format!("{sum}  a b.csv\n{sum} *records100/00000/1.dat\n\n{sum}  ./records1000/x\n");
        let files = list().files(&text).unwrap();
        let found: Vec<(&str, Option<u32>, &str)> = files
            .iter()
            .map(|file| (file.name.as_str(), file.part, file.url.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("a b.csv", None, "https://h/files/x/1.0/a%20b.csv"),
                (
                    "records100/00000/1.dat",
                    Some(100),
                    "https://h/files/x/1.0/records100/00000/1.dat"
                ),
                ("records1000/x", None, "https://h/files/x/1.0/records1000/x"),
            ]
        );
        assert_eq!(files[0].sha256, sum);
    }

    #[test]
    fn a_list_that_is_none_or_leads_out_of_the_directory_is_refused() {
        let sum = "0".repeat(64);
        for (text, words) in [
            ("<html>".to_owned(), "no checksum and path"),
            (format!("{}  a", "0".repeat(32)), "line 1: no SHA-256"),
            (format!("{sum}  ../a"), "no path inside the dataset"),
            (
                format!("{sum}  a\n{sum}  /etc/passwd"),
                "line 2: no path inside the dataset",
            ),
        ] {
            let error = list().files(&text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
