//! Stored leads, and those that follow from them, in millivolts.

use super::usual_leads::{DERIVED, STORED, UsualLeads};
use super::waveform::{MISSING, StoredLead};
use crate::lead_names::standard_name;
use crate::standard_leads::BY_I_AND_II;
use ecgfm_recipe::leads::{COUNT, NAMES};
use multiversion::multiversion;
use std::ops::Range;

/// Samples of all leads that are converted at a time: as many as the processor's nearest memory holds.
const BLOCK: usize = 128;

/// Lead of an ECG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MuseLead {
    /// Standard name, or the file's where there is none.
    pub name: String,
    /// True if the file does not hold the lead, and its samples are computed from I and II.
    pub derived: bool,
}

/// Source of the samples of a lead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum MuseLeadSource {
    /// Position among the stored leads.
    Stored(usize),
    /// Sum of I and II, which are the first two leads then, under these weights.
    Weighted([f64; 2]),
}

/// Leads in the standard order, followed by others in the order of the file, with their sources. Limb leads that are not
/// stored follow from I and II.
pub(super) fn order(stored: &[StoredLead]) -> (Vec<MuseLead>, Vec<MuseLeadSource>) {
    let names: Vec<Option<&str>> = stored.iter().map(|lead| standard_name(&lead.id)).collect();
    let find = |name: &str| names.iter().position(|stored| *stored == Some(name));
    let limb = find("I").is_some() && find("II").is_some();
    let mut leads = Vec::new();
    let mut sources = Vec::new();
    let mut add = |name: &str, source| {
        leads.push(MuseLead {
            name: name.to_owned(),
            derived: matches!(source, MuseLeadSource::Weighted(_)),
        });
        sources.push(source);
    };
    for (at, name) in NAMES.into_iter().enumerate() {
        match (find(name), BY_I_AND_II.get(at)) {
            (Some(position), _) => add(name, MuseLeadSource::Stored(position)),
            (None, Some(weights)) if limb => add(name, MuseLeadSource::Weighted(*weights)),
            _ => {}
        }
    }
    for (position, (lead, name)) in stored.iter().zip(&names).enumerate() {
        if !name.is_some_and(|name| NAMES.contains(&name)) {
            add(name.unwrap_or(&lead.id), MuseLeadSource::Stored(position));
        }
    }
    (leads, sources)
}

/// Millivolts of one lead in a block.
type LeadBlock = [f64; BLOCK];

/// Fills `samples` with millivolts, sample by sample with all leads of each. A missing value is NaN.
pub(super) fn interleave(stored: &[StoredLead], sources: &[MuseLeadSource], samples: &mut Vec<f64>) {
    let length = stored.first().map_or(0, |lead| lead.counts().len());
    let width = sources.len();
    samples.resize(width * length, 0.0);
    let done = usual_leads(stored, sources).map_or(0, |leads| leads.interleave(samples));
    interleave_from(done, stored, sources, samples);
}

/// Fills `samples` from number `from` on.
fn interleave_from(from: usize, stored: &[StoredLead], sources: &[MuseLeadSource], samples: &mut [f64]) {
    let width = sources.len();
    let mut columns: Vec<LeadBlock> = vec![[0.0; BLOCK]; width];
    let blocks = samples[from * width..].chunks_mut(BLOCK * width.max(1));
    for (block, start) in blocks.zip((from..).step_by(BLOCK)) {
        let rows = start..start + block.len() / width;
        for (at, source) in sources.iter().enumerate() {
            match source {
                MuseLeadSource::Stored(position) => scale(&stored[*position], rows.clone(), &mut columns[at]),
                MuseLeadSource::Weighted(weights) => {
                    let (limb, others) = columns.split_at_mut(2);
                    weigh([&limb[0], &limb[1]], *weights, &mut others[at - 2]);
                }
            }
        }
        // As long as the number of leads is known when this is compiled, no bound is checked.
        match (
            <&[LeadBlock; COUNT]>::try_from(columns.as_slice()),
            block.as_chunks_mut::<COUNT>(),
        ) {
            (Ok(columns), (block, [])) => {
                for (row, sample) in block.iter_mut().enumerate().take(BLOCK) {
                    sample
                        .iter_mut()
                        .zip(columns)
                        .for_each(|(out, column)| *out = column[row]);
                }
            }
            _ => {
                for (row, sample) in block.chunks_exact_mut(width).enumerate() {
                    sample
                        .iter_mut()
                        .zip(&columns)
                        .for_each(|(out, column)| *out = column[row]);
                }
            }
        }
    }
}

/// The leads of an electrocardiograph, where that is what there is: I, II and V1 to V6 are stored, and the other limb leads follow.
fn usual_leads<'a>(stored: &'a [StoredLead], sources: &[MuseLeadSource]) -> Option<UsualLeads<'a>> {
    let [first, second, limb @ .., c, d, e, f, g, h] = sources else {
        return None;
    };
    let derived = limb.iter().zip(&BY_I_AND_II[2..]);
    let follows =
        |(source, weights): (&MuseLeadSource, &[f64; 2])| *source == MuseLeadSource::Weighted(*weights);
    if limb.len() != DERIVED || !derived.into_iter().all(follows) {
        return None;
    }
    let lead = |source: &MuseLeadSource| match source {
        MuseLeadSource::Stored(position) => stored.get(*position),
        MuseLeadSource::Weighted(_) => None,
    };
    let leads = [first, second, c, d, e, f, g, h].map(lead);
    let leads: Vec<&StoredLead> = leads.into_iter().collect::<Option<_>>()?;
    let leads = <[&StoredLead; STORED]>::try_from(leads).ok()?;
    Some(UsualLeads {
        counts: leads.map(StoredLead::counts),
        scales: leads.map(|lead| lead.scale),
    })
}

fn scale(lead: &StoredLead, rows: Range<usize>, column: &mut LeadBlock) {
    scale_counts(&lead.counts()[rows], lead.scale, column);
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn scale_counts(counts: &[[u8; 2]], scale: f64, column: &mut LeadBlock) {
    for (out, count) in column.iter_mut().zip(counts) {
        *out = millivolts(i16::from_le_bytes(*count), scale);
    }
}

fn weigh([one, two]: [&LeadBlock; 2], [a, b]: [f64; 2], column: &mut LeadBlock) {
    let limb = one.iter().zip(two);
    column
        .iter_mut()
        .zip(limb)
        .for_each(|(out, (i, ii))| *out = a * i + b * ii);
}

#[inline(always)]
fn millivolts(count: i16, scale: f64) -> f64 {
    if count == MISSING {
        f64::NAN
    } else {
        f64::from(count) * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(counts: impl IntoIterator<Item = i16>) -> Vec<u8> {
        counts.into_iter().flat_map(i16::to_le_bytes).collect()
    }

    fn lead(id: &str, counts: [i16; 2], scale: f64) -> StoredLead {
        StoredLead {
            id: id.to_owned(),
            bytes: bytes_of(counts),
            scale,
        }
    }

    fn ordered(stored: &[StoredLead]) -> (Vec<MuseLead>, Vec<f64>) {
        let (leads, sources) = order(stored);
        let mut samples = vec![7.0; 3];
        interleave(stored, &sources, &mut samples);
        (leads, samples)
    }

    #[test]
    fn limb_leads_follow_in_float64_and_stored_ones_are_kept() {
        let stored = [
            lead("V4R", [7, 8], 1.0),
            lead("II", [-30_000, 30], 0.5),
            lead("I", [30_000, 10], 1.0),
            lead("AVR", [1, MISSING], 1.0),
        ];
        let (leads, samples) = ordered(&stored);
        let names: Vec<&str> = leads.iter().map(|lead| lead.name.as_str()).collect();
        assert_eq!(names, ["I", "II", "III", "aVR", "aVL", "aVF", "V4R"]);
        let derived: Vec<bool> = leads.iter().map(|lead| lead.derived).collect();
        assert_eq!(derived, [false, false, true, false, true, true, false]);
        assert_eq!(samples[..7], [3e4, -1.5e4, -4.5e4, 1.0, 3.75e4, -3e4, 7.0]);
        assert!(samples[10].is_nan());
        assert_eq!(samples[7..10], [10.0, 15.0, 5.0]);
    }

    #[test]
    fn eight_leads_become_twelve_as_one_by_one_also_where_a_value_is_missing() {
        for length in [1, 7, 8, 9, 200] {
            let stored: Vec<StoredLead> = ["V6", "II", "V1", "V2", "I", "V3", "V4", "V5"]
                .into_iter()
                .enumerate()
                .map(|(number, id)| StoredLead {
                    id: id.to_owned(),
                    bytes: bytes_of((0..length).map(|i| (i * i * 31 + number as i32 * 977) as i16)),
                    scale: 4.88e-3 + number as f64 * 1e-4,
                })
                .collect();
            for missing in [None, Some(0), Some(length as usize - 1)] {
                let mut stored = stored.clone();
                let mut set =
                    |at: usize| stored[4].bytes[2 * at..][..2].copy_from_slice(&MISSING.to_le_bytes());
                missing.into_iter().for_each(&mut set);
                let (_, sources) = order(&stored);
                assert!(usual_leads(&stored, &sources).is_some());
                let (mut at_once, mut one_by_one) = (Vec::new(), vec![0.0; 12 * length as usize]);
                interleave(&stored, &sources, &mut at_once);
                interleave_from(0, &stored, &sources, &mut one_by_one);
                let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&at_once), bits(&one_by_one), "{length} {missing:?}");
            }
        }
    }

    #[test]
    fn without_lead_two_nothing_is_derived_and_a_missing_value_stays_missing() {
        let (leads, _) = ordered(&[lead("I", [1, 2], 1.0), lead("V1", [1, 2], 1.0)]);
        assert_eq!(leads.len(), 2);
        let (leads, samples) = ordered(&[lead("I", [1, MISSING], 1.0), lead("II", [1, 2], 1.0)]);
        assert_eq!(leads.len(), 6);
        assert!(samples[6].is_nan() && samples[8].is_nan() && samples[11].is_nan());
        assert_eq!(samples[7], 2.0);
    }
}
