//! Files of a directory, and hashes of their content.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::store::record::{FileRecord, combined_hash};
use crate::store::walk::{VisitedFile, visit_files, visit_input};
use crate::time::rfc3339;
use rayon::prelude::*;

/// A directory that directly holds more files than this is recorded as one entry.
const MANY: usize = 4096;
/// Files at least this large are hashed by all threads together.
const LARGE: u64 = 16 << 20;

/// A regular file found under a directory.
#[derive(Debug, Clone)]
pub(crate) struct ListedFile {
    /// Relative path with `/`; bytes that are not UTF-8 are replaced.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
}

impl ListedFile {
    fn of(file: &VisitedFile<'_>) -> Self {
        Self {
            name: file.name.to_owned(),
            path: file.path(),
            size: file.size,
            modified: file.modified,
        }
    }
}

/// A file or a collapsed directory, without its hash.
#[derive(Debug)]
pub(crate) struct FileSummary {
    pub(crate) size: u64,
    pub(crate) modified: String,
    pub(crate) files: Option<u64>,
    members: Vec<ListedFile>,
}

/// Every regular file under `dir`, as [`visit_files`] visits them.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<ListedFile>> {
    let mut found = Vec::new();
    visit_files(dir, &mut |file| {
        found.push(ListedFile::of(file));
        Ok(())
    })?;
    Ok(found)
}

/// [`list`] without what the program itself keeps there, as [`visit_input`] has it.
fn list_input(dir: &Path, own: &[PathBuf]) -> io::Result<Vec<ListedFile>> {
    let mut found = Vec::new();
    visit_input(dir, own, &mut |file| {
        found.push(ListedFile::of(file));
        Ok(())
    })?;
    Ok(found)
}

/// The entries by which a stage's directory is recorded. Costs no reading.
pub(crate) fn summarize_dir(dir: &Path) -> io::Result<BTreeMap<String, FileSummary>> {
    summarize(list(dir)?)
}

fn summarize(listed: Vec<ListedFile>) -> io::Result<BTreeMap<String, FileSummary>> {
    summarize_files(listed, MANY)
}

fn summarize_files(listed: Vec<ListedFile>, many: usize) -> io::Result<BTreeMap<String, FileSummary>> {
    let mut folders: BTreeMap<String, Vec<ListedFile>> = BTreeMap::new();
    for file in listed {
        let folder = file
            .name
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        folders.entry(folder).or_default().push(file);
    }
    let mut outlines = BTreeMap::new();
    for (folder, members) in folders {
        if members.len() > many {
            let size = members.iter().map(|m| m.size).sum();
            let modified = members.iter().map(|m| m.modified).max();
            let modified = modified.map(rfc3339).unwrap_or_default();
            let files = Some(members.len() as u64);
            outlines.insert(
                format!("{folder}/"),
                FileSummary {
                    size,
                    modified,
                    files,
                    members,
                },
            );
        } else {
            for file in members {
                let (size, modified) = (file.size, rfc3339(file.modified));
                let members = vec![file.clone()];
                outlines.insert(
                    file.name,
                    FileSummary {
                        size,
                        modified,
                        files: None,
                        members,
                    },
                );
            }
        }
    }
    Ok(outlines)
}

impl FileSummary {
    /// BLAKE3 of what the entry stands for; reads it whole.
    pub(crate) fn hash(&self) -> io::Result<String> {
        self.hash_by(hash_file)
    }

    /// [`hash`](Self::hash) of files that others may cut short meanwhile: memory that is mapped to such a file ends the process.
    fn hash_unmapped(&self) -> io::Result<String> {
        self.hash_by(|path, _| read_and_hash(path))
    }

    fn hash_by(&self, hash: impl Fn(&Path, u64) -> io::Result<String> + Sync) -> io::Result<String> {
        match (self.files, self.members.as_slice()) {
            (None, [file]) => hash(&file.path, file.size),
            (_, members) => {
                let hashes: Vec<String> = members
                    .par_iter()
                    .map(|m| hash(&m.path, m.size))
                    .collect::<io::Result<_>>()?;
                let parts = members
                    .iter()
                    .zip(&hashes)
                    .map(|(m, hash)| (m.name.as_str(), m.size, hash.as_str()));
                Ok(combined_hash(parts))
            }
        }
    }

    fn record(&self, blake3: String) -> FileRecord {
        FileRecord {
            size: self.size,
            blake3,
            modified: self.modified.clone(),
            files: self.files,
        }
    }
}

/// Records everything under `dir`; reads it whole.
pub(crate) fn record_outputs(dir: &Path) -> io::Result<BTreeMap<String, FileRecord>> {
    let outlines: Vec<(String, FileSummary)> = summarize_dir(dir)?.into_iter().collect();
    outlines
        .into_par_iter()
        .map(|(name, outline)| Ok((name, outline.record(outline.hash()?))))
        .collect()
}

/// [`record_outputs`] of a file (its name is then empty) or directory from outside, without what lies in `own`. `begin` is called for every entry before it is
/// read, with its bytes, and may call all of it off.
pub(crate) fn record_input_files(
    path: &Path,
    own: &[PathBuf],
    begin: impl Fn(u64) -> io::Result<()> + Sync,
) -> io::Result<BTreeMap<String, FileRecord>> {
    let found = if fs::metadata(path)?.is_dir() {
        summarize(list_input(path, own)?)?
    } else {
        summarize_files(vec![single_file(path)?], MANY)?
    };
    let outlines: Vec<(String, FileSummary)> = found.into_iter().collect();
    outlines
        .into_par_iter()
        .map(|(name, outline)| {
            begin(outline.size)?;
            Ok((name, outline.record(outline.hash_unmapped()?)))
        })
        .collect()
}

fn single_file(path: &Path) -> io::Result<ListedFile> {
    let meta = fs::metadata(path)?;
    Ok(ListedFile {
        name: String::new(),
        path: path.to_owned(),
        size: meta.len(),
        modified: meta.modified()?,
    })
}

fn hash_file(path: &Path, size: u64) -> io::Result<String> {
    if size < LARGE {
        return read_and_hash(path);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_mmap_rayon(path)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn read_and_hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowded_directory_is_one_entry_and_still_notices_every_byte() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mats")).unwrap();
        for i in 0..5 {
            fs::write(dir.path().join(format!("mats/{i}")), "x").unwrap();
        }
        fs::write(dir.path().join("meta.csv"), "a").unwrap();
        let outlined = || summarize_files(list(dir.path()).unwrap(), 3).unwrap();
        let before = outlined();
        assert_eq!(before.keys().collect::<Vec<_>>(), ["mats/", "meta.csv"]);
        assert_eq!(before["mats/"].files, Some(5));
        fs::write(dir.path().join("mats/3"), "y").unwrap();
        assert_ne!(
            before["mats/"].hash().unwrap(),
            outlined()["mats/"].size.to_string()
        );
        let (old, new) = (combined_hash([("a", 1, "h")]), combined_hash([("a", 1, "g")]));
        assert_ne!(old, new);
    }

    #[test]
    fn hashing_by_all_threads_gives_the_same_hash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        let bytes: Vec<u8> = (0..LARGE + 5).map(|i| (i % 251) as u8).collect();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(
            hash_file(&path, LARGE + 5).unwrap(),
            blake3::hash(&bytes).to_hex().to_string()
        );
    }
}
