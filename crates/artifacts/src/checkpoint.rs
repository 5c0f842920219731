//! Records of a stage's progress, with which it resumes after an interruption.
//!
//! Small JSON files in [`COMPLETE`], which is removed once the stage is published. A checkpoint is written after the outputs that
//! it is about, and is valid only until the machine restarts: a killed process loses nothing that it wrote, a power cut may.

use crate::error::{Error, Result};
use crate::stage::COMPLETE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Checkpoints of one stage directory.
#[derive(Debug)]
pub struct Checkpoints {
    dir: PathBuf,
    boot: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointRecord<T> {
    /// Identifier of the machine's start in which the checkpoint was written.
    boot: String,
    note: T,
}

/// Checkpoint that is written, and not valid yet.
#[derive(Debug)]
pub struct PendingCheckpoint {
    temporary: PathBuf,
    path: PathBuf,
}

impl Checkpoints {
    /// Opens the checkpoints in the stage directory `out`: none, or those of an interrupted run.
    ///
    /// # Errors
    /// I/O.
    pub fn open(out: &Path) -> Result<Self> {
        let dir = out.join(COMPLETE);
        std::fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Ok(Self { dir, boot })
    }

    /// Returns the checkpoint of a name, if there is a valid one.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let json = std::fs::read(self.dir.join(name)).ok()?;
        let dated: CheckpointRecord<T> = serde_json::from_slice(&json).ok()?;
        (dated.boot == self.boot && !self.boot.is_empty()).then_some(dated.note)
    }

    /// Writes a checkpoint, to be [committed](PendingCheckpoint::commit) once the outputs that it is about are there. Its text is
    /// never in memory as a whole: a long stage writes many, which would leave holes in the heap.
    ///
    /// # Errors
    /// I/O, or a value that JSON cannot hold.
    pub fn write<T: Serialize>(&self, name: &str, note: T) -> Result<PendingCheckpoint> {
        let path = self.dir.join(name);
        let temporary = path.with_extension("tmp");
        let boot = self.boot.clone();
        let written = File::create(&temporary).and_then(|file| {
            let mut out = BufWriter::new(file);
            serde_json::to_writer(&mut out, &CheckpointRecord { boot, note })?;
            out.flush()
        });
        written.map_err(Error::io("write", &path))?;
        Ok(PendingCheckpoint { temporary, path })
    }
}

impl PendingCheckpoint {
    /// Makes the checkpoint valid.
    ///
    /// # Errors
    /// I/O.
    pub fn commit(&self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.path)
    }

    /// Path of the checkpoint.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_counts_until_the_machine_is_started_anew_and_only_whole() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(dir.path()).unwrap();
        assert_eq!(checkpoints.read::<(u8, String)>("a.json"), None);
        let note = checkpoints.write("a.json", (7, "x")).unwrap();
        let path = note.path().to_owned();
        assert_eq!(checkpoints.read::<(u8, String)>("a.json"), None, "not yet");
        note.commit().unwrap();
        let again = Checkpoints::open(dir.path()).unwrap();
        assert_eq!(again.read("a.json"), Some((7, "x".to_owned())));
        assert_eq!(again.read::<String>("a.json"), None, "of another kind");
        let later = Checkpoints {
            boot: "another".to_owned(),
            ..again
        };
        assert_eq!(later.read::<(u8, String)>("a.json"), None);
        std::fs::write(&path, &std::fs::read(&path).unwrap()[1..]).unwrap();
        assert_eq!(checkpoints.read::<(u8, String)>("a.json"), None);
    }
}
