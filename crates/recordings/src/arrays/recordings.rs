//! Arrays as files of recordings.

use super::description::{ArrayDescription, ArrayUnit};
use super::file::ArrayFile;
use crate::file::{BoxedFile, DirectRows, FileHead, RecordingFile};
use crate::recording::{Encoding, Leads, Recording, shared_leads};
use crate::refusal::Refusal;
use ecgfm_formats::Result;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// First bytes of `.npy` files.
const NPY: &[u8] = b"\x93NUMPY";
/// First bytes of zip archives.
const ZIP: &[u8] = b"PK\x03\x04";
/// Place of the name of the first entry of a zip archive.
const ENTRY_NAME: usize = 30;

/// Array of recordings.
struct ArrayRecordings {
    path: Arc<PathBuf>,
    leads: Leads,
    array: ArrayFile,
}

/// Returns true for an array, or a zip archive whose first entry is one, where somebody states the order of the dimensions:
/// other programs' arrays are not taken for ECGs.
pub(crate) fn recognizes(head: &FileHead<'_>, encoding: &Encoding) -> bool {
    encoding.axes.is_some() && (head.bytes.starts_with(NPY) || holds_array(head.bytes))
}

/// Returns true if the first entry of a zip archive is named as an array is.
fn holds_array(start: &[u8]) -> bool {
    let length = start
        .get(26..28)
        .map(|length| usize::from(u16::from_le_bytes([length[0], length[1]])));
    let name = length.and_then(|length| start.get(ENTRY_NAME..ENTRY_NAME + length));
    start.starts_with(ZIP) && name.is_some_and(|name| name.ends_with(b".npy"))
}

/// Opens the array at `path`.
///
/// # Errors
/// As [`ArrayFile::open`].
pub(crate) fn open(path: &Path, encoding: &Encoding) -> Result<BoxedFile> {
    let description = description_of(encoding);
    if encoding.row_ids.is_some() {
        let what = "identifiers of rows are asked for, and an array has none";
        let help = "find rows by position, or by a column of the table";
        return Err(Refusal::unsupported("description", what, help).at(path));
    }
    let array = ArrayFile::open(path, &description)?;
    Ok(Box::new(ArrayRecordings {
        path: Arc::new(path.to_owned()),
        leads: shared_leads(array.leads().to_vec()),
        array,
    }))
}

/// Description of arrays that `encoding` makes.
pub(crate) fn description_of(encoding: &Encoding) -> ArrayDescription {
    ArrayDescription {
        axes: encoding.axes,
        sample_rate: encoding.stated_rate(),
        unit: encoding.scale().map(ArrayUnit::of_millivolts),
        leads: encoding.leads.as_ref().map(|leads| leads.to_vec()),
        member: encoding.array.clone(),
        missing: encoding.missing,
    }
}

impl RecordingFile for ArrayRecordings {
    fn path(&self) -> &Path {
        &self.path
    }

    /// Numbers of the ECGs from 0 on: arrays have no others.
    fn exam_ids(&self) -> Vec<Option<String>> {
        (0..self.array.rows()).map(|row| Some(row.to_string())).collect()
    }

    fn lead_count(&self) -> usize {
        self.leads.len()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        self.array.read(row, out.samples.float64_buffer())?;
        out.describe(&self.leads, self.array.sample_rate(), None, (&self.path, row));
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        None
    }

    fn storage(&self) -> String {
        format!("an array of {}", self.array.dtype())
    }

    fn facts(&self) -> Map<String, Value> {
        let facts = [
            ("format", json!("NumPy array")),
            ("rows", json!(self.array.rows())),
            ("samples", json!(self.array.samples())),
            ("leads", json!(self.leads.len())),
            ("lead_names", json!(*self.leads)),
            ("sample_rate", json!(self.array.sample_rate())),
            ("dtype", json!(self.array.dtype())),
        ];
        facts
            .map(|(name, fact)| (name.to_owned(), fact))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_one_of_arrays_if_its_first_entry_is_an_array() {
        let archive = |name: &str| {
            let mut start = [ZIP, &[0; 22]].concat();
            start.extend((name.len() as u16).to_le_bytes());
            start.extend([0; 2]);
            start.extend(name.as_bytes());
            start
        };
        assert!(holds_array(&archive("x.npy")) && !holds_array(&archive("archive/data.pkl")));
        assert!(!holds_array(b"PK\x03\x04") && !holds_array(b""));
    }
}
