//! A stage's recorded outputs, compared with what is on disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::store::files::{FileSummary, summarize_dir};
use crate::store::record::{FileRecord, StageRecord};
use ecgfm_system::presence;

/// A stage's outputs as they are now, against their record.
#[derive(Debug, Clone)]
pub(crate) struct OutputsOnDisk {
    /// The record, its outputs as they are on disk now.
    pub(crate) record: StageRecord,
    /// Recorded but gone.
    pub(crate) missing: Vec<String>,
    /// With other content than recorded.
    pub(crate) changed: Vec<String>,
    /// Set where some have only another time, as after a copy: worth recording anew.
    pub(crate) touched: bool,
    /// Set where the whole directory is gone.
    pub(crate) gone: bool,
}

impl OutputsOnDisk {
    /// A stage whose outputs were recorded just now.
    pub(crate) fn as_recorded(record: StageRecord) -> Self {
        Self {
            record,
            missing: vec![],
            changed: vec![],
            touched: false,
            gone: false,
        }
    }

    /// Says if all recorded outputs are as recorded.
    pub(crate) fn is_unchanged(&self) -> bool {
        !self.gone && self.missing.is_empty() && self.changed.is_empty()
    }

    /// Looks at sizes and times; reads only files where those differ from the record.
    pub(crate) fn scan(dir: &Path, record: &StageRecord) -> Result<Self> {
        let found = match summarize_dir(dir) {
            Ok(found) => found,
            Err(e) if e.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(e) => return Err(Error::io("list", dir, &e)),
        };
        let exists = presence::exists(dir).map_err(|e| Error::io("look for", dir, &e))?;
        let mut disk = Self {
            gone: !exists && record.cleaned.is_none(),
            ..Self::as_recorded(record.clone())
        };
        disk.record.outputs.clear();
        for (name, recorded) in &record.outputs {
            // Whether all of it is removed yet does not matter: nobody reads it before it is made again.
            if record
                .cleaned
                .as_ref()
                .is_some_and(|cleaned| cleaned.covers(name))
            {
                disk.record.outputs.insert(name.clone(), recorded.clone());
                continue;
            }
            let Some(outline) = found.get(name) else {
                disk.missing.push(name.clone());
                continue;
            };
            let now =
                current_record(outline, recorded).map_err(|e| Error::io("read", &dir.join(name), &e))?;
            if now.blake3 != recorded.blake3 {
                disk.changed.push(name.clone());
            } else if now != *recorded {
                disk.touched = true;
            }
            disk.record.outputs.insert(name.clone(), now);
        }
        Ok(disk)
    }
}

fn current_record(outline: &FileSummary, recorded: &FileRecord) -> io::Result<FileRecord> {
    let same = outline.size == recorded.size
        && outline.files == recorded.files
        && outline.modified == recorded.modified;
    let blake3 = if same {
        recorded.blake3.clone()
    } else {
        outline.hash()?
    };
    Ok(FileRecord {
        size: outline.size,
        blake3,
        modified: outline.modified.clone(),
        files: outline.files,
    })
}
