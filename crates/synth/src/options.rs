//! Options of synthetic ECGs: number of exams, mix of labels, noise and faults.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mix::Mix;

/// The most exams of one release: ids are drawn from 1 to 2^22.
pub const MAX_EXAMS: u64 = 1 << 22;
/// The most exams of one part, as in CODE-15 (a dummy row comes on top).
pub const MAX_EXAMS_PER_PART: u64 = 20_000;

/// What to make. Every key has a default, an unknown one is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SynthOptions {
    /// Number of exams; the whole CODE-15 has 345,779.
    #[schemars(range(min = 1, max = MAX_EXAMS))]
    pub exams: u64,
    /// Everything random follows from it.
    pub seed: u64,
    /// How often each label holds.
    pub mix: Mix,
    /// Electrode noise: 1 as in a tidy archive, 0 none, 3 bad. It changes nothing but the noise.
    #[schemars(range(min = 0, max = 20))]
    pub noise: f64,
    /// Faults of real archives to plant: the number of exams of each.
    pub faults: FaultCounts,
    /// Exams in one HDF5 part.
    #[schemars(range(min = 1, max = MAX_EXAMS_PER_PART))]
    pub exams_per_part: u64,
    /// Share of recordings of 4096 samples; the others have 2934, as in CODE-15.
    #[schemars(range(min = 0, max = 1))]
    pub long_share: f64,
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            exams: 1000,
            seed: 42,
            mix: Mix::Prevalence,
            noise: 1.0,
            faults: FaultCounts::default(),
            exams_per_part: MAX_EXAMS_PER_PART,
            long_share: 0.45,
        }
    }
}

impl SynthOptions {
    /// Number of HDF5 parts.
    pub fn parts(&self) -> u64 {
        self.exams.div_ceil(self.exams_per_part.max(1))
    }

    /// Checks the options.
    ///
    /// # Errors
    /// [`Error::Option`] names the first option that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        within("exams", self.exams, 1, MAX_EXAMS)?;
        within("exams_per_part", self.exams_per_part, 1, MAX_EXAMS_PER_PART)?;
        within("noise", self.noise, 0.0, 20.0)?;
        within("long_share", self.long_share, 0.0, 1.0)?;
        self.mix.shares().validate()?;
        let planted = self.faults.total();
        if planted > self.exams {
            return Err(Error::Option {
                option: "faults",
                value: planted.to_string(),
                hint: format!(
                    "an exam has one fault at most, and there are {} exams",
                    self.exams
                ),
            });
        }
        Ok(())
    }
}

fn within<T: PartialOrd + fmt::Display>(
    option: &'static str,
    value: T,
    low: T,
    high: T,
) -> Result<(), Error> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(Error::Option {
        option,
        value: value.to_string(),
        hint: format!("it must be {low} to {high}"),
    })
}

/// How many exams get each fault; no exam gets two. faults.csv lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultCounts {
    /// One lead is 0 throughout, as with an electrode off.
    pub flat_lead: u64,
    /// NaN for up to half a second of one lead.
    pub nan: u64,
    /// Electrodes exchanged: the arms, or two neighbouring chest electrodes.
    pub swapped_leads: u64,
    /// A recording of under 5 s.
    pub short_recording: u64,
    /// In exams.csv but in no part.
    pub missing_exam: u64,
    /// All samples 0.
    pub all_zero: u64,
    /// exams.csv names another part (or, where there is one part only, a part that does not exist).
    pub wrong_trace_file: u64,
    /// The exam's row stands in exams.csv twice.
    pub duplicate_id: u64,
    /// The exam's id stands in its part twice, first with an inverted tracing.
    pub duplicate_tracing: u64,
}

impl FaultCounts {
    /// Number of exams with a fault.
    pub fn total(&self) -> u64 {
        self.listed()
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Each fault with its number of exams.
    pub(crate) fn listed(&self) -> [(crate::fault::ArchiveFault, u64); 9] {
        use crate::fault::ArchiveFault;
        [
            (ArchiveFault::FlatLead, self.flat_lead),
            (ArchiveFault::Nan, self.nan),
            (ArchiveFault::SwappedLeads, self.swapped_leads),
            (ArchiveFault::ShortRecording, self.short_recording),
            (ArchiveFault::MissingExam, self.missing_exam),
            (ArchiveFault::AllZero, self.all_zero),
            (ArchiveFault::WrongTraceFile, self.wrong_trace_file),
            (ArchiveFault::DuplicateId, self.duplicate_id),
            (ArchiveFault::DuplicateTracing, self.duplicate_tracing),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::Shares;

    #[test]
    fn a_mix_is_a_name_or_a_map() {
        let read = |text: &str| serde_json::from_str::<SynthOptions>(text);
        assert_eq!(read(r#"{"mix":"balanced"}"#).unwrap().mix, Mix::Balanced);
        let custom = read(r#"{"mix":{"RBBB":0.2}}"#).unwrap().mix;
        assert_eq!(
            custom.shares(),
            Shares {
                rbbb: 0.2,
                ..Shares::default()
            }
        );
        assert!(
            read(r#"{"mix":{"rbbb":0.2}}"#)
                .unwrap_err()
                .to_string()
                .contains("unknown field `rbbb`")
        );
        assert!(
            read(r#"{"mix":"even"}"#)
                .unwrap_err()
                .to_string()
                .contains("prevalence")
        );
        assert!(read(r#"{"exam":3}"#).is_err());
    }

    #[test]
    fn options_survive_a_round_trip() {
        let options = SynthOptions {
            mix: Mix::Custom(Shares {
                af: 0.5,
                ..Shares::default()
            }),
            ..SynthOptions::default()
        };
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<SynthOptions>(&text).unwrap(), options);
    }

    #[test]
    fn impossible_options_are_refused_by_name() {
        let refused = |options: SynthOptions| options.validate().unwrap_err().to_string();
        assert!(
            refused(SynthOptions {
                exams: 0,
                ..SynthOptions::default()
            })
            .contains("`exams`")
        );
        assert!(
            refused(SynthOptions {
                noise: f64::NAN,
                ..SynthOptions::default()
            })
            .contains("`noise`")
        );
        let shares = Shares {
            af: 0.6,
            sb: 0.6,
            ..Shares::default()
        };
        assert!(
            refused(SynthOptions {
                mix: Mix::Custom(shares),
                ..SynthOptions::default()
            })
            .contains("SB + ST + AF")
        );
        let faults = FaultCounts {
            nan: 9,
            all_zero: 9,
            ..FaultCounts::default()
        };
        assert!(
            refused(SynthOptions {
                exams: 10,
                faults,
                ..SynthOptions::default()
            })
            .contains("18")
        );
        assert!(SynthOptions::default().validate().is_ok());
    }
}
