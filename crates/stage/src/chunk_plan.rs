//! Division of a stage's work into chunks, and the names of their files: known to the stages that write them and to the engine that
//! counts them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// File of the plan, in the directory of the chunks.
const FILE: &str = "plan.json";

/// Division of the work, as the first process that came to it wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkPlan {
    /// Number of chunks.
    pub chunks: usize,
    /// Every chunk has a file for each of these names; one empty name where a stage makes one thing.
    pub names: Vec<String>,
    /// Choices of the stage that all processes must share, such as the size of a batch.
    #[serde(default)]
    pub settings: Value,
}

impl ChunkPlan {
    /// Path of the plan in the directory of the chunks.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(FILE)
    }

    /// Reads the plan; none where no process has come to the work yet.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(Self::path(dir)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says if a chunk is complete by its own account. Its data are not looked at.
    ///
    /// # Errors
    /// The system does not let it be looked for.
    pub fn is_there(&self, dir: &Path, chunk: usize) -> io::Result<bool> {
        for name in &self.names {
            if !dir.join(chunk_file(name, chunk)).try_exists()? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Begins the names of all files of a chunk; `name` is empty where a stage makes one thing.
#[must_use]
pub fn chunk_stem(name: &str, chunk: usize) -> String {
    match name {
        "" => format!("{chunk:06}"),
        name => format!("{name}.{chunk:06}"),
    }
}

/// Name of the file that says that a chunk is complete.
#[must_use]
pub fn chunk_file(name: &str, chunk: usize) -> String {
    chunk_stem(name, chunk) + ".jsonl"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_there_when_all_its_names_are() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ChunkPlan::read(dir.path()).unwrap(), None);
        let plan = ChunkPlan {
            chunks: 2,
            names: vec!["a".to_owned(), "b".to_owned()],
            settings: Value::Null,
        };
        std::fs::write(ChunkPlan::path(dir.path()), serde_json::to_vec(&plan).unwrap()).unwrap();
        assert_eq!(ChunkPlan::read(dir.path()).unwrap(), Some(plan.clone()));
        std::fs::write(dir.path().join(chunk_file("a", 1)), "").unwrap();
        assert!(!plan.is_there(dir.path(), 1).unwrap());
        std::fs::write(dir.path().join("b.000001.jsonl"), "").unwrap();
        assert!(plan.is_there(dir.path(), 1).unwrap() && !plan.is_there(dir.path(), 0).unwrap());
        std::fs::write(ChunkPlan::path(dir.path()), "{").unwrap();
        assert!(ChunkPlan::read(dir.path()).is_err());
    }
}
