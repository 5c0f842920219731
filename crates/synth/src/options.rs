//! Options of synthetic ECGs: number of exams, mix of labels, noise and faults.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::layout::ReleaseLayout;
use crate::mix::Mix;

/// The most exams of one release: ids are drawn from 1 to 2^22.
pub const MAX_EXAMS: u64 = 1 << 22;
/// The most exams of one part, as in CODE-15 (a dummy row comes on top).
pub const MAX_EXAMS_PER_PART: u64 = 20_000;

/// Options of a synthetic archive. Every key has a default, an unknown one is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SynthOptions {
    /// Layout of the archive. All but `code15` have recordings of 10 s at 500 Hz, in millivolts.
    // Skipped where it is the default, so that synth.json and fingerprints of such runs stay as they were.
    #[serde(skip_serializing_if = "ReleaseLayout::is_code15")]
    pub layout: ReleaseLayout,
    /// Number of exams; the whole CODE-15 has 345,779.
    #[schemars(range(min = 1, max = MAX_EXAMS))]
    pub exams: u64,
    /// Everything random follows from it.
    pub seed: u64,
    /// Share of exams with each label.
    pub mix: Mix,
    /// Electrode noise: 1 as in a tidy archive, 0 none, 3 bad. It changes nothing but the noise.
    #[schemars(range(min = 0, max = 20))]
    pub noise: f64,
    /// How far classes overlap near the cuts of the labels: 0 not at all, 1 as readers of ECGs disagree. Noise differs
    /// between the exams then, most at 75 years and over.
    // Skipped where it is the default, so that synth.json and fingerprints of such runs stay as they were.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 1))]
    pub overlap: f64,
    /// Faults of real archives to plant: the number of exams of each.
    pub faults: FaultCounts,
    /// Exams in one HDF5 part at most.
    #[schemars(range(min = 1, max = MAX_EXAMS_PER_PART))]
    pub exams_per_part: u64,
    /// Number of HDF5 parts, of equal numbers of exams or one more; CODE-15 has 18. Without it as many as `exams_per_part` makes.
    // Skipped where it is not given, so that synth.json and fingerprints of such runs stay as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_EXAMS))]
    pub parts: Option<u64>,
    /// Share of recordings of 4096 samples; the others have 2934, as in CODE-15.
    #[schemars(range(min = 0, max = 1))]
    pub long_share: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference.
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            layout: ReleaseLayout::Code15,
            exams: 1000,
            seed: 42,
            mix: Mix::Prevalence,
            noise: 1.0,
            overlap: 0.0,
            faults: FaultCounts::default(),
            exams_per_part: MAX_EXAMS_PER_PART,
            parts: None,
            long_share: 0.45,
        }
    }
}

impl SynthOptions {
    /// Number of HDF5 parts.
    pub fn part_count(&self) -> u64 {
        self.parts
            .unwrap_or_else(|| self.exams.div_ceil(self.exams_per_part.max(1)))
    }

    /// Positions, counted through all parts, of the exams of part number `part`.
    pub(crate) fn positions_of_part(&self, part: u64) -> Range<u64> {
        let first = |part: u64| match self.parts {
            Some(parts) => part * (self.exams / parts) + part.min(self.exams % parts),
            None => (part * self.exams_per_part).min(self.exams),
        };
        first(part)..first(part + 1)
    }

    /// Number of the part that holds the exam at `position`, counted through all parts.
    pub(crate) fn part_of_position(&self, position: u64) -> u64 {
        let Some(parts) = self.parts else {
            return position / self.exams_per_part;
        };
        let (size, larger_parts) = (self.exams / parts, self.exams % parts);
        let in_larger_parts = larger_parts * (size + 1);
        if position < in_larger_parts {
            position / (size + 1)
        } else {
            larger_parts + (position - in_larger_parts) / size
        }
    }

    /// Checks the options.
    ///
    /// # Errors
    /// [`Error::Option`] names the first option that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        check_range("exams", self.exams, 1, MAX_EXAMS)?;
        check_range("exams_per_part", self.exams_per_part, 1, MAX_EXAMS_PER_PART)?;
        self.validate_parts()?;
        check_range("noise", self.noise, 0.0, 20.0)?;
        check_range("overlap", self.overlap, 0.0, 1.0)?;
        check_range("long_share", self.long_share, 0.0, 1.0)?;
        self.mix.shares().validate()?;
        self.validate_layout()?;
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

    /// Checks that no option of CODE-15's layout is given with another.
    fn validate_layout(&self) -> Result<(), Error> {
        let defaults = Self::default();
        let of_code15 = [
            ("faults", self.faults.total() != 0),
            ("exams_per_part", self.exams_per_part != defaults.exams_per_part),
            ("parts", self.parts.is_some()),
            ("long_share", self.long_share != defaults.long_share),
        ];
        let given = of_code15.iter().find(|(_, is_given)| *is_given);
        match given {
            Some((option, _)) if self.layout != ReleaseLayout::Code15 => Err(Error::Option {
                option: "layout",
                value: self.layout.name().to_owned(),
                hint: format!("`{option}` is an option of the layout code15: leave one of the two out"),
            }),
            _ => Ok(()),
        }
    }

    /// Checks that each of `parts` has exams, and no more than a part can have.
    fn validate_parts(&self) -> Result<(), Error> {
        let Some(parts) = self.parts else { return Ok(()) };
        let refused = |hint: String| Error::Option {
            option: "parts",
            value: parts.to_string(),
            hint,
        };
        if self.exams_per_part != MAX_EXAMS_PER_PART {
            let per_part = self.exams_per_part;
            return Err(refused(format!(
                "`exams_per_part` is {per_part} as well: give one of the two"
            )));
        }
        let fewest = self.exams.div_ceil(MAX_EXAMS_PER_PART);
        if !(fewest..=self.exams).contains(&parts) {
            let exams = self.exams;
            return Err(refused(format!("{exams} exams make {fewest} to {exams} parts")));
        }
        Ok(())
    }
}

fn check_range<T: PartialOrd + fmt::Display>(
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

/// Number of exams that get each fault; no exam gets two. faults.csv lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultCounts {
    /// Exams in which a lead is 0 throughout, as with an electrode off.
    pub flat_lead: u64,
    /// NaN for up to half a second of one lead.
    pub nan: u64,
    /// Electrodes exchanged: the arms, or two neighbouring chest electrodes.
    pub swapped_leads: u64,
    /// A recording of under 5 s.
    pub short_recording: u64,
    /// In exams.csv but in no part.
    pub missing_exam: u64,
    /// Exams in which every sample is 0.
    pub all_zero: u64,
    /// exams.csv names another part (or, where there is one part only, a part that does not exist).
    pub wrong_trace_file: u64,
    /// The exam's row is in exams.csv twice.
    pub duplicate_id: u64,
    /// The exam's id is in its part twice, first with an inverted tracing.
    pub duplicate_tracing: u64,
}

impl FaultCounts {
    /// Number of exams with a fault.
    pub fn total(&self) -> u64 {
        self.listed()
            .iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Faults, each with its number of exams.
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
    fn a_number_of_parts_divides_the_exams_evenly() {
        for (exams, parts) in [(10, 6), (18, 18), (345_779, 18), (7, 1), (100, 7)] {
            let options = SynthOptions {
                exams,
                parts: Some(parts),
                ..SynthOptions::default()
            };
            options.validate().unwrap();
            let ranges: Vec<_> = (0..options.part_count())
                .map(|part| options.positions_of_part(part))
                .collect();
            assert_eq!((ranges.len() as u64, ranges[0].start), (parts, 0));
            assert_eq!(ranges.last().unwrap().end, exams);
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            let size = |range: &Range<u64>| range.end - range.start;
            let (most, fewest) = (ranges.iter().map(size).max(), ranges.iter().map(size).min());
            assert!(fewest > Some(0) && most.unwrap() - fewest.unwrap() <= 1);
            for (part, range) in ranges.iter().enumerate() {
                for position in [range.start, range.end - 1] {
                    assert_eq!(options.part_of_position(position), part as u64);
                }
            }
        }
    }

    #[test]
    fn a_number_of_parts_that_cannot_be_is_refused() {
        let refused = |exams, exams_per_part, parts| {
            let options = SynthOptions {
                exams,
                exams_per_part,
                parts: Some(parts),
                ..SynthOptions::default()
            };
            options.validate().unwrap_err().to_string()
        };
        assert!(refused(10, MAX_EXAMS_PER_PART, 0).contains("10 exams make 1 to 10 parts"));
        assert!(refused(10, MAX_EXAMS_PER_PART, 11).contains("`parts` is 11"));
        assert!(refused(345_779, MAX_EXAMS_PER_PART, 17).contains("make 18 to 345779 parts"));
        assert!(refused(10, 5, 2).contains("give one of the two"));
    }

    #[test]
    fn a_number_of_parts_is_recorded_only_where_it_is_given() {
        let text = |parts| {
            let options = SynthOptions {
                parts,
                ..SynthOptions::default()
            };
            serde_json::to_string(&options).unwrap()
        };
        assert!(!text(None).contains("\"parts\""));
        assert!(text(Some(18)).contains("\"parts\":18"));
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
        let overlap = SynthOptions {
            overlap: 1.5,
            ..SynthOptions::default()
        };
        assert!(refused(overlap).contains("`overlap`"));
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
