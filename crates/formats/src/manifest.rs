//! fairseq's manifests: lists of a subset's recordings with their lengths.
//!
//! The first line is a tab and the directory that the paths are relative to, ending in `/` (the tab is the unnamed
//! index column of the table that the reference wrote the file from). Every other line is a path, a tab and the
//! number of samples of one lead.
//!
//! ```
//! use ecgfm_formats::manifest::Manifest;
//! use std::path::Path;
//!
//! let text = "\t/data/segmented/\necg_0.mat\t2500\n";
//! let manifest = Manifest::parse(Path::new("test.tsv"), text.as_bytes())?;
//! assert_eq!(manifest.entries[0].samples, 2500);
//! assert_eq!(manifest.file(&manifest.entries[0]), Path::new("/data/segmented/ecg_0.mat"));
//! assert_eq!(manifest.to_text()?, text);
//! # Ok::<(), ecgfm_formats::Error>(())
//! ```

use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

/// List of recordings below one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Directory that the paths are relative to; empty for the current one.
    pub root: PathBuf,
    /// Recordings in the order of the file.
    pub entries: Vec<ManifestEntry>,
}

/// Recording of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Path below the root, with `/` between its parts.
    pub path: String,
    /// Samples of one lead.
    pub samples: usize,
}

impl Manifest {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Those of [`Self::parse`], and I/O.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &std::fs::read(path).map_err(Error::io("read", path))?)
    }

    /// Reads the text of a manifest; `path` is for messages. White space around a line is ignored, as the reference
    /// does, whichever way lines end.
    ///
    /// # Errors
    /// The text is empty or not UTF-8, or a line is not a path below the root, a tab and a whole number. The message
    /// names the line.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(text).map_err(|e| {
            let line = 1 + text[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            malformed(path, line, "this is not UTF-8 text")
        })?;
        let mut lines = text.lines().enumerate();
        let Some((_, root)) = lines.next() else {
            return Err(malformed(path, 1, "the file is empty"));
        };
        if root.trim().contains('\t') {
            let what = format!(
                "{:?} is no directory: the first line, the root, is missing",
                root.trim()
            );
            return Err(malformed(path, 1, what));
        }
        let entries = lines.map(|(i, line)| parse_entry(line).map_err(|what| malformed(path, i + 1, what)));
        Ok(Self {
            root: PathBuf::from(root.trim()),
            entries: entries.collect::<Result<_>>()?,
        })
    }

    /// Path of the recording.
    pub fn file(&self, entry: &ManifestEntry) -> PathBuf {
        self.root.join(&entry.path)
    }

    /// Text of the file.
    ///
    /// # Errors
    /// A manifest cannot hold the root or a path: a tab or line break in it, white space around it, not UTF-8, or
    /// a path that is not below the root.
    pub fn to_text(&self) -> Result<String> {
        let mut text = ManifestText::new(&self.root)?;
        for entry in &self.entries {
            text.push(&entry.path, entry.samples)?;
        }
        Ok(text.0)
    }

    /// Writes the file at `path`.
    ///
    /// # Errors
    /// Those of [`Self::to_text`], and I/O.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_text()?).map_err(Error::io("write", path))
    }
}

/// Text of a manifest, a line after the other: of many recordings no list is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestText(String);

impl ManifestText {
    /// Text without recordings yet.
    ///
    /// # Errors
    /// A manifest cannot hold the root: a tab or line break in it, white space around it, not UTF-8.
    pub fn new(root: &Path) -> Result<Self> {
        let fits = |root: &&str| root.trim() == *root && !root.contains(['\t', '\n', '\r']);
        let Some(text) = root.to_str().filter(fits) else {
            return Err(unfit(format!(
                "the root {root:?} cannot be written to a manifest"
            )));
        };
        let slash = match text {
            "" => "",
            _ if text.ends_with('/') => "",
            _ => "/",
        };
        Ok(Self(format!("\t{text}{slash}\n")))
    }

    /// Adds a recording.
    ///
    /// # Errors
    /// A manifest cannot hold the path: a tab or line break in it, white space around it, or it is not below the root.
    pub fn push(&mut self, path: &str, samples: usize) -> Result<()> {
        check_path(path).map_err(unfit)?;
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{path}\t{samples}");
        Ok(())
    }

    /// Writes the file at `path`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, &self.0).map_err(Error::io("write", path))
    }
}

fn unfit(what: String) -> Error {
    Error::request(Path::new("manifest"), what)
}

fn parse_entry(line: &str) -> Result<ManifestEntry, String> {
    let mut fields = line.trim().split('\t');
    let (Some(path), Some(samples), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(format!("{line:?} is not a path, a tab and a number of samples"));
    };
    check_path(path)?;
    let samples = samples.trim();
    let samples = samples
        .parse()
        .map_err(|_| format!("{samples:?} is not a number of samples"))?;
    Ok(ManifestEntry {
        path: path.to_owned(),
        samples,
    })
}

/// Checks that a path stays below the root and fits into a line.
fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() || path.trim() != path || path.contains(['\t', '\n', '\r']) {
        return Err(format!("{path:?} cannot be a path of a manifest"));
    }
    let mut depth = 0usize;
    for part in Path::new(path).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return Err(format!("{path:?} leads out of the root")),
        }
    }
    if depth == 0 {
        Err(format!("{path:?} is the root itself"))
    } else {
        Ok(())
    }
}

fn malformed(path: &Path, line: usize, what: impl Into<String>) -> Error {
    let help = "write the manifest again; line 1 is the root, the others are path, tab, samples";
    Error::malformed(path, format!("line {line}"), what, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Manifest> {
        Manifest::parse(Path::new("test.tsv"), text.as_bytes())
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line) in [
            ("", 1),
            ("a.mat\t2500\n", 1),
            ("\t/d/\na.mat\n", 2),
            ("\t/d/\na.mat\t2500\n\nb.mat\t2500\n", 3),
            ("\t/d/\na.mat\t2500\nb.mat\t-1\n", 3),
            ("\t/d/\na.mat\t2500\t1\n", 2),
            ("\t/d/\na.mat\t99999999999999999999999\n", 2),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("test.tsv: line {line}: ")),
                "{text:?}: {message}"
            );
        }
        let message = Manifest::parse(Path::new("m"), b"\t/d/\na.mat\t1\n\xff\t2\n")
            .unwrap_err()
            .to_string();
        assert!(message.contains("line 3"), "{message}");
    }

    #[test]
    fn a_path_stays_below_the_root() {
        for bad in ["/etc/passwd", "../x.mat", "a/../../x.mat", ".", "a/..", ".."] {
            assert!(parse(&format!("\t/d/\n{bad}\t1\n")).is_err(), "{bad}");
            let entries = vec![ManifestEntry {
                path: bad.into(),
                samples: 1,
            }];
            assert!(
                Manifest {
                    root: "/d/".into(),
                    entries
                }
                .to_text()
                .is_err(),
                "{bad}"
            );
        }
        assert!(parse("\t/d/\na/../b.mat\t1\n").is_ok());
    }

    #[test]
    fn carriage_returns_and_spaces_around_a_line_are_ignored() {
        let manifest = parse("\t/d/ \r\n a.mat\t2500 \r\n").unwrap();
        assert_eq!(manifest.root, Path::new("/d/"));
        assert_eq!(
            manifest.entries,
            [ManifestEntry {
                path: "a.mat".into(),
                samples: 2500
            }]
        );
    }

    proptest! {
        #[test]
        fn a_manifest_comes_back_as_it_was_written(
            root in "(/[a-z 0-9]{0,5}[a-z])*/",
            entries in prop::collection::vec(("[a-zé_0-9]([a-z ./_0-9]{0,8}[a-z])?", 0usize..1 << 40), 0..8),
        ) {
            let entries: Vec<_> = entries.into_iter().map(|(path, samples)| ManifestEntry { path, samples }).collect();
            prop_assume!(entries.iter().all(|e| check_path(&e.path).is_ok()));
            let manifest = Manifest { root: root.into(), entries };
            prop_assert_eq!(parse(&manifest.to_text().unwrap()).unwrap(), manifest);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[\\t\\n0-9a./]{0,60}") {
            let _ = Manifest::parse(Path::new("m"), &bytes);
            let _ = parse(&text);
        }
    }
}
