//! Recordings as bytes of WFDB, MUSE and CSV files.

use std::f64::consts::PI;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ecgfm_recordings::muse::{AgeUnit, CountedLead, MuseAge, MuseDocument, MuseFacts, Sex};
use ecgfm_recordings::wfdb::{EncodedRecord, LeadToWrite, RecordToWrite};

use crate::error::Error;
use crate::exam::Exam;
use crate::layout::RATE_OF_FILES;
use crate::leads::{LEAD_NAMES, LEADS};
use crate::release::context::io_error;

/// Microvolts of a count in MUSE's files.
const MICROVOLTS_PER_COUNT: f64 = 4.88;
/// The leads that MUSE stores, by number: I, II, V1 to V6.
const MUSE_LEADS: [usize; 8] = [0, 1, 6, 7, 8, 9, 10, 11];
/// Samples of 500 Hz that are one of 100 Hz.
const DECIMATION: usize = 5;
/// Samples on each side that the filter before decimation reaches.
const REACH: usize = 40;
/// Cut-off of that filter, in cycles a sample: 45 Hz of 500 Hz.
const CUT_OFF: f64 = 45.0 / 500.0;

/// Leads of an exam, in millivolts rounded to microvolts, which files of 16 bits hold exactly.
pub(super) fn leads_of(exam: &Exam) -> Vec<Vec<f64>> {
    let rounded = |value: &f32| (f64::from(*value) * 1000.0).round() / 1000.0;
    (0..LEADS)
        .map(|lead| exam.samples.column(lead).iter().map(rounded).collect())
        .collect()
}

/// Leads at 100 Hz: every fifth sample after a low-pass filter (a sinc under a Hann window), the ends held. Rounded to microvolts.
pub(super) fn decimate_leads(leads: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let weight = |offset: f64| {
        let sinc = match offset == 0.0 {
            true => 2.0 * CUT_OFF,
            false => (2.0 * PI * CUT_OFF * offset).sin() / (PI * offset),
        };
        sinc * (0.5 + 0.5 * (PI * offset / (REACH + 1) as f64).cos())
    };
    let weights: Vec<f64> = (0..=2 * REACH)
        .map(|at| weight(at as f64 - REACH as f64))
        .collect();
    let sum: f64 = weights.iter().sum();
    let decimate = |lead: &Vec<f64>| {
        let sample = |centre: usize| {
            let near = |at: usize| lead[(centre + at).saturating_sub(REACH).min(lead.len() - 1)];
            let value: f64 = weights
                .iter()
                .enumerate()
                .map(|(at, weight)| weight * near(at))
                .sum();
            (value / sum * 1000.0).round() / 1000.0
        };
        (0..lead.len()).step_by(DECIMATION).map(sample).collect()
    };
    leads.iter().map(decimate).collect()
}

/// Record of WFDB to write, its leads in `order`, by number.
pub(super) struct WfdbLayout<'a> {
    pub(super) name: &'a str,
    pub(super) rate: f64,
    /// Names of the leads in the file, and their numbers in [`LEAD_NAMES`].
    pub(super) order: [(&'a str, usize); LEADS],
    pub(super) comments: Vec<String>,
}

impl WfdbLayout<'_> {
    /// Files of the record, samples in format 16.
    pub(super) fn encode(&self, leads: &[Vec<f64>], directory: &Path) -> Result<EncodedRecord, Error> {
        let leads = self.order.map(|(name, number)| LeadToWrite {
            name,
            samples: &leads[number],
        });
        let record = RecordToWrite {
            name: self.name,
            sample_rate: self.rate,
            leads: leads.to_vec(),
            comments: self.comments.clone(),
            ..RecordToWrite::default()
        };
        record.encode().map_err(|source| Error::Part {
            path: directory.join(self.name),
            source: source.into(),
        })
    }

    /// Writes the record into `directory`.
    pub(super) fn write(&self, leads: &[Vec<f64>], directory: &Path) -> Result<(), Error> {
        let encoded = self.encode(leads, directory)?;
        create_directory(directory)?;
        write_file(&directory.join(format!("{}.dat", self.name)), &encoded.samples)?;
        write_file(
            &directory.join(format!("{}.hea", self.name)),
            encoded.header.as_bytes(),
        )
    }

    /// Writes the record into `directory`, its samples as a MATLAB file of level 4: a head of 24 bytes and the samples in format 16.
    pub(super) fn write_mat(&self, leads: &[Vec<f64>], directory: &Path) -> Result<(), Error> {
        let encoded = self.encode(leads, directory)?;
        create_directory(directory)?;
        let mut bytes = mat_head(leads.len(), leads[0].len());
        bytes.extend_from_slice(&encoded.samples);
        write_file(&directory.join(format!("{}.mat", self.name)), &bytes)?;
        let of_dat = format!("{}.dat 16 ", self.name);
        let of_mat = format!("{}.mat 16x1+24 ", self.name);
        let header = encoded.header.replace(&of_dat, &of_mat);
        write_file(&directory.join(format!("{}.hea", self.name)), header.as_bytes())
    }
}

/// Head of a MATLAB file of level 4 of the matrix `val`: little-endian integers of 16 bits, a row a lead.
fn mat_head(leads: usize, samples: usize) -> Vec<u8> {
    const INT16: u32 = 30;
    let numbers = [INT16, leads as u32, samples as u32, 0, b"val\0".len() as u32];
    let mut head: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    head.extend_from_slice(b"val\0");
    head
}

/// The standard order of leads, under the standard names.
pub(super) fn standard_order() -> [(&'static str, usize); LEADS] {
    std::array::from_fn(|lead| (LEAD_NAMES[lead], lead))
}

/// Table of an ECG: a column of time and a column a lead, with units.
pub(super) fn csv_text(leads: &[Vec<f64>]) -> String {
    let mut text = "time (s)".to_owned();
    for name in LEAD_NAMES {
        text.push_str(&format!(",{name} (mV)"));
    }
    text.push('\n');
    for at in 0..leads[0].len() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{:.3}", at as f64 / RATE_OF_FILES);
        for lead in leads {
            let _ = write!(text, ",{:.3}", lead[at]);
        }
        text.push('\n');
    }
    text
}

/// Text of MUSE's XML of an exam: eight leads, and the statements `diagnosis`.
pub(super) fn muse_text(exam: &Exam, patient_id: &str, date: &str, diagnosis: &[&str]) -> String {
    let lead = |number: &usize| CountedLead {
        id: LEAD_NAMES[*number].to_owned(),
        counts: exam
            .samples
            .column(*number)
            .iter()
            .map(|value| count_of(*value))
            .collect(),
    };
    let document = MuseDocument {
        leads: MUSE_LEADS.iter().map(lead).collect(),
        sample_rate: RATE_OF_FILES as u32,
        microvolts_per_count: MICROVOLTS_PER_COUNT,
        facts: MuseFacts {
            patient_id: Some(patient_id.to_owned()),
            age: Some(MuseAge {
                value: f64::from(exam.age),
                unit: AgeUnit::Years,
            }),
            sex: Some(if exam.is_male { Sex::Male } else { Sex::Female }),
            acquisition_date: Some(date.to_owned()),
            device: Some("SYNTHETIC".to_owned()),
            diagnosis: diagnosis.iter().map(|text| (*text).to_owned()).collect(),
            ..MuseFacts::default()
        },
    };
    document.to_xml()
}

fn count_of(millivolts: f32) -> i16 {
    let count = (f64::from(millivolts) * 1000.0 / MICROVOLTS_PER_COUNT).round();
    // The lowest value would mean "missing".
    count.clamp(-32_767.0, 32_767.0) as i16
}

pub(super) fn create_directory(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(io_error(path))
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(io_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimation_keeps_a_slow_wave_and_takes_a_fast_one_away() {
        let wave = |hz: f64| {
            (0..5000)
                .map(|at| (2.0 * PI * hz * at as f64 / RATE_OF_FILES).sin())
                .collect()
        };
        let decimated = decimate_leads(&[wave(7.0), wave(90.0)]);
        assert_eq!(decimated[0].len(), 1000);
        for (at, (kept, removed)) in decimated[0]
            .iter()
            .zip(&decimated[1])
            .enumerate()
            .take(980)
            .skip(20)
        {
            let slow = (2.0 * PI * 7.0 * at as f64 / 100.0).sin();
            assert!((kept - slow).abs() < 0.003, "{at}");
            assert!(removed.abs() < 0.003, "{at}");
        }
    }
}
