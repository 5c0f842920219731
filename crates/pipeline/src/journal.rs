//! Bridges the moment between a stage's directory being in place and `lock.json` saying so.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::lock::{LockFile, StageRecord};
use crate::publish;

const NAME: &str = ".publishing.json";

#[derive(Serialize, Deserialize)]
struct Publishing {
    stage: String,
    record: StageRecord,
}

/// Writes down which stage is about to be put in place.
pub(crate) fn write(run_dir: &Path, stage: &str, record: &StageRecord) -> Result<()> {
    let publishing = Publishing {
        stage: stage.to_owned(),
        record: record.clone(),
    };
    publish::replace_json(&run_dir.join(NAME), &publishing)
}

/// The stage is in place and recorded.
pub(crate) fn clear(run_dir: &Path) -> Result<()> {
    let path = run_dir.join(NAME);
    publish::remove(&path).map_err(|e| Error::io("remove", &path, &e))
}

/// After a crash: records the stage if its directory did get in place.
pub(crate) fn recover(run_dir: &Path, lock: &mut LockFile) -> Result<()> {
    let Ok(text) = fs::read_to_string(run_dir.join(NAME)) else {
        return Ok(());
    };
    // An unreadable journal proves nothing: the stage then runs again.
    if let Ok(Publishing { stage, record }) = serde_json::from_str::<Publishing>(&text) {
        let plain = !stage.is_empty() && !stage.contains(['/', '\\']) && !stage.starts_with('.');
        if plain {
            let disk = Disk::look(&run_dir.join(&stage), &record)?;
            if !disk.gone && disk.missing.is_empty() && disk.changed.is_empty() {
                lock.stages.insert(stage, disk.record);
                lock.write(run_dir)?;
            }
        }
    }
    clear(run_dir)
}
