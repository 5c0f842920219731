//! One ECG of a MUSE file.

use super::facts::{self, MuseFacts};
use super::ordered_leads::{MuseLead, MuseLeadSource, interleave, order};
use super::other_xml;
use super::waveform::{StoredLead, StoredWaveform, shown};
use crate::ascii::ascii_text;
use crate::refusal::{Refusal, read_whole};
use crate::text;
use crate::xml::{XmlNode, XmlTree, declared_encoding};
use ecgfm_formats::Result;
use std::path::Path;

/// Bytes of the largest file that is read; ordinary ones have 0.2 MB.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// Bytes at the start of a file in which the facts before the samples are looked for.
const FACTS_WITHIN: usize = 64 << 10;
/// Outermost element.
pub(super) const ROOT: &str = "RestingECG";
/// Elements in which people write, and devices do not escape what they wrote.
const FREE_TEXT: [&str; 5] = [
    "StmtText",
    "Question",
    "Answer",
    "PatientLastName",
    "PatientFirstName",
];

/// ECG of a MUSE file: its rhythm waveform, in millivolts.
#[derive(Debug, Clone, PartialEq)]
pub struct MuseEcg {
    /// Leads: the standard ones in their order, then others.
    pub leads: Vec<MuseLead>,
    /// Samples a second, of each lead.
    pub sample_rate: f64,
    /// Patient, acquisition, filters, diagnosis.
    pub facts: MuseFacts,
    /// Doubts about the content, each a sentence.
    pub doubts: Vec<String>,
    stored: Vec<StoredLead>,
    /// Source of each of `leads`.
    sources: Vec<MuseLeadSource>,
}

impl MuseEcg {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As [`Self::parse`], I/O, and a file of more than 64 MiB.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &read_whole(path, MAX_BYTES as u64)?)
    }

    /// Reads `bytes`, the content of the file at `path`.
    ///
    /// # Errors
    /// XML that is damaged or not MUSE's; no rhythm waveform; no sample rate, unit or scale; leads of unequal length; a
    /// lead whose bytes are not as many as the file says, or that is there twice with different samples.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        parse(bytes).map_err(|refusal| refusal.at(path))
    }

    /// Number of samples of each lead, at least 1.
    #[allow(clippy::len_without_is_empty, reason = "an ECG without samples is not read")]
    pub fn len(&self) -> usize {
        self.stored.first().map_or(0, |lead| lead.counts().len())
    }

    /// Millivolts, sample by sample with all leads of each. NaN where the file has −32768, which stands for a missing value.
    pub fn samples(&self) -> Vec<f64> {
        let mut samples = Vec::new();
        self.read_samples(&mut samples);
        samples
    }

    /// Fills `samples` as [`Self::samples`] does.
    pub fn read_samples(&self, samples: &mut Vec<f64>) {
        interleave(&self.stored, &self.sources, samples);
    }
}

/// Reads patient, acquisition, filters and diagnosis of `bytes`, the content of the file at `path`, and no samples.
///
/// # Errors
/// As [`MuseEcg::read`], but for what concerns samples.
pub(super) fn read_facts(path: &Path, bytes: &[u8]) -> Result<MuseFacts> {
    if let Some(facts) = facts_before_samples(&bytes[..bytes.len().min(FACTS_WITHIN)]) {
        return Ok(facts);
    }
    let facts =
        |root: XmlNode<'_>, rhythm: XmlNode<'_>, mut doubts| Ok(facts::read(root, rhythm, &mut doubts));
    with_document(bytes, facts).map_err(|refusal| refusal.at(path))
}

/// Facts in `start`, the beginning of a file, where it is plain text that reaches the samples of the rhythm waveform and everything
/// that has facts comes before these, as devices write it; else none.
pub(super) fn facts_before_samples(start: &[u8]) -> Option<MuseFacts> {
    let text = ascii_text(start).filter(|text| !text.contains('\0'))?;
    let tree = XmlTree::parse_until(text, &FREE_TEXT, "LeadData", is_rhythm)?;
    let (root, mut doubts) = (tree.root(), Vec::new());
    let is_complete = root.name() == ROOT && facts::BLOCKS.iter().all(|block| root.child(block).is_some());
    let rhythm = is_complete
        .then(|| rhythm_waveform(root, &mut doubts).ok())
        .flatten()?;
    Some(facts::read(root, rhythm, &mut doubts))
}

/// Returns true for a waveform with the recorded samples.
fn is_rhythm(waveform: XmlNode<'_>) -> bool {
    let kind = waveform.text_of("WaveformType");
    waveform.name() == "Waveform" && kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Rhythm"))
}

fn parse(bytes: &[u8]) -> Result<MuseEcg, Refusal> {
    with_document(bytes, |root, rhythm, mut doubts| {
        let stored = StoredWaveform::read(rhythm, &mut doubts)?;
        let facts = facts::read(root, rhythm, &mut doubts);
        let (leads, sources) = order(&stored.leads);
        Ok(MuseEcg {
            leads,
            sources,
            sample_rate: stored.sample_rate,
            stored: stored.leads,
            facts,
            doubts,
        })
    })
}

/// Gives `read` the document, its rhythm waveform, and doubts about its text.
fn with_document<T>(
    bytes: &[u8],
    read: impl FnOnce(XmlNode<'_>, XmlNode<'_>, Vec<String>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if bytes.trim_ascii().is_empty() {
        return Err(Refusal::malformed(
            "file",
            "it is empty",
            "copy or export it again",
        ));
    }
    let help = "save it in UTF-8, or export it again";
    let decoded = text::decode(bytes, declared_encoding(bytes));
    let decoded = decoded.map_err(|what| Refusal::unsupported("encoding", what, help))?;
    let tree = XmlTree::parse(&decoded.text, &FREE_TEXT).map_err(|error| {
        let place = format!("line {}", error.line);
        Refusal::malformed(
            place,
            error.what,
            "it is damaged or cut short: copy or export it again",
        )
    })?;
    let root = tree.root();
    if root.name() != ROOT || root.child("Waveform").is_none() && root.attributes().contains("philips") {
        let what = other_xml::describe(root);
        let help = "of XML, only that of GE MUSE (<RestingECG>) is read: export the ECG as that, or as WFDB";
        return Err(Refusal::unsupported("format", what, help));
    }
    let mut doubts: Vec<String> = decoded.doubt.into_iter().collect();
    if tree.repaired > 0 {
        let repaired = tree.repaired;
        doubts.push(format!(
            "{repaired} characters < or & that are not escaped were taken for text"
        ));
    }
    let rhythm = rhythm_waveform(root, &mut doubts)?;
    read(root, rhythm, doubts)
}

/// Waveform with the recorded samples. The median is one computed beat, which is never taken for an ECG.
fn rhythm_waveform<'t>(root: XmlNode<'t>, doubts: &mut Vec<String>) -> Result<XmlNode<'t>, Refusal> {
    let kind = |waveform: XmlNode<'t>| waveform.text_of("WaveformType").unwrap_or("of no type");
    let mut rhythms = root
        .children_named("Waveform")
        .filter(|waveform| is_rhythm(*waveform));
    let Some(rhythm) = rhythms.next() else {
        let there: Vec<String> = root
            .children_named("Waveform")
            .map(|w| shown(kind(w)))
            .take(8)
            .collect();
        let what = if there.is_empty() {
            "there is no waveform, only what was measured".to_owned()
        } else {
            format!("there is no rhythm waveform, only: {}", there.join(", "))
        };
        return Err(Refusal::unsupported(
            "Waveform",
            what,
            "export the ECG with its rhythm waveform",
        ));
    };
    let more = rhythms.count();
    if more > 0 {
        doubts.push(format!(
            "there are {} rhythm waveforms, of which the first is read",
            more + 1
        ));
    }
    Ok(rhythm)
}
