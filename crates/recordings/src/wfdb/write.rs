//! Writing records, in format 16.

use super::paths::check_name;
use super::start::{BaseDate, BaseTime};
use ecgfm_formats::{Error, Result};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Gains that are tried first, in ADC units per millivolt: those of common archives.
const COMMON_GAINS: [f64; 7] = [1000.0, 200.0, 500.0, 2000.0, 5000.0, 10_000.0, 100.0];

/// Largest sample; the one below its negative means "no value".
const LARGEST: f64 = 32_767.0;

/// Largest gain that is chosen, for signals that are hardly different from 0.
const LARGEST_GAIN: f64 = 1e12;

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

/// Lead in ADC units.
struct DigitalLead {
    gain: f64,
    samples: Vec<i16>,
    largest_error: f64,
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
    /// Writes the files into `directory`, the header last: where it is, the record is complete.
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

/// Samples in ADC units, at the first common gain that gives them exactly, else at the largest of four digits that fits.
fn digitize(samples: &[f64]) -> DigitalLead {
    let highest = samples
        .iter()
        .filter(|sample| !sample.is_nan())
        .fold(0.0f64, |most, sample| most.max(sample.abs()));
    let fits = |gain: &f64| highest * gain <= LARGEST;
    let common = COMMON_GAINS
        .into_iter()
        .filter(fits)
        .map(|gain| digitize_at(samples, gain));
    let mut exact = common.filter(|lead| lead.largest_error == 0.0);
    exact
        .next()
        .unwrap_or_else(|| digitize_at(samples, four_digits_down(LARGEST / highest).min(LARGEST_GAIN)))
}

fn digitize_at(samples: &[f64], gain: f64) -> DigitalLead {
    let mut largest_error = 0.0f64;
    let digital = samples.iter().map(|sample| {
        if sample.is_nan() {
            return i16::MIN;
        }
        let value = (sample * gain).round().clamp(-LARGEST, LARGEST);
        largest_error = largest_error.max((value / gain - sample).abs());
        value as i16
    });
    let samples = digital.collect();
    DigitalLead {
        gain,
        samples,
        largest_error,
    }
}

/// Largest number of four decimal digits that is not above `value`, a positive number.
fn four_digits_down(value: f64) -> f64 {
    let shown = format!("{value:.3e}");
    let near: f64 = shown.parse().unwrap_or(value);
    if near <= value {
        return near;
    }
    let exponent = shown
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok());
    let step = 10f64.powi(exponent.unwrap_or(0i32) - 3);
    let below = format!("{:.3e}", near - step);
    below.parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wfdb::read;
    use proptest::prelude::*;

    fn written(leads: &[(&str, Vec<f64>)], comments: &[&str]) -> (EncodedRecord, crate::wfdb::WfdbRecord) {
        let record = RecordToWrite {
            name: "r-1_a",
            sample_rate: 257.5,
            leads: leads
                .iter()
                .map(|(name, samples)| LeadToWrite { name, samples })
                .collect(),
            time: BaseTime::parse("1:02:03.25"),
            date: BaseDate::parse("4/5/2006"),
            comments: comments.iter().map(|comment| (*comment).to_owned()).collect(),
        };
        let encoded = record.encode().unwrap();
        let dir = tempfile::tempdir().unwrap();
        encoded.write_to(dir.path()).unwrap();
        let read = read(&dir.path().join("r-1_a.hea")).unwrap();
        (encoded, read)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_written_is_read_with_at_most_the_error_stated(
            samples in prop::collection::vec((-1e5f64..1e5, 0u32..20), 1..40), small in -12i32..3,
        ) {
            let scale = 10f64.powi(small);
            let value = |(sample, gap): &(f64, u32)| if *gap == 0 { f64::NAN } else { sample * scale };
            let first: Vec<f64> = samples.iter().map(value).collect();
            let second: Vec<f64> = samples.iter().map(|(sample, _)| sample * 1e-3).collect();
            let (encoded, read) = written(&[("I", first.clone()), ("aVR", second.clone())], &[]);
            prop_assert_eq!(&read.warnings, &[""; 0]);
            for (given, read) in [first, second].iter().zip(&read.signals) {
                let highest = given.iter().filter(|v| !v.is_nan()).fold(0.0f64, |most, v| most.max(v.abs()));
                for (given, read) in given.iter().zip(&read.samples) {
                    prop_assert_eq!(given.is_nan(), read.is_nan());
                    let error = (given - read).abs();
                    prop_assert!(given.is_nan() || error <= encoded.largest_error, "{} {}", given, read);
                    // Half of an ADC unit, of 32,767 at least but for the rounding of the gain to four digits.
                    prop_assert!(given.is_nan() || error <= highest / 32_000.0 / 2.0 + 1e-12, "{} {}", given, read);
                }
            }
        }

        #[test]
        fn samples_at_a_common_gain_are_written_exactly(values in prop::collection::vec(-32767i32..=32767, 1..40), at in 0usize..7) {
            let gain = COMMON_GAINS[at];
            let samples: Vec<f64> = values.iter().map(|value| f64::from(*value) / gain).collect();
            let (encoded, read) = written(&[("V1", samples.clone())], &[]);
            prop_assert_eq!(encoded.largest_error, 0.0);
            prop_assert_eq!(&read.signals[0].samples, &samples);
        }
    }

    #[test]
    fn names_start_and_comments_are_read_back() {
        let (_, read) = written(&[("Lead I, left", vec![0.0])], &["Age: 61", "", "Ménière"]);
        assert_eq!(
            (read.signals[0].name.as_str(), read.header.frame_rate),
            ("Lead I, left", Some(257.5))
        );
        assert_eq!(read.header.comments, ["Age: 61", "", "Ménière"]);
        assert_eq!(read.header.time.unwrap().to_string(), "01:02:03.25");
        assert_eq!(read.header.date.unwrap().to_string(), "2006-05-04");
    }

    #[test]
    fn what_no_header_can_hold_is_refused() {
        let samples = [0.0, 1.0];
        let lead = LeadToWrite {
            name: "I",
            samples: &samples,
        };
        let sound = RecordToWrite {
            name: "r",
            sample_rate: 500.0,
            leads: vec![lead],
            ..RecordToWrite::default()
        };
        assert!(sound.encode().is_ok());
        let infinite = [f64::INFINITY, 0.0];
        for wrong in [
            RecordToWrite {
                name: "../r",
                ..sound.clone()
            },
            RecordToWrite {
                name: "",
                ..sound.clone()
            },
            RecordToWrite {
                sample_rate: f64::NAN,
                ..sound.clone()
            },
            RecordToWrite {
                leads: vec![],
                ..sound.clone()
            },
            RecordToWrite {
                leads: vec![
                    lead,
                    LeadToWrite {
                        name: "II",
                        samples: &samples[1..],
                    },
                ],
                ..sound.clone()
            },
            RecordToWrite {
                leads: vec![LeadToWrite { name: "a\nb", ..lead }],
                ..sound.clone()
            },
            RecordToWrite {
                leads: vec![LeadToWrite {
                    samples: &infinite,
                    ..lead
                }],
                ..sound.clone()
            },
            RecordToWrite {
                comments: vec!["a\rb".to_owned()],
                ..sound.clone()
            },
        ] {
            let error = wrong.encode().unwrap_err();
            assert!(matches!(error, Error::Request { .. }), "{error}");
        }
    }
}
