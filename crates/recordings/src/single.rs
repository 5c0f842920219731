//! Files of one recording that is read when they are opened.

use crate::file::{DirectRows, RecordingFile};
use crate::metadata::RecordingMetadata;
use crate::recording::{Leads, Recording, shared_leads};
use ecgfm_formats::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads the values of a recording: millivolts, sample by sample with all leads of each.
type ReadSamples = Box<dyn Fn(&mut Vec<f64>) + Send + Sync>;

/// File of one recording, which was read when it was opened.
pub(crate) struct SingleFile {
    path: Arc<PathBuf>,
    leads: Leads,
    sample_rate: f64,
    /// Number of samples of each lead.
    samples: usize,
    storage: &'static str,
    metadata: RecordingMetadata,
    read_samples: ReadSamples,
}

/// Content of a file of one recording, in millivolts.
pub(crate) struct SingleContent {
    pub(crate) leads: Vec<String>,
    pub(crate) sample_rate: f64,
    /// Number of samples of each lead.
    pub(crate) samples: usize,
    /// How the samples are stored, in words.
    pub(crate) storage: &'static str,
    pub(crate) metadata: RecordingMetadata,
}

impl SingleFile {
    pub(crate) fn new(
        path: &Path,
        content: SingleContent,
        read_samples: impl Fn(&mut Vec<f64>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            path: Arc::new(path.to_owned()),
            leads: shared_leads(content.leads),
            sample_rate: content.sample_rate,
            samples: content.samples,
            storage: content.storage,
            metadata: content.metadata,
            read_samples: Box::new(read_samples),
        }
    }
}

impl RecordingFile for SingleFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        let name = self.path.file_stem();
        vec![name.map(|name| name.to_string_lossy().into_owned())]
    }

    fn lead_count(&self) -> usize {
        self.leads.len()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        if row > 0 {
            let what = format!("row {row} was asked for; the file is one recording");
            let path = self.path.to_path_buf();
            return Err(Error::Request { path, what });
        }
        (self.read_samples)(out.samples.float64_buffer());
        out.describe(
            &self.leads,
            self.sample_rate,
            Some(self.metadata.clone()),
            (&self.path, row),
        );
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        None
    }

    fn metadata(&self, row: usize) -> Option<RecordingMetadata> {
        (row == 0).then(|| self.metadata.clone())
    }

    fn storage(&self) -> String {
        self.storage.to_owned()
    }

    fn facts(&self) -> Map<String, Value> {
        let facts = [
            ("format", json!(self.metadata.format)),
            ("rows", json!(1)),
            ("samples", json!(self.samples)),
            ("leads", json!(self.leads.len())),
            ("lead_names", json!(*self.leads)),
            ("sample_rate", json!(self.sample_rate)),
            ("storage", json!(self.storage)),
        ];
        facts
            .map(|(name, fact)| (name.to_owned(), fact))
            .into_iter()
            .collect()
    }
}
