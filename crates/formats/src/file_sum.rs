//! Length and CRC-32 of a file, by which it is known to be whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// Length in bytes, and CRC-32 (IEEE 802.3, as zip and zlib have it) of all of them. Of a directory, sums over its files, in
/// whatever order: of their lengths, and modulo 2^32 of the CRC-32 of each file's relative path and content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileSum {
    /// Length in bytes.
    pub bytes: u64,
    /// CRC-32 of all bytes.
    pub crc32: u32,
}

impl FileSum {
    /// Reads a file whole, or all files of a directory.
    ///
    /// # Errors
    /// I/O.
    pub fn of(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            let mut sum = Self::default();
            add_tree(&mut sum, path, "")?;
            return Ok(sum);
        }
        Self::after(crc32fast::Hasher::new(), path)
    }

    /// Reads a file whole, behind what `hasher` has seen.
    fn after(mut hasher: crc32fast::Hasher, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut block, mut bytes) = (vec![0; BLOCK], 0);
        loop {
            match file.read(&mut block)? {
                0 => break,
                read => {
                    hasher.update(&block[..read]);
                    bytes += read as u64;
                }
            }
        }
        let crc32 = hasher.finalize();
        Ok(Self { bytes, crc32 })
    }

    /// Adds a file to the sum of its directory: its path in it, with `/`, and its content.
    pub fn add_file(&mut self, relative: &str, content: &[u8]) {
        let mut hasher = hash_name(relative);
        hasher.update(content);
        self.add(Self {
            bytes: content.len() as u64,
            crc32: hasher.finalize(),
        });
    }

    fn add(&mut self, file: Self) {
        self.bytes += file.bytes;
        self.crc32 = self.crc32.wrapping_add(file.crc32);
    }
}

fn hash_name(relative: &str) -> crc32fast::Hasher {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(relative.as_bytes());
    hasher
}

fn add_tree(sum: &mut FileSum, dir: &Path, prefix: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let relative = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => add_tree(sum, &entry.path(), &format!("{relative}/"))?,
            false => sum.add(FileSum::after(hash_name(&relative), &entry.path())?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_standard_and_a_file_of_several_blocks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, b"123456789").unwrap();
        // The check value that catalogues of CRCs give for CRC-32/ISO-HDLC.
        assert_eq!(
            FileSum::of(&path).unwrap(),
            FileSum {
                bytes: 9,
                crc32: 0xcbf4_3926
            }
        );
        let long: Vec<u8> = (0..BLOCK * 2 + 7).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &long).unwrap();
        let sum = FileSum::of(&path).unwrap();
        assert_eq!(
            (sum.bytes, sum.crc32),
            (long.len() as u64, crc32fast::hash(&long))
        );
        assert!(FileSum::of(&dir.path().join("none")).is_err());
    }

    #[test]
    fn the_sum_of_a_directory_is_that_of_its_files_wherever_they_are() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let (mut written, mut swapped) = (FileSum::default(), FileSum::default());
        for (name, content, other) in [("a/x", "one", "two"), ("y", "two", "one")] {
            std::fs::write(dir.path().join(name), content).unwrap();
            written.add_file(name, content.as_bytes());
            swapped.add_file(name, other.as_bytes());
        }
        let found = FileSum::of(dir.path()).unwrap();
        assert_eq!(found, written);
        assert_ne!(found, swapped);
    }
}
