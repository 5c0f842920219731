//! Formats of ECGs that are recognised and not read.

use crate::file::FileHead;
use ecgfm_formats::{Error, Result};
use std::path::Path;

/// Place of the magic bytes of DICOM.
const DICOM_PREFIX: usize = 128;
/// Place of the name that the first section of an SCP-ECG file has.
const SCP_NAME: usize = 16;
/// Place in the header of EDF and BDF of the size of the header, as text.
const EDF_HEADER_SIZE: std::ops::Range<usize> = 184..192;

/// Returns true for the start of a file in a format that is known and not read.
pub(crate) fn recognizes(head: &FileHead<'_>) -> bool {
    format_name(head.bytes).is_some()
}

/// Name of the format of a file that begins with these bytes.
fn format_name(start: &[u8]) -> Option<&'static str> {
    let has = |at: usize, bytes: &[u8]| start.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    if has(DICOM_PREFIX, b"DICM") {
        return Some("DICOM");
    }
    if has(SCP_NAME, b"SCPECG") {
        return Some("SCP-ECG");
    }
    if has(0, b"\xffBIOSEMI") {
        return Some("BDF");
    }
    let size = start.get(EDF_HEADER_SIZE).map(<[u8]>::trim_ascii);
    let is_number = size.is_some_and(|size| !size.is_empty() && size.iter().all(u8::is_ascii_digit));
    (has(0, b"0       ") && is_number).then_some("EDF")
}

/// Returns the error for a file whose first bytes were recognised.
///
/// # Errors
/// Always.
pub(crate) fn refuse<T>(path: &Path, start: &[u8]) -> Result<T> {
    let format = format_name(start).unwrap_or("a format");
    Err(Error::Unsupported {
        path: path.to_owned(),
        place: "start".to_owned(),
        what: format!("this is {format}, which is not read yet"),
        help: "convert it to WFDB".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_by_their_magic_bytes() {
        let at = |place: usize, bytes: &[u8]| {
            let mut start = vec![0; 300];
            start[place..place + bytes.len()].copy_from_slice(bytes);
            start
        };
        assert_eq!(format_name(&at(128, b"DICM")), Some("DICOM"));
        assert_eq!(format_name(&at(16, b"SCPECG")), Some("SCP-ECG"));
        assert_eq!(format_name(&at(0, b"\xffBIOSEMI")), Some("BDF"));
        let mut edf = at(0, b"0       ");
        assert_eq!(format_name(&edf), None);
        edf[184..192].copy_from_slice(b"768     ");
        assert_eq!(format_name(&edf), Some("EDF"));
        assert_eq!(format_name(b""), None);
    }
}
