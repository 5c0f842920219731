//! The HDF5 files of CODE-15 and of anything shaped like them.

use crate::file::{DirectRows, FileHead, RecordingFile};
use crate::recording::{Encoding, Leads, Recording};
use ecgfm_formats::code15::PartReader;
use ecgfm_formats::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Exam numbers that are shown of a file.
const SHOWN: usize = 5;

/// Endings of the names of HDF5 files.
pub const HDF5_ENDINGS: [&str; 2] = ["hdf5", "h5"];

/// First bytes of an HDF5 file without a user block.
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Recognises a file by its ending too: one that is damaged or cut short is to be named as HDF5.
pub(crate) fn recognizes(head: &FileHead<'_>, _: &Encoding) -> bool {
    let ending = head.path.extension().and_then(|ending| ending.to_str());
    head.bytes.starts_with(SIGNATURE) || ending.is_some_and(|ending| HDF5_ENDINGS.contains(&ending))
}

/// An open HDF5 file of recordings. Its rows have no lead names, sample rate or unit.
pub struct Hdf5File {
    path: Arc<PathBuf>,
    part: PartReader,
    leads: Leads,
    encoding: Encoding,
}

impl Hdf5File {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// As [`PartReader::open`].
    pub fn open(path: &Path, encoding: Encoding) -> Result<Self> {
        let part = PartReader::open(path)?;
        if encoding.millivolts.is_some() {
            return Err(Error::Unsupported {
                path: path.to_owned(),
                place: "values".to_owned(),
                what: "a unit other than mV was stated for an HDF5 file".to_owned(),
                help: "convert the values to mV".to_owned(),
            });
        }
        Ok(Self {
            path: Arc::new(path.to_owned()),
            leads: encoding.leads(part.leads()),
            part,
            encoding,
        })
    }

    /// Exam of every row; 0 in the dummy row that ends every part of CODE-15.
    pub fn ids(&self) -> &[i64] {
        self.part.exam_ids()
    }

    /// Samples of each lead, padding included.
    pub fn samples(&self) -> usize {
        self.part.samples()
    }
}

impl RecordingFile for Hdf5File {
    fn path(&self) -> &Path {
        self.part.path()
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        let ids = self.ids().iter();
        ids.map(|id| (*id != 0).then(|| id.to_string())).collect()
    }

    fn lead_count(&self) -> usize {
        self.part.leads()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        let samples = out.samples.float32_buffer();
        samples.resize(self.part.row_len(), 0.0);
        self.part.read_row(row, samples)?;
        self.encoding.describe(out, &self.leads, (&self.path, row));
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        Some(DirectRows {
            shape: [self.part.rows(), self.part.samples(), self.part.leads()],
            placement: self.part.placement()?,
        })
    }

    fn storage(&self) -> String {
        self.part.layout().to_string()
    }

    fn facts(&self) -> Map<String, Value> {
        let (part, ids) = (&self.part, self.ids());
        let dummies = ids.iter().filter(|id| **id == 0).count();
        let facts = [
            ("format", json!("CODE-15 part (HDF5)")),
            ("rows", json!(part.rows())),
            ("samples", json!(part.samples())),
            ("leads", json!(part.leads())),
            ("dtype", json!(part.dtype())),
            ("layout", json!(format!("{:?}", part.layout()))),
            ("exams", json!(ids.len() - dummies)),
            ("dummy_rows", json!(dummies)),
            ("first_exam_ids", json!(&ids[..ids.len().min(SHOWN)])),
        ];
        facts
            .map(|(name, fact)| (name.to_owned(), fact))
            .into_iter()
            .collect()
    }
}
