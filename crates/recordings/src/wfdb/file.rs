//! A record as a file of one recording.

use super::ecg_leads::EcgLeads;
use super::ecg_values::{fill_from_record, fill_from_stored};
use super::error::unsupported;
use super::frames16::fill_from_frames16;
use super::header::{WfdbHeader, is_header};
use super::paths::find_header;
use super::read::read_record;
use super::record::doubts_about;
use super::segments::described_signals;
use super::specification::SignalSpecification;
use super::stored::StoredRecord;
use crate::file::{BoxedFile, DirectRows, FileHead, RecordingFile};
use crate::metadata::RecordingMetadata;
use crate::recording::{Encoding, Leads, Recording, shared_leads};
use ecgfm_formats::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// WFDB record. Its leads are the signals in a unit of voltage; others are left out and named among the doubts.
pub struct WfdbFile {
    path: Arc<PathBuf>,
    header: WfdbHeader,
    /// Signals of a record of several segments, whose header does not describe them.
    of_segments: Option<Vec<SignalSpecification>>,
    ecg: EcgLeads,
    leads: Leads,
    frame_rate: f64,
}

/// Path of the header if the file belongs to a WFDB record whose head is given: it is a header, or one beside it names it.
pub(crate) fn header_of(head: &FileHead<'_>) -> Option<Result<PathBuf>> {
    let path = head.path;
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    // Nothing else that is read here has these endings, so that an error says more than "unknown".
    if ending == "hea" || ending == "dat" {
        return Some(find_header(path));
    }
    // A declaration of XML is no signal's first samples.
    if head.bytes.starts_with(b"<?xml") {
        return None;
    }
    let beside = find_header(path).ok();
    let names_it = |header: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        !path.exists()
            || WfdbHeader::read(header).is_ok_and(|h| h.signals.iter().any(|s| Some(s.file.as_str()) == name))
    };
    let of_record = beside.filter(names_it);
    of_record
        .or_else(|| has_header(head).then(|| path.to_owned()))
        .map(Ok)
}

/// Opens the record that the file belongs to whose head is given.
pub(crate) fn open(head: &FileHead<'_>, encoding: &Encoding) -> Result<BoxedFile> {
    let path = header_of(head).unwrap_or_else(|| Ok(head.path.to_owned()))?;
    let header = match head.is_whole && path == head.path {
        true => WfdbHeader::from_bytes(&path, head.bytes)?,
        false => WfdbHeader::read(&path)?,
    };
    Ok(Box::new(WfdbFile::with_header(&path, header, encoding)?))
}

/// Returns true if the file is a header, whatever its name.
fn has_header(head: &FileHead<'_>) -> bool {
    is_header(head.bytes)
        && WfdbHeader::read(head.path)
            .is_ok_and(|header| !header.signals.is_empty() || header.segments.is_some())
}

impl WfdbFile {
    /// Opens the record whose header is at `path`. The sample rate is that of the header; where it states none, that of
    /// `encoding`, if it is not 0.
    ///
    /// # Errors
    /// The header cannot be read, describes no ECG, or neither it nor `encoding` has a sample rate.
    pub fn open(path: &Path, encoding: &Encoding) -> Result<Self> {
        Self::with_header(path, WfdbHeader::read(path)?, encoding)
    }

    fn with_header(path: &Path, header: WfdbHeader, encoding: &Encoding) -> Result<Self> {
        let of_segments = header.segments.is_some();
        let of_segments = of_segments
            .then(|| described_signals(path, &header))
            .transpose()?;
        let ecg = EcgLeads::choose(path, of_segments.as_ref().unwrap_or(&header.signals))?;
        let frame_rate = header.frame_rate.or_else(|| {
            let stated = encoding.sample_rate > 0.0;
            stated.then(|| encoding.sample_rate / f64::from(ecg.samples_per_frame))
        });
        Ok(Self {
            path: Arc::new(path.to_owned()),
            leads: shared_leads(ecg.names.clone()),
            frame_rate: frame_rate.ok_or_else(|| no_rate(path))?,
            header,
            of_segments,
            ecg,
        })
    }

    /// Header of the record.
    pub fn header(&self) -> &WfdbHeader {
        &self.header
    }

    /// Fills in the values of the leads, and returns what is odd about the record.
    fn fill(&self, values: &mut Vec<f64>) -> Result<Vec<String>> {
        let (path, header) = (self.path.to_path_buf(), &self.header);
        if header.segments.is_some() {
            let record = read_record(path, header.clone())?;
            fill_from_record(&record, &self.ecg, values);
            return Ok(record.warnings);
        }
        if let Some(warnings) = fill_from_frames16(&path, header, &self.ecg, values)? {
            return Ok(warnings);
        }
        let stored = StoredRecord::read(path, header.clone())?;
        fill_from_stored(&stored, &self.ecg, values);
        let mut warnings = stored.warnings;
        warnings.extend(doubts_about(&stored.header.signals));
        Ok(warnings)
    }

    fn sample_rate(&self) -> f64 {
        self.frame_rate * f64::from(self.ecg.samples_per_frame)
    }

    /// Name of the file, without its ending: what tells records of an archive apart.
    fn record_id(&self) -> Option<String> {
        Some(self.path.file_stem()?.to_string_lossy().into_owned())
    }

    /// What the header states; `doubts` are those of reading the signals.
    fn stated(&self, mut doubts: Vec<String>) -> RecordingMetadata {
        let header = &self.header;
        let comment = |key: &str| {
            header
                .comment(key)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let start: Vec<String> = [
            header.date.map(|date| date.to_string()),
            header.time.map(|time| time.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        doubts.extend_from_slice(&self.ecg.left_out);
        RecordingMetadata {
            format: "WFDB",
            patient_id: comment("subject_id").or_else(|| comment("<subject_id>")),
            age: comment("age"),
            sex: comment("sex"),
            acquired_at: (!start.is_empty()).then(|| start.join("T")),
            comments: header
                .comments
                .iter()
                .map(|comment| split_comment(comment))
                .collect(),
            doubts,
            ..RecordingMetadata::default()
        }
    }
}

fn no_rate(path: &Path) -> Error {
    let help = "write the rate in samples a second after the number of signals in its first line. WFDB's documentation \
                would assume 250, which few archives have";
    unsupported(path, "record line", "the header states no sample rate", help)
}

/// Key and value of a comment; an empty key where there is no colon.
fn split_comment(comment: &str) -> (String, String) {
    let (key, value) = comment.split_once(':').unwrap_or(("", comment));
    (key.trim().to_owned(), value.trim().to_owned())
}

impl RecordingFile for WfdbFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        vec![self.record_id()]
    }

    fn lead_count(&self) -> usize {
        self.leads.len()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        if row > 0 {
            let what = format!("row {row} was asked for; a WFDB record is one recording");
            let path = self.path.to_path_buf();
            return Err(Error::Request { path, what });
        }
        let warnings = self.fill(out.samples.float64_buffer())?;
        out.describe(
            &self.leads,
            self.sample_rate(),
            Some(self.stated(warnings)),
            (&self.path, row),
        );
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        None
    }

    fn metadata(&self, _: usize) -> Option<RecordingMetadata> {
        Some(self.stated(Vec::new()))
    }

    fn storage(&self) -> String {
        let signals = self.of_segments.as_ref().unwrap_or(&self.header.signals);
        let mut formats: Vec<String> = signals.iter().map(|signal| signal.format.to_string()).collect();
        formats.dedup();
        format!("signal files of format {}", formats.join(", "))
    }

    fn facts(&self) -> Map<String, Value> {
        let header = &self.header;
        let mut files: Vec<&str> = header.signals.iter().map(|signal| signal.file.as_str()).collect();
        files.dedup();
        let samples = header
            .frames
            .map(|frames| frames * u64::from(self.ecg.samples_per_frame));
        let facts = [
            ("format", json!("WFDB")),
            ("record", json!(header.name)),
            ("rows", json!(1)),
            ("samples", json!(samples)),
            ("leads", json!(self.leads.len())),
            ("lead_names", json!(*self.leads)),
            ("sample_rate", json!(self.sample_rate())),
            ("storage", json!(self.storage())),
            ("signal_files", json!(files)),
            ("segments", json!(header.segments.as_ref().map(Vec::len))),
            ("comments", json!(header.comments)),
        ];
        let stated = facts.into_iter().filter(|(_, fact)| !fact.is_null());
        stated.map(|(name, fact)| (name.to_owned(), fact)).collect()
    }
}
