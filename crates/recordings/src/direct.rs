//! Rows of float32 whose bytes are known.

use crate::file::{DirectRows, RecordingFile};
use crate::recording::{Encoding, Leads, Recording};
use ecgfm_formats::Result;
use ecgfm_formats::tracings::TracingRows;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of which nothing is known but where its rows are.
pub struct DirectFile {
    path: Arc<PathBuf>,
    rows: TracingRows,
    leads: Leads,
    encoding: Encoding,
}

impl DirectFile {
    /// Opens the file at `path`, and checks that the rows are inside it.
    ///
    /// # Errors
    /// As [`TracingRows::open`].
    pub fn open(path: &Path, rows: DirectRows, encoding: Encoding) -> Result<Self> {
        let leads = encoding.leads(rows.shape[2]);
        Ok(Self {
            path: Arc::new(path.to_owned()),
            rows: TracingRows::open(path, rows.shape, rows.placement)?,
            leads,
            encoding,
        })
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.shape()[0]
    }
}

impl RecordingFile for DirectFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        vec![None; self.row_count()]
    }

    fn lead_count(&self) -> usize {
        self.leads.len()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        let samples = out.samples.float32_buffer();
        samples.resize(self.rows.row_len(), 0.0);
        self.rows.read_row(row, samples)?;
        self.encoding.describe(out, &self.leads, (&self.path, row));
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        Some(DirectRows {
            shape: self.rows.shape(),
            placement: self.rows.placement(),
        })
    }

    fn storage(&self) -> String {
        "rows of float32".to_owned()
    }

    fn facts(&self) -> Map<String, Value> {
        let [rows, samples, leads] = self.rows.shape();
        let facts = [("rows", rows), ("samples", samples), ("leads", leads)];
        facts
            .map(|(name, n)| (name.to_owned(), json!(n)))
            .into_iter()
            .collect()
    }
}

impl Encoding {
    /// Fills in all of a recording but its samples.
    pub(crate) fn describe(&self, out: &mut Recording, leads: &Leads, (file, row): (&Arc<PathBuf>, usize)) {
        out.describe(leads, self.sample_rate, None, (file, row));
        out.unit = self.unit;
    }
}
