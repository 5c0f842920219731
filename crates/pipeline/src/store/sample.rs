//! Cheap fingerprints of inputs that come from outside: sizes, times and a sample of the content.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::store::record::{CombinedHash, InputRecord, InputState, combined_hash};
use crate::store::walk::visit_input;
use crate::time::{push_rfc3339, rfc3339};

/// Bytes looked at from either end of a file. Up to twice this a file is read whole.
const END: u64 = 64 << 10;
/// Most bytes looked at in a directory; the files after that count by size and time.
const DIRECTORY_BUDGET: u64 = 16 << 20;

/// Fingerprints the file or directory at `path`, which is recorded as `name`. What cannot be read is recorded as such:
/// the stage will say why. What lies in the directories `own` is the program's, not the input's.
pub(crate) fn fingerprint_input(name: &str, path: &Path, own: &[PathBuf]) -> InputRecord {
    match sample_path(name, path, own) {
        Ok(record) => record,
        Err(e) if e.kind() == io::ErrorKind::NotFound => InputRecord::empty(name, InputState::Absent),
        Err(_) => InputRecord::empty(name, InputState::Unreadable),
    }
}

fn sample_path(name: &str, path: &Path, own: &[PathBuf]) -> io::Result<InputRecord> {
    let meta = fs::metadata(path)?;
    let mut record = InputRecord::empty(name, InputState::Present);
    if meta.is_dir() {
        let (hash, size, files) = sample_dir(path, own)?;
        (record.size, record.files, record.sample) = (size, Some(files), Some(hash));
        return Ok(record);
    }
    record.size = meta.len();
    match sample_file(path, meta.len())? {
        (hash, true) => record.blake3 = Some(hash),
        (hash, false) => {
            let time = meta.modified().map(rfc3339)?;
            record.sample = Some(combined_hash([(time.as_str(), meta.len(), hash.as_str())]));
        }
    }
    Ok(record)
}

/// BLAKE3 of a file's ends, and whether those are all of it. A time of modification says something only
/// where not all of the content was seen.
fn sample_file(path: &Path, size: u64) -> io::Result<(String, bool)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    if size <= 2 * END {
        hasher.update_reader((&mut file).take(2 * END))?;
        return Ok((hasher.finalize().to_hex().to_string(), true));
    }
    hasher.update_reader((&mut file).take(END))?;
    file.seek(SeekFrom::End(-(END as i64)))?;
    hasher.update_reader((&mut file).take(END))?;
    Ok((hasher.finalize().to_hex().to_string(), false))
}

/// Hash of a directory's files, their bytes and their number.
fn sample_dir(path: &Path, own: &[PathBuf]) -> io::Result<(String, u64, u64)> {
    let (mut hash, mut fact) = (CombinedHash::default(), String::new());
    let (mut size, mut files, mut budget) = (0, 0, DIRECTORY_BUDGET);
    visit_input(path, own, &mut |file| {
        fact.clear();
        let cost = file.size.min(2 * END);
        let is_sampled = cost <= budget;
        let mut is_whole = false;
        if is_sampled {
            budget -= cost;
            (fact, is_whole) = sample_file(&file.path(), file.size)?;
        }
        if !is_whole {
            if is_sampled {
                fact.push(' ');
            }
            push_rfc3339(&mut fact, file.modified);
        }
        hash.add(file.name, file.size, &fact);
        (size, files) = (size + file.size, files + 1);
        Ok(())
    })?;
    Ok((hash.finish(), size, files))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn seen(path: &Path) -> InputRecord {
        fingerprint_input("", path, &[])
    }

    fn touch(path: &Path) {
        let later = SystemTime::now() + Duration::from_secs(60);
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(later)
            .unwrap();
    }

    #[test]
    fn a_small_file_counts_by_content_and_a_large_one_also_by_time() {
        let dir = tempfile::tempdir().unwrap();
        for (name, size, stays) in [("small", 10, true), ("large", 200 << 10, false)] {
            let path = dir.path().join(name);
            fs::write(&path, vec![7_u8; size]).unwrap();
            let before = seen(&path);
            let whole = seen(dir.path());
            touch(&path);
            assert_eq!(before == seen(&path), stays, "{name}");
            assert_eq!(whole == seen(dir.path()), stays, "{name} in its directory");
        }
    }

    #[test]
    fn a_changed_byte_at_either_end_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let time = SystemTime::now();
        let write = |at: usize| {
            let mut bytes = vec![0_u8; 300 << 10];
            bytes[at] = 1;
            fs::write(&path, bytes).unwrap();
            File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
            seen(&path).sample
        };
        let (a, b, c) = (write(0), write(1), write((300 << 10) - 1));
        assert!(a != b && b != c && a != c);
    }

    #[test]
    fn what_is_not_there_is_recorded_as_absent() {
        assert_eq!(seen(Path::new("/no/such/place")).state, InputState::Absent);
    }
}
