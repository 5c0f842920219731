//! Writing records, in format 16.

use super::digitize::{DigitalLead, digitize};
use super::paths::check_name;
use super::start::{BaseDate, BaseTime};
use ecgfm_formats::{Error, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lead to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeadToWrite<'a> {
    /// Name.
    pub name: &'a str,
    /// Samples in millivolts; NaN where there is no value.
    pub samples: &'a [f64],
}

/// Record to write: a header and one signal file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordToWrite<'a> {
    /// Name of the record and of its files, of letters, digits, `_` and `-`.
    pub name: &'a str,
    /// Samples a second of each lead.
    pub sample_rate: f64,
    /// Leads, at least one, all of one length.
    pub leads: Vec<LeadToWrite<'a>>,
    /// Time of day of the first sample.
    pub time: Option<BaseTime>,
    /// Date of the first sample; written only together with a time.
    pub date: Option<BaseDate>,
    /// Comments, without `#`: `Age: 61`.
    pub comments: Vec<String>,
}

/// Bytes of the files of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedRecord {
    /// Name of the record and of its files.
    pub name: String,
    /// Content of the header.
    pub header: String,
    /// Content of the signal file.
    pub samples: Vec<u8>,
    /// Largest difference between a sample given and the same read back, in millivolts: 0 where a common gain gives every
    /// sample exactly, and else at most half of what an ADC unit is in the lead.
    pub largest_error: f64,
}

impl RecordToWrite<'_> {
    /// Files of the record. The same record gives the same bytes.
    ///
    /// # Errors
    /// No leads or samples, leads of several lengths, a name or a comment that no header can hold, a rate that is not positive,
    /// an infinite sample.
    ///
    /// ```
    /// use ecgfm_recordings::wfdb::{LeadToWrite, RecordToWrite};
    /// let leads = vec![LeadToWrite { name: "II", samples: &[0.001, f64::NAN, -0.25] }];
    /// let record = RecordToWrite { name: "r", sample_rate: 500.0, leads, ..RecordToWrite::default() };
    /// let encoded = record.encode().unwrap();
    /// assert_eq!(encoded.header, "r 1 500 3\nr.dat 16 1000(0)/mV 16 0 1 32519 0 II\n");
    /// assert_eq!(encoded.largest_error, 0.0);
    /// ```
    pub fn encode(&self) -> Result<EncodedRecord> {
        self.check().map_err(|what| {
            let path = PathBuf::from(format!("{}.hea", self.name));
            Error::Request { path, what }
        })?;
        let digital: Vec<DigitalLead> = self.leads.iter().map(|lead| digitize(lead.samples)).collect();
        let frames = 0..self.leads[0].samples.len();
        let samples = frames.flat_map(|at| digital.iter().map(move |lead| lead.samples[at]));
        Ok(EncodedRecord {
            name: self.name.to_owned(),
            header: self.header(&digital),
            samples: samples.flat_map(i16::to_le_bytes).collect(),
            largest_error: digital.iter().map(|lead| lead.largest_error).fold(0.0, f64::max),
        })
    }

    fn check(&self) -> Result<(), String> {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if check_name(self.name).is_err() || !self.name.chars().all(is_letter) {
            return Err(format!(
                "{:?} is no name of a WFDB record: letters, digits, `_` and `-`",
                self.name
            ));
        }
        if !(self.sample_rate > 0.0 && self.sample_rate.is_finite()) {
            return Err(format!(
                "a sample rate of {} Hz cannot be written",
                self.sample_rate
            ));
        }
        let length = self.leads.first().map_or(0, |lead| lead.samples.len());
        if length == 0 {
            return Err("there are no samples to write".to_owned());
        }
        for lead in &self.leads {
            if lead.samples.len() != length {
                return Err(format!(
                    "lead {} has {} samples, the first {length}",
                    lead.name,
                    lead.samples.len()
                ));
            }
            if lead.samples.iter().any(|sample| sample.is_infinite()) {
                return Err(format!("lead {} has an infinite sample", lead.name));
            }
            if lead.name.trim().is_empty() {
                return Err("a lead has no name".to_owned());
            }
        }
        let texts = self
            .leads
            .iter()
            .map(|lead| lead.name)
            .chain(self.comments.iter().map(String::as_str));
        match texts.into_iter().find(|text| text.contains(['\n', '\r', '\0'])) {
            Some(text) => Err(format!("{text:?} has line breaks, which no header can hold")),
            None => Ok(()),
        }
    }

    fn header(&self, digital: &[DigitalLead]) -> String {
        let (name, count, length) = (self.name, self.leads.len(), self.leads[0].samples.len());
        let mut text = format!("{name} {count} {} {length}", self.sample_rate);
        if let Some(time) = self.time {
            // Writing to a String cannot fail.
            let _ = write!(text, " {time}");
            if let Some(BaseDate { year, month, day }) = self.date {
                let _ = write!(text, " {day:02}/{month:02}/{year:04}");
            }
        }
        text.push('\n');
        for (lead, DigitalLead { gain, samples, .. }) in self.leads.iter().zip(digital) {
            let sum = samples.iter().fold(0i16, |sum, sample| sum.wrapping_add(*sample));
            let (first, lead) = (samples[0], lead.name.trim());
            let _ = writeln!(text, "{name}.dat 16 {gain}(0)/mV 16 0 {first} {sum} 0 {lead}");
        }
        for comment in &self.comments {
            let _ = writeln!(text, "# {comment}");
        }
        text
    }
}

impl EncodedRecord {
    /// Writes the files into `directory`, the header last, so that a new record is complete where its header is. Nothing is
    /// synced.
    ///
    /// # Errors
    /// I/O.
    pub fn write_to(&self, directory: &Path) -> Result<()> {
        let files = [("dat", self.samples.as_slice()), ("hea", self.header.as_bytes())];
        for (ending, bytes) in files {
            let path = directory.join(format!("{}.{ending}", self.name));
            std::fs::write(&path, bytes).map_err(crate::refusal::io_error("write", &path))?;
        }
        Ok(())
    }
}
