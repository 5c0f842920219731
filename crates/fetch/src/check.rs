//! What is there, compared with what should be, without asking anybody.

use crate::catalogue::{File, Source};
use crate::digest::{Checksum, digests};
use crate::progress::FileProgress;
use crate::{Error, Pin};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names and sizes: at once, whatever there is.
    Sizes,
    /// Every byte.
    Contents,
}

/// What is wrong with one file of a source on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is not there.
    Missing(String),
    /// It has another size than published or than fetched before: file, found, expected.
    Size(String, u64, u64),
    /// It has another checksum than published or than fetched before.
    Checksum(String),
}

impl Source {
    /// What is missing or wrong in `dir`: compared with what the catalogue states, and with what was fetched before.
    ///
    /// # Errors
    /// A file that is there cannot be read.
    pub fn check(&self, dir: &Path, depth: Depth) -> Result<Vec<Problem>, Error> {
        let mut problems = Vec::new();
        for file in &self.files {
            problems.extend(self.check_file(dir, file, depth)?);
        }
        Ok(problems)
    }

    fn check_file(&self, dir: &Path, file: &File, depth: Depth) -> Result<Option<Problem>, Error> {
        let path = dir.join(&file.name);
        let name = || file.name.clone();
        let Ok(meta) = std::fs::metadata(&path) else {
            return Ok(Some(Problem::Missing(name())));
        };
        let pin = Pin::read(&path)?;
        // Of an archive the catalogue states the archive's size, which says nothing about what was in it.
        let itself = self.archive(file).is_none().then_some(file);
        let sizes = [itself.and_then(|f| f.size), pin.as_ref().map(|p| p.size)];
        if let Some(size) = sizes.into_iter().flatten().find(|size| *size != meta.len()) {
            return Ok(Some(Problem::Size(name(), meta.len(), size)));
        }
        let expected = [
            itself.and_then(Checksum::of),
            pin.map(|p| Checksum::Sha256(p.sha256)),
        ];
        let expected: Vec<Checksum> = expected.into_iter().flatten().collect();
        if depth == Depth::Sizes || expected.is_empty() {
            return Ok(None);
        }
        let found = digests(&path, FileProgress::silent(&file.name), &AtomicBool::new(false))?;
        let differs = expected.iter().any(|c| c.verify(&found, "").is_err());
        Ok(differs.then(|| Problem::Checksum(name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn source(files: &str) -> Source {
        let text = format!(
            "{{ name: s, title: S, kind: dataset, page: p, place: d, unpack: true, files: [{files}] }}"
        );
        Source::from_yaml(&text).unwrap()
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
        let expected = [Problem::Missing("a".into()), Problem::Size("b".into(), 3, 4)];
        assert_eq!(source.check(dir.path(), Depth::Sizes).unwrap(), expected);
        let problems = source.check(dir.path(), Depth::Contents).unwrap();
        assert_eq!(problems[..2], expected);
        assert_eq!(problems[2..], [Problem::Checksum("c".into())]);
    }

    #[test]
    fn a_file_is_compared_with_what_was_fetched_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let source = source("{ name: a, url: u/a.zip }");
        let pin = |size, sha256: &str| {
            let pin = format!("{{\"size\": {size}, \"sha256\": \"{sha256}\", \"url\": \"u\"}}");
            std::fs::write(Pin::place(&path), pin).unwrap();
            source.check(dir.path(), Depth::Contents).unwrap()
        };
        std::fs::write(&path, b"abc").unwrap();
        assert_eq!(pin(3, ABC), []);
        assert_eq!(pin(4, ABC), [Problem::Size("a".into(), 3, 4)]);
        assert_eq!(pin(3, &"0".repeat(64)), [Problem::Checksum("a".into())]);
        std::fs::write(Pin::place(&path), "{").unwrap();
        assert!(matches!(
            source.check(dir.path(), Depth::Sizes),
            Err(Error::BadPin { .. })
        ));
    }
}
