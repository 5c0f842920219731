//! CSV files as files of one recording.

use super::cells::{separator, split};
use super::description::CsvDescription;
use super::ecg::CsvEcg;
use super::header::{CsvColumn, columns};
use crate::file::{BoxedFile, FileHead};
use crate::lead_names::standard_name;
use crate::metadata::RecordingMetadata;
use crate::recording::Encoding;
use crate::single::{SingleContent, SingleFile};
use crate::text;
use ecgfm_formats::Result;
use std::path::Path;

/// Returns true for text whose first line names a standard lead, or has as many numbers as there are leads stated.
pub(crate) fn recognizes(head: &FileHead<'_>, encoding: &Encoding) -> bool {
    // The head may end inside a character of two bytes.
    let even = &head.bytes[..head.bytes.len() / 2 * 2];
    let Ok(decoded) = text::decode(even, None) else {
        return false;
    };
    let first = decoded
        .text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut cells = Vec::new();
    if first.contains('\0') || split(first, separator(first), &mut cells).is_err() {
        return false;
    }
    match columns(&cells) {
        Some(columns) => columns.iter().any(is_standard_lead),
        None => encoding
            .leads
            .as_ref()
            .is_some_and(|leads| leads.len() == cells.len()),
    }
}

fn is_standard_lead(column: &CsvColumn) -> bool {
    matches!(column, CsvColumn::Lead { name, .. } if standard_name(name).is_some())
}

/// Opens the file at `path`.
///
/// # Errors
/// As [`CsvEcg::read`].
pub(crate) fn open(path: &Path, encoding: &Encoding) -> Result<BoxedFile> {
    let description = CsvDescription {
        sample_rate: encoding.stated_rate(),
        millivolts: encoding.scale(),
        leads: encoding.leads.as_ref().map(|leads| leads.to_vec()),
    };
    let ecg = CsvEcg::read(path, &description)?;
    let content = SingleContent {
        samples: ecg.len(),
        leads: ecg.leads,
        sample_rate: ecg.sample_rate,
        storage: "a table of text",
        metadata: RecordingMetadata {
            format: "CSV",
            doubts: ecg.doubts,
            ..RecordingMetadata::default()
        },
    };
    let samples = ecg.samples;
    let read_samples = move |out: &mut Vec<f64>| out.clone_from(&samples);
    Ok(Box::new(SingleFile::new(path, content, read_samples)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_ecgs_are_told_from_other_tables() {
        let recognized = |text: &str, encoding: &Encoding| {
            let head = FileHead {
                path: Path::new("x"),
                bytes: text.as_bytes(),
                is_whole: true,
                rest: None,
            };
            recognizes(&head, encoding)
        };
        let two = Encoding {
            leads: Some(["I", "II"].map(str::to_owned).into()),
            ..Encoding::default()
        };
        let nothing = Encoding::default();
        assert!(recognized("time,I\n", &nothing) && recognized("avr;V9 (mV)\n1;2\n", &nothing));
        assert!(
            recognized("1,2\n3,4\n", &two) && !recognized("1,2\n", &nothing) && !recognized("1,2,3\n", &two)
        );
        for other in [
            "exam_id,age,is_male\n1,2,3\n",
            "",
            "\n\n",
            "{\"I\": 1}",
            "rec 12 500\nrec.dat 16 I\n",
        ] {
            assert!(!recognized(other, &two), "{other}");
        }
    }
}
