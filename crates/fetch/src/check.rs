//! Comparison of the files on disk with the catalogue and with earlier fetches, without a network.

use crate::catalogue::DataSource;
use crate::digest::{Checksum, digest_file};
use crate::progress::FileProgress;
use crate::source_file::SourceFile;
use crate::{Error, Pin};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Thoroughness of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckDepth {
    /// Names and sizes only: fast for any size.
    Sizes,
    /// Checksums of all bytes.
    Contents,
}

/// Difference between a source's file on disk and the one expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileProblem {
    /// The file is missing.
    Missing(String),
    /// The size differs from the published one or from the one fetched before: file, found, expected.
    Size(String, u64, u64),
    /// The checksum differs from the published one or from the one fetched before.
    Checksum(String),
}

impl DataSource {
    /// Compares the files in `dir` with the catalogue and with earlier fetches; returns the differences.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn check(&self, dir: &Path, depth: CheckDepth) -> Result<Vec<FileProblem>, Error> {
        let mut problems = Vec::new();
        let list = self.checksums.as_ref();
        if let Some(list) = list.filter(|list| !dir.join(list.name()).is_file()) {
            return Ok(vec![FileProblem::Missing(list.name().to_owned())]);
        }
        for file in &self.with_listed_files(dir)?.files {
            problems.extend(self.check_file(dir, file, depth)?);
        }
        Ok(problems)
    }

    fn check_file(
        &self,
        dir: &Path,
        file: &SourceFile,
        depth: CheckDepth,
    ) -> Result<Option<FileProblem>, Error> {
        let path = dir.join(&file.name);
        let name = || file.name.clone();
        let Ok(meta) = std::fs::metadata(&path) else {
            return Ok(Some(FileProblem::Missing(name())));
        };
        let pin = Pin::read(&path)?;
        // For a file in an archive the catalogue has the archive's size, which says nothing about the file.
        let itself = self.archive(file).is_none().then_some(file);
        let sizes = [itself.and_then(|f| f.size), pin.as_ref().map(|p| p.size)];
        if let Some(size) = sizes.into_iter().flatten().find(|size| *size != meta.len()) {
            return Ok(Some(FileProblem::Size(name(), meta.len(), size)));
        }
        let expected = [
            itself.and_then(Checksum::of),
            pin.map(|p| Checksum::Sha256(p.sha256)),
        ];
        let expected: Vec<Checksum> = expected.into_iter().flatten().collect();
        if depth == CheckDepth::Sizes || expected.is_empty() {
            return Ok(None);
        }
        let found = digest_file(&path, FileProgress::silent(&file.name), &AtomicBool::new(false))?;
        let differs = expected.iter().any(|c| c.verify(&found, "").is_err());
        Ok(differs.then(|| FileProblem::Checksum(name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn source(files: &str) -> DataSource {
        let text = format!(
            "{{ name: s, title: S, kind: dataset, page: p, place: d, unpack: true, files: [{files}] }}"
        );
        DataSource::from_yaml(&text).unwrap()
    }

    #[test]
    fn a_missing_a_short_and_a_changed_file_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "c", "d", "e"] {
            std::fs::write(dir.path().join(name), b"abc").unwrap();
        }
        let other = "0".repeat(64);
        let source = source(&format!(
            "{{ name: a, url: u/a }}, {{ name: b, url: u/b, size: 4 }}, {{ name: c, url: u/c, sha256: '{other}' }}, \
             {{ name: d, url: u/d, sha256: {ABC} }}, {{ name: e, url: u/e.zip, size: 9 }}"
        ));
        let expected = [
            FileProblem::Missing("a".into()),
            FileProblem::Size("b".into(), 3, 4),
        ];
        assert_eq!(source.check(dir.path(), CheckDepth::Sizes).unwrap(), expected);
        let problems = source.check(dir.path(), CheckDepth::Contents).unwrap();
        assert_eq!(problems[..2], expected);
        assert_eq!(problems[2..], [FileProblem::Checksum("c".into())]);
    }

    #[test]
    fn a_file_is_compared_with_what_was_fetched_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let source = source("{ name: a, url: u/a.zip }");
        let pin = |size, sha256: &str| {
            let pin = format!("{{\"size\": {size}, \"sha256\": \"{sha256}\", \"url\": \"u\"}}");
            std::fs::write(Pin::path_for(&path), pin).unwrap();
            source.check(dir.path(), CheckDepth::Contents).unwrap()
        };
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(pin(3, ABC), []);
        assert_eq!(pin(4, ABC), [FileProblem::Size("a".into(), 3, 4)]);
        assert_eq!(pin(3, &"0".repeat(64)), [FileProblem::Checksum("a".into())]);
        std::fs::write(Pin::path_for(&path), "{").unwrap();
        assert!(matches!(
            source.check(dir.path(), CheckDepth::Sizes),
            Err(Error::BadPin { .. })
        ));
    }
}
