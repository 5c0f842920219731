//! Leads of one `Waveform` element: their samples, checked against everything that the file says of them.

use super::base64;
use super::number::{finite, integer};
use crate::lead_names::standard_name;
use crate::refusal::Refusal;
use crate::xml::XmlNode;

/// Advice on a lead whose samples cannot be trusted.
const EXPORT_AGAIN: &str = "export the ECG again";
/// Count that stands for a missing value.
pub(super) const MISSING: i16 = i16::MIN;
/// Largest sample rate that is taken for one, in Hz.
const MAX_RATE: f64 = 1e6;

/// Leads as they are stored.
#[derive(Debug)]
pub(super) struct StoredWaveform {
    pub(super) sample_rate: f64,
    pub(super) leads: Vec<StoredLead>,
}

/// Lead as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredLead {
    /// Name as it is written.
    pub(super) id: String,
    /// Bytes of the counts, an even number.
    pub(super) bytes: Vec<u8>,
    /// Millivolts of a count of 1.
    pub(super) scale: f64,
}

impl StoredLead {
    /// Counts, each as its two bytes; the lower one is the first.
    pub(super) fn counts(&self) -> &[[u8; 2]] {
        self.bytes.as_chunks().0
    }
}

impl StoredWaveform {
    /// Reads a `Waveform` element.
    pub(super) fn read(waveform: XmlNode<'_>, doubts: &mut Vec<String>) -> Result<Self, Refusal> {
        let sample_rate = sample_rate(waveform, doubts)?;
        if let Some(kind) = waveform.text_of("SampleType")
            && !kind.eq_ignore_ascii_case("CONTINUOUS_SAMPLES")
        {
            doubts.push(format!(
                "SampleType is {}, and not CONTINUOUS_SAMPLES",
                shown(kind)
            ));
        }
        let mut leads: Vec<StoredLead> = Vec::new();
        for (number, element) in waveform.children_named("LeadData").enumerate() {
            let lead = read_lead(element, number, doubts)?;
            match leads
                .iter()
                .find(|other| name_of(other).eq_ignore_ascii_case(name_of(&lead)))
            {
                None => leads.push(lead),
                Some(other) if other.bytes == lead.bytes && other.scale == lead.scale => {
                    doubts.push(format!("lead {} is there twice, with the same samples", lead.id));
                }
                Some(_) => {
                    let place = format!("lead {}", lead.id);
                    let what = "it is there twice, with different samples";
                    return Err(Refusal::malformed(place, what, EXPORT_AGAIN));
                }
            }
        }
        check_lengths(&leads)?;
        doubt_missing_values(&leads, doubts);
        check_lead_count(waveform, leads.len(), doubts);
        Ok(Self { sample_rate, leads })
    }
}

fn name_of(lead: &StoredLead) -> &str {
    standard_name(&lead.id).unwrap_or(&lead.id)
}

fn sample_rate(waveform: XmlNode<'_>, doubts: &mut Vec<String>) -> Result<f64, Refusal> {
    let wrong = |what: String| Refusal::malformed("SampleBase", what, EXPORT_AGAIN);
    let base = waveform
        .text_of("SampleBase")
        .ok_or_else(|| wrong("the sample rate is not given".to_owned()))?;
    let exponent = match waveform.text_of("SampleExponent") {
        Some(text) => integer(text).filter(|e| (-9..=9).contains(e)).ok_or_else(|| {
            wrong(format!(
                "SampleExponent is {}, which is no power of ten",
                shown(text)
            ))
        })?,
        None => {
            doubts.push("SampleExponent is not given; SampleBase is taken for the sample rate".to_owned());
            0
        }
    };
    let power = 10f64.powi(exponent.unsigned_abs() as i32);
    let rate = finite(base).map(|base| if exponent < 0 { base / power } else { base * power });
    rate.filter(|rate| *rate > 0.0 && *rate <= MAX_RATE)
        .ok_or_else(|| wrong(format!("{} · 10^{exponent} is no sample rate", shown(base))))
}

fn read_lead(lead: XmlNode<'_>, number: usize, doubts: &mut Vec<String>) -> Result<StoredLead, Refusal> {
    let id = lead.text_of("LeadID").map(shown).ok_or_else(|| {
        let place = format!("LeadData number {}", number + 1);
        Refusal::malformed(place, "it has no LeadID", EXPORT_AGAIN)
    })?;
    let scale = scale(lead).map_err(|what| Refusal::malformed(format!("lead {id}"), what, EXPORT_AGAIN))?;
    if let Some(size) = lead
        .text_of("LeadSampleSize")
        .filter(|size| integer(size) != Some(2))
    {
        let what = format!("samples of {} bytes", shown(size));
        return Err(Refusal::unsupported(
            format!("lead {id}"),
            what,
            "samples of 2 bytes are read",
        ));
    }
    doubt_flags(lead, &id, doubts);
    let bytes = lead_bytes(lead, &id, doubts)?;
    if !bytes.len().is_multiple_of(2) {
        let what = format!("{} bytes are no whole number of samples of 2 bytes", bytes.len());
        return Err(Refusal::malformed(format!("lead {id}"), what, EXPORT_AGAIN));
    }
    Ok(StoredLead { id, bytes, scale })
}

/// Millivolts of a count of 1.
fn scale(lead: XmlNode<'_>) -> Result<f64, String> {
    let per_bit = lead
        .text_of("LeadAmplitudeUnitsPerBit")
        .ok_or("LeadAmplitudeUnitsPerBit is not given")?;
    let unit = lead
        .text_of("LeadAmplitudeUnits")
        .ok_or("LeadAmplitudeUnits is not given")?;
    let millivolts = crate::amplitude::millivolts_per(unit).ok_or_else(|| {
        format!(
            "LeadAmplitudeUnits is {}, which is no unit of voltage",
            shown(unit)
        )
    })?;
    let scale = finite(per_bit).map(|per_bit| per_bit * millivolts);
    scale
        .filter(|scale| *scale > 0.0 && scale.is_finite())
        .ok_or_else(|| format!("LeadAmplitudeUnitsPerBit is {}", shown(per_bit)))
}

/// Adds doubts about what the device says of a lead.
fn doubt_flags(lead: XmlNode<'_>, id: &str, doubts: &mut Vec<String>) {
    for (element, meaning) in [
        ("LeadOff", "its electrode was off"),
        ("BaselineSway", "its baseline sways"),
    ] {
        if lead
            .text_of(element)
            .is_some_and(|text| text.eq_ignore_ascii_case("TRUE"))
        {
            doubts.push(format!("lead {id}: {meaning} ({element})"));
        }
    }
    for element in ["LeadTimeOffset", "LeadOffsetFirstSample", "FirstSampleBaseline"] {
        if let Some(text) = lead.text_of(element).filter(|text| finite(text) != Some(0.0)) {
            doubts.push(format!(
                "lead {id}: {element} is {}, which is not applied",
                shown(text)
            ));
        }
    }
}

/// Bytes of the samples of a lead. They are trusted where the checksum or the number of bytes is as the file says.
fn lead_bytes(lead: XmlNode<'_>, id: &str, doubts: &mut Vec<String>) -> Result<Vec<u8>, Refusal> {
    let place = || format!("lead {id}");
    let text = lead.text_of("WaveFormData");
    let text =
        text.ok_or_else(|| Refusal::malformed(place(), "it has no samples (WaveFormData)", EXPORT_AGAIN))?;
    let decoded = base64::decode(text);
    let (found, said) = (crc32fast::hash(&decoded.bytes), lead.text_of("LeadDataCRC32"));
    let verified = said.and_then(checksum) == Some(found);
    if let Some(said) = said.filter(|_| !verified) {
        doubts.push(format!(
            "lead {id}: the checksum of its samples is {found}, and the file says {}",
            shown(said)
        ));
    }
    let counted = check_counts(lead, decoded.bytes.len());
    if let (false, Err(what)) = (verified, &counted) {
        return Err(Refusal::malformed(place(), what, EXPORT_AGAIN));
    }
    if decoded.foreign > 0 || decoded.broken_end {
        if !verified && !matches!(counted, Ok(true)) {
            let what = "its samples are damaged base64, and nothing says how many there are";
            return Err(Refusal::malformed(place(), what, EXPORT_AGAIN));
        }
        let proof = if verified {
            "the checksum"
        } else {
            "the number of bytes"
        };
        doubts.push(format!(
            "lead {id}: {} characters that are not base64 are passed over; {proof} is as the file says",
            decoded.foreign
        ));
    }
    if let Err(what) = counted {
        doubts.push(format!("lead {id}: {what}; the checksum is right"));
    }
    Ok(decoded.bytes)
}

/// A checksum is written as a number of 32 bits, sometimes a signed one.
fn checksum(text: &str) -> Option<u32> {
    let number = integer(text)?;
    u32::try_from(number)
        .ok()
        .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// True if the file says how many bytes or samples there are, and it is right.
fn check_counts(lead: XmlNode<'_>, bytes: usize) -> Result<bool, String> {
    let mut counted = false;
    for (element, there) in [("LeadByteCountTotal", bytes), ("LeadSampleCountTotal", bytes / 2)] {
        let Some(said) = lead.text_of(element) else {
            continue;
        };
        if integer(said) != Some(there as i64) {
            return Err(format!("{element} is {}, and there are {there}", shown(said)));
        }
        counted = true;
    }
    Ok(counted)
}

fn check_lengths(leads: &[StoredLead]) -> Result<(), Refusal> {
    let Some(first) = leads.first().filter(|first| !first.bytes.is_empty()) else {
        return Err(Refusal::malformed(
            "rhythm waveform",
            "it has no samples",
            EXPORT_AGAIN,
        ));
    };
    match leads.iter().find(|lead| lead.bytes.len() != first.bytes.len()) {
        None => Ok(()),
        Some(other) => {
            let what = format!(
                "it has {} samples, and lead {} has {}",
                other.counts().len(),
                first.id,
                first.counts().len()
            );
            Err(Refusal::malformed(
                format!("lead {}", other.id),
                what,
                EXPORT_AGAIN,
            ))
        }
    }
}

fn doubt_missing_values(leads: &[StoredLead], doubts: &mut Vec<String>) {
    for lead in leads {
        let is_missing = |count: &&[u8; 2]| i16::from_le_bytes(**count) == MISSING;
        // Most leads have none, and to see that takes less time than to count.
        if lead
            .counts()
            .iter()
            .fold(false, |any, count| any | is_missing(&count))
        {
            let missing = lead.counts().iter().filter(is_missing).count();
            doubts.push(format!(
                "lead {}: {missing} samples are {MISSING}, which stands for a missing value",
                lead.id
            ));
        }
    }
}

fn check_lead_count(waveform: XmlNode<'_>, there: usize, doubts: &mut Vec<String>) {
    if let Some(said) = waveform.text_of("NumberofLeads")
        && integer(said) != Some(there as i64)
    {
        doubts.push(format!("NumberofLeads is {}, and there are {there}", shown(said)));
    }
}

/// Beginning of a text of the file, for a message.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 40;
    text.chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
