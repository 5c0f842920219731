//! The directories that a stage writes into before it is put in place: a temporary one for its outputs, and where it works in chunks
//! one that keeps those.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::store::layout::{chunks_dir, temporary_dir};
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::publish;
use crate::store::record::StageRecord;
use ecgfm_stage::{ChunkPlan, Shard};
use ecgfm_system::presence;

/// Number of chunks that are there, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChunkCount {
    /// Chunks that are complete by their own account.
    pub there: usize,
    /// Chunks in all.
    pub of: usize,
}

/// The directory of the chunks of a stage that has this fingerprint.
pub(crate) fn place(target: &Path, fingerprint: &str) -> PathBuf {
    chunks_dir(target).join(fingerprint)
}

/// Fingerprints of the work whose chunks are kept for `target`.
pub(crate) fn kept_fingerprints(target: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(chunks_dir(target)) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        // Hours of work may lie there: what cannot be read is not taken for absent.
        Err(e) => return Err(e),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// Makes an empty temporary directory for the outputs of a stage.
pub(crate) fn prepare_outputs(target: &Path) -> io::Result<PathBuf> {
    let dir = temporary_dir(target);
    publish::remove(&dir)?;
    failpoint::at(Point::TempCreate, &dir)?;
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Makes the directory of a stage's chunks ready, and removes those of other fingerprints; `from_beginning` leaves none. Returns the
/// directory, and says if it was there.
pub(crate) fn prepare_chunks(
    target: &Path,
    fingerprint: &str,
    from_beginning: bool,
) -> io::Result<(PathBuf, bool)> {
    for name in kept_fingerprints(target)? {
        if from_beginning || name != fingerprint {
            publish::remove(&place(target, &name))?;
        }
    }
    let dir = place(target, fingerprint);
    let there = presence::is_dir(&dir)?;
    failpoint::at(Point::ChunksCreate, &dir)?;
    fs::create_dir_all(&dir)?;
    Ok((dir, there))
}

/// Removes the chunks of a stage: its outputs hold all that was in them.
pub(crate) fn remove_chunks(target: &Path) -> io::Result<()> {
    let dir = chunks_dir(target);
    if presence::exists(&dir)? {
        failpoint::at(Point::ChunksRemove, &dir)?;
        publish::remove(&dir)?;
    }
    Ok(())
}

/// The fingerprint of a stage whose outputs are all in place; none where it has no chunks of these. Where an output is gone, the chunks
/// are the work on making it again.
pub(crate) fn published_whole<'r>(dir: &Path, record: Option<&'r StageRecord>) -> Result<Option<&'r str>> {
    let kept = kept_fingerprints(dir);
    let kept = kept.map_err(|e| Error::io("read the chunks that are kept for", dir, &e))?;
    let Some(record) = record.filter(|record| kept.contains(&record.fingerprint)) else {
        return Ok(None);
    };
    let whole = OutputsOnDisk::scan(dir, record)?.is_unchanged();
    Ok(whole.then_some(record.fingerprint.as_str()))
}

/// After a crash: removes what is left of outputs, and the chunks of a stage that is in place with the fingerprint `published`.
pub(crate) fn remove_leftovers(target: &Path, published: Option<&str>) -> io::Result<()> {
    publish::remove(&temporary_dir(target))?;
    let kept = kept_fingerprints(target)?;
    if kept.is_empty() || kept.iter().any(|name| Some(name.as_str()) == published) {
        publish::remove(&chunks_dir(target))?;
    }
    Ok(())
}

/// Number of chunks of this fingerprint that are there; none where no process has come to the work yet.
pub(crate) fn count(target: &Path, fingerprint: &str) -> io::Result<Option<ChunkCount>> {
    let dir = place(target, fingerprint);
    let Some(plan) = ChunkPlan::read(&dir)? else {
        return Ok(None);
    };
    let mut there = 0;
    for chunk in 0..plan.chunks {
        there += usize::from(plan.is_there(&dir, chunk)?);
    }
    let of = plan.chunks;
    Ok(Some(ChunkCount { there, of }))
}

/// Numbers of the shares, of `count`, of which a chunk is missing; all of them where no process has come to the work yet.
pub(crate) fn missing_shares(target: &Path, fingerprint: &str, count: usize) -> io::Result<Vec<usize>> {
    let dir = place(target, fingerprint);
    let Some(plan) = ChunkPlan::read(&dir)? else {
        return Ok((1..=count).collect());
    };
    let mut missing = vec![false; count];
    for chunk in 0..plan.chunks {
        missing[chunk % count] |= !plan.is_there(&dir, chunk)?;
    }
    let shards = (1..=count).filter_map(|number| Shard::new(number, count));
    Ok(shards
        .map(Shard::number)
        .filter(|number| missing[number - 1])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_stage::chunk_file;

    #[test]
    fn chunks_of_the_same_work_stay_and_others_go() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("slow");
        let (chunks, there) = prepare_chunks(&target, "a", false).unwrap();
        assert!(!there);
        fs::write(chunks.join("file"), "").unwrap();
        assert!(prepare_chunks(&target, "a", false).unwrap().1);
        assert_eq!(kept_fingerprints(&target).unwrap(), ["a"]);
        assert!(
            !prepare_chunks(&target, "a", true).unwrap().1,
            "from the beginning"
        );
        assert!(!prepare_chunks(&target, "b", false).unwrap().1);
        assert_eq!(kept_fingerprints(&target).unwrap(), ["b"]);
        remove_leftovers(&target, Some("a")).unwrap();
        assert_eq!(kept_fingerprints(&target).unwrap(), ["b"]);
        remove_leftovers(&target, Some("b")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn shares_with_a_missing_chunk_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("slow");
        assert_eq!(missing_shares(&target, "a", 3).unwrap(), [1, 2, 3]);
        let (chunks, _) = prepare_chunks(&target, "a", false).unwrap();
        assert_eq!(count(&target, "a").unwrap(), None);
        let plan = serde_json::json!({"chunks": 7, "names": [""]});
        fs::write(ChunkPlan::path(&chunks), plan.to_string()).unwrap();
        for chunk in [0, 1, 3, 4, 6] {
            fs::write(chunks.join(chunk_file("", chunk)), "").unwrap();
        }
        assert_eq!(count(&target, "a").unwrap(), Some(ChunkCount { there: 5, of: 7 }));
        assert_eq!(missing_shares(&target, "a", 3).unwrap(), [3]);
        assert_eq!(missing_shares(&target, "a", 2).unwrap(), [1, 2]);
        assert_eq!(missing_shares(&target, "a", 64).unwrap(), [3, 6]);
    }
}
