//! MUSE's files as files of one recording.

use super::ecg::{MAX_BYTES, MuseEcg, facts_before_samples, read_facts};
use super::facts::{AgeUnit, MuseAge, MuseFacts, MuseFilters, Sex};
use crate::content::with_content;
use crate::file::{BoxedFile, FileHead};
use crate::lead_names::standard_name;
use crate::metadata::RecordingMetadata;
use crate::recording::Encoding;
use crate::single::{SingleContent, SingleFile};
use ecgfm_formats::Result;

/// Opens a file.
///
/// # Errors
/// As [`MuseEcg::read`].
pub(crate) fn open(head: &FileHead<'_>) -> Result<BoxedFile> {
    let ecg = with_content(head, MAX_BYTES, |bytes| MuseEcg::parse(head.path, bytes))?;
    let content = SingleContent {
        leads: ecg.leads.iter().map(|lead| lead.name.clone()).collect(),
        sample_rate: ecg.sample_rate,
        samples: ecg.len(),
        storage: "16-bit integers in base64",
        metadata: metadata(&ecg),
    };
    let read_samples = move |samples: &mut Vec<f64>| ecg.read_samples(samples);
    Ok(Box::new(SingleFile::new(head.path, content, read_samples)))
}

/// Reads what a file states before its samples, and after them only where what is before is not all that is looked for.
///
/// # Errors
/// As [`MuseEcg::read`], but for what concerns samples and for damage after the place that was read.
pub(crate) fn describe(head: &FileHead<'_>) -> Result<RecordingMetadata> {
    if let Some(facts) = facts_before_samples(head.bytes) {
        return Ok(stated(&facts));
    }
    let facts = with_content(head, MAX_BYTES, |bytes| read_facts(head.path, bytes))?;
    Ok(stated(&facts))
}

/// Returns true for XML, of which MUSE's is read and other kinds are refused by name.
pub(crate) fn recognizes(head: &FileHead<'_>, _: &Encoding) -> bool {
    is_xml(head.bytes)
}

fn is_xml(start: &[u8]) -> bool {
    // In UTF-16, every other byte is zero.
    let mut characters = start
        .iter()
        .filter(|byte| **byte != 0)
        .skip_while(|byte| byte.is_ascii_whitespace() || !byte.is_ascii());
    let first: Vec<u8> = characters.by_ref().take(2).copied().collect();
    matches!(first[..], [b'<', b'?' | b'!' | b'A'..=b'Z' | b'a'..=b'z'])
}

fn metadata(ecg: &MuseEcg) -> RecordingMetadata {
    let derived = ecg.leads.iter().filter(|lead| lead.derived);
    RecordingMetadata {
        derived_leads: derived.filter_map(|lead| standard_name(&lead.name)).collect(),
        doubts: ecg.doubts.clone(),
        ..stated(&ecg.facts)
    }
}

fn stated(facts: &MuseFacts) -> RecordingMetadata {
    let sex = facts.sex.map(|sex| match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    });
    RecordingMetadata {
        format: "GE MUSE XML",
        patient_id: facts.patient_id.clone(),
        age: facts.age.map(age),
        sex: sex.map(str::to_owned),
        acquired_at: acquired_at(facts),
        statements: facts.diagnosis.clone(),
        comments: comments(facts),
        filters: filters(facts.filters),
        ..RecordingMetadata::default()
    }
}

/// Number with its unit: `6 months`.
fn age(age: MuseAge) -> String {
    let unit = match age.unit {
        AgeUnit::Years => "years",
        AgeUnit::Months => "months",
        AgeUnit::Weeks => "weeks",
        AgeUnit::Days => "days",
        AgeUnit::Hours => "hours",
    };
    format!("{} {unit}", age.value)
}

fn acquired_at(facts: &MuseFacts) -> Option<String> {
    let date = facts.acquisition_date.clone()?;
    let time = facts.acquisition_time.as_ref();
    Some(time.map_or(date.clone(), |time| format!("{date}T{time}")))
}

fn comments(facts: &MuseFacts) -> Vec<(String, String)> {
    let named = [("date of birth", &facts.birth_date), ("device", &facts.device)];
    let named = named
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let original = facts
        .original_diagnosis
        .iter()
        .map(|text| ("original diagnosis", text));
    named
        .chain(original)
        .map(|(name, text)| (name.to_owned(), text.clone()))
        .collect()
}

fn filters(filters: MuseFilters) -> Vec<String> {
    let named = [
        ("high pass", filters.high_pass_hz),
        ("low pass", filters.low_pass_hz),
        ("mains", filters.mains_hz),
    ];
    named
        .into_iter()
        .filter_map(|(name, hz)| Some(format!("{name} {} Hz", hz?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_known_in_every_encoding() {
        for start in [
            &b"<?xml"[..],
            b"\xEF\xBB\xBF<?xml",
            b"\xFF\xFE<\0?\0",
            b"\xFE\xFF\0<\0R",
            b" \n<RestingECG>",
            b"<!DOCTYPE",
        ] {
            assert!(is_xml(start), "{start:?}");
        }
        for start in [&b""[..], b"<", b"< 5", b"time,I", b"\x93NUMPY", b"\x89HDF"] {
            assert!(!is_xml(start), "{start:?}");
        }
    }
}
