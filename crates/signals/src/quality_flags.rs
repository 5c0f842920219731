//! Flags of recordings that can be kept, and are doubtful.

use crate::measured::StoredSample;
use ecgfm_artifacts::quality::{QualityCheck, QualityRow};
use ecgfm_artifacts::recipe::leads::{self, NAMES};
use ecgfm_artifacts::recipe::limb::{self, Mistake};
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::recordings::Recording;
use ecgfm_artifacts::rejected::Reason;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A lead that varies by more, in millivolts, is none that an electrocardiograph records: its range need not be more
/// than ±5 mV (IEC 60601-2-25). A file in microvolts looks so.
const MAX_STD: f32 = 10.0;
/// A lead that varies by less, in millivolts, is flat: under the steps in which recorders count.
const MIN_STD: f32 = 0.001;

/// A flag; small, as whole archives may be full of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QualityFlag {
    pub(crate) check: QualityCheck,
    /// Positions of the leads it is about: bit `i` for lead `i` of the twelve.
    leads: u16,
    /// Bits of what was found.
    value: u32,
    /// What would explain it.
    detail: String,
}

impl QualityFlag {
    /// A flag that is about the recording and no lead of it.
    pub(crate) fn of_recording(check: QualityCheck, value: f32, detail: String) -> Self {
        Self {
            check,
            leads: 0,
            value: value.to_bits(),
            detail,
        }
    }

    /// The row of `quality.csv`.
    pub(crate) fn row(&self, idx: usize, exam_id: &str) -> QualityRow {
        let named = (0..leads::COUNT).filter(|lead| self.leads >> lead & 1 == 1);
        QualityRow {
            idx,
            exam_id: exam_id.to_owned(),
            check: self.check,
            leads: named.map(|lead| NAMES[lead]).collect::<Vec<_>>().join(" "),
            value: f32::from_bits(self.value),
            detail: self.detail.clone(),
        }
    }
}

impl fmt::Display for QualityFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.row(0, "");
        let (check, unit) = (row.check.as_str(), row.check.unit());
        let leads = match row.leads.as_str() {
            "" => String::new(),
            leads => format!(", leads {}", leads.replace(' ', ", ")),
        };
        let left = if row.check.reason() == Reason::LimbLeads {
            " is left over"
        } else {
            ""
        };
        if row.value.is_nan() {
            return write!(f, "{check}: {}", row.detail);
        }
        write!(f, "{check}{leads}: {} {unit}{left}, {}", row.value, row.detail)
    }
}

/// Flags of what is doubtful about the file of a recording, as its reader found it.
pub(crate) fn of_file(recording: &Recording) -> Vec<QualityFlag> {
    let doubts = recording.metadata.iter().flat_map(|metadata| &metadata.doubts);
    let flag =
        |doubt: &String| QualityFlag::of_recording(QualityCheck::DoubtfulFile, f32::NAN, doubt.clone());
    doubts.map(flag).collect()
}

/// Finds all flags of a recording. `chosen` are the positions of its leads; the laws of the limb leads are looked at where
/// there are all twelve.
pub(crate) fn find<S: StoredSample>(
    trimmed: &Trimmed<'_, S>,
    quality: &Quality<S>,
    chosen: &[usize],
) -> Vec<QualityFlag> {
    let mut found = Vec::new();
    let (mean, std) = (S::as_f32(&quality.mean), S::as_f32(&quality.std));
    if chosen.len() == leads::COUNT {
        flag_limb_leads(trimmed.org(), (&mean, &std), &mut found);
    }
    let leads = || chosen.iter().copied().zip(std.iter().copied());
    let large = leads().filter(|(_, std)| *std > MAX_STD);
    found.extend(flag_deviation(QualityCheck::Amplitude, large, f32::max));
    let small = leads().filter(|(_, std)| *std < MIN_STD);
    found.extend(flag_deviation(QualityCheck::FlatLead, small, f32::min));
    found
}

/// One flag of all of these leads, if there are any; `worst` chooses among their deviations.
fn flag_deviation(
    check: QualityCheck,
    leads: impl Iterator<Item = (usize, f32)>,
    worst: fn(f32, f32) -> f32,
) -> Option<QualityFlag> {
    let (leads, value) = leads
        .map(|(lead, std)| (1 << lead, std))
        .reduce(|(all, value), (lead, std)| (all | lead, worst(value, std)))?;
    let detail = match check {
        QualityCheck::Amplitude => format!("above {MAX_STD} mV is no ECG in millivolts"),
        _ => format!("under {MIN_STD} mV is no signal"),
    };
    let value = f32::to_bits(value);
    Some(QualityFlag {
        check,
        leads,
        value,
        detail,
    })
}

fn flag_limb_leads<S: StoredSample>(
    samples: &[S],
    (mean, std): (&[f32], &[f32]),
    found: &mut Vec<QualityFlag>,
) {
    const CHECKS: [QualityCheck; 4] = [
        QualityCheck::Einthoven,
        QualityCheck::GoldbergerAvr,
        QualityCheck::GoldbergerAvl,
        QualityCheck::GoldbergerAvf,
    ];
    let left = limb::deviations(samples, mean);
    let level = limb::level(std);
    if !left.iter().any(|left| limb::is_broken(*left, level)) {
        return;
    }
    let flat = (0..limb::LIMB).find(|lead| std[*lead] < MIN_STD);
    let detail = match (flat, limb::explain(&S::as_f32(samples))) {
        (Some(lead), _) => format!("{} is flat", NAMES[lead]),
        (None, Some(mistake)) => format!("as if {}", mistake_text(&mistake)),
        (None, None) => "no exchange, order or sign of single leads explains it".to_owned(),
    };
    for ((check, law), left) in CHECKS.into_iter().zip(&limb::LAWS).zip(left) {
        if limb::is_broken(left, level) {
            let named = law.leads.split(' ').filter_map(leads::position);
            found.push(QualityFlag {
                check,
                leads: named.fold(0, |bits, lead| bits | 1 << lead),
                value: left.to_bits(),
                detail: detail.clone(),
            });
        }
    }
}

fn mistake_text(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Exchanged(a, b) => format!("{} and {} were exchanged", NAMES[*a], NAMES[*b]),
        Mistake::Inverted(lead) => format!("{} was inverted", NAMES[*lead]),
        Mistake::Order(order) => {
            let order: Vec<&str> = order.iter().map(|lead| NAMES[*lead]).collect();
            format!("the limb leads stood in the order {}", order.join(" "))
        }
    }
}
