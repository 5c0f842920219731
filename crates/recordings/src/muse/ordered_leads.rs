//! Stored leads, and those that follow from them, in millivolts.

use super::waveform::{MISSING, StoredLead};
use crate::lead_names::standard_name;
use crate::standard_leads::BY_I_AND_II;
use ecgfm_recipe::leads::NAMES;

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

enum LeadSource<'a> {
    Stored(&'a StoredLead),
    Weighted([(&'a StoredLead, f64); 2]),
}

/// Leads in the standard order, followed by others in the order of the file, and their samples in millivolts, sample by
/// sample with all leads of each. A missing value is NaN.
pub(super) fn ordered(stored: &[StoredLead]) -> (Vec<MuseLead>, Vec<f64>) {
    let find = |name: &str| stored.iter().find(|lead| standard_name(&lead.id) == Some(name));
    let limb = find("I").zip(find("II"));
    // Weights of I and II, in a limb lead that is not stored.
    let source = |name: &str, weights: Option<[f64; 2]>| match (find(name), limb.zip(weights)) {
        (Some(lead), _) => Some(LeadSource::Stored(lead)),
        (None, Some(((one, two), [a, b]))) => Some(LeadSource::Weighted([(one, a), (two, b)])),
        (None, None) => None,
    };
    let mut leads = Vec::new();
    for (at, name) in NAMES.into_iter().enumerate() {
        let source = source(name, BY_I_AND_II.get(at).copied());
        leads.extend(source.map(|source| (name.to_owned(), source)));
    }
    for lead in stored {
        let name = standard_name(&lead.id);
        if !name.is_some_and(|name| NAMES.contains(&name)) {
            let name = name.unwrap_or(&lead.id).to_owned();
            leads.push((name, LeadSource::Stored(lead)));
        }
    }
    let samples = interleaved(&leads, stored.first().map_or(0, |lead| lead.counts.len()));
    let named = leads.into_iter().map(|(name, source)| MuseLead {
        name,
        derived: matches!(source, LeadSource::Weighted(_)),
    });
    (named.collect(), samples)
}

fn interleaved(leads: &[(String, LeadSource<'_>)], length: usize) -> Vec<f64> {
    let width = leads.len();
    let mut samples = vec![0.0; width * length];
    for (block, start) in samples.chunks_mut(BLOCK * width.max(1)).zip((0..).step_by(BLOCK)) {
        let rows = start..start + block.len() / width;
        for (position, (_, source)) in leads.iter().enumerate() {
            let column = block[position..].iter_mut().step_by(width);
            match source {
                LeadSource::Stored(lead) => {
                    let counts = &lead.counts[rows.clone()];
                    column
                        .zip(counts)
                        .for_each(|(out, count)| *out = millivolts(*count, lead.scale));
                }
                LeadSource::Weighted([(one, a), (two, b)]) => {
                    let counts = one.counts[rows.clone()].iter().zip(&two.counts[rows.clone()]);
                    column.zip(counts).for_each(|(out, (i, ii))| {
                        *out = a * millivolts(*i, one.scale) + b * millivolts(*ii, two.scale);
                    });
                }
            }
        }
    }
    samples
}

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

    fn lead(id: &str, counts: [i16; 2], scale: f64) -> StoredLead {
        StoredLead {
            id: id.to_owned(),
            counts: counts.to_vec(),
            scale,
        }
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
    fn without_lead_two_nothing_is_derived_and_a_missing_value_stays_missing() {
        let (leads, _) = ordered(&[lead("I", [1, 2], 1.0), lead("V1", [1, 2], 1.0)]);
        assert_eq!(leads.len(), 2);
        let (leads, samples) = ordered(&[lead("I", [1, MISSING], 1.0), lead("II", [1, 2], 1.0)]);
        assert_eq!(leads.len(), 6);
        assert!(samples[6].is_nan() && samples[8].is_nan() && samples[11].is_nan());
        assert_eq!(samples[7], 2.0);
    }
}
