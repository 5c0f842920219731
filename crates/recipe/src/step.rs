//! The steps that a recipe is made of.

use crate::error::{Error, Result};
use crate::selection::select;
use crate::standardize::ConstantLeads;
use serde::{Deserialize, Serialize};

/// Largest sample rate accepted, in Hz; above what any electrocardiograph records, so a rate beyond it is a slip.
pub const MAX_SAMPLE_RATE: u32 = 100_000;
/// Largest segment accepted, in samples.
pub const MAX_SEGMENT_SAMPLES: usize = 1 << 24;

/// One step from a recording of twelve leads to segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Drops the samples at both ends in which every lead is 0: [`mod@crate::strip`].
    TrimPadding,
    /// Keeps some leads: [`select`].
    SelectLeads {
        /// Names of the leads to keep; they are kept in the standard order.
        leads: Vec<String>,
    },
    /// Interpolates at another sample rate: [`crate::resample`].
    Resample {
        /// The sample rate, in Hz.
        sample_rate: u32,
    },
    /// Brings every lead to mean 0 and deviation 1: [`crate::standardize`].
    Standardize {
        /// What becomes of constant leads.
        constant_leads: ConstantLeads,
    },
    /// Cuts segments of equal length, one after another: [`crate::segment`].
    Cut {
        /// Length of a segment, in seconds; a whole number of samples.
        seconds: f64,
    },
}

impl Step {
    /// Position among the steps of a recipe: those on the samples as recorded, those that compute, the cut.
    fn rank(&self) -> u8 {
        match self {
            Self::TrimPadding => 0,
            Self::SelectLeads { .. } => 1,
            Self::Resample { .. } | Self::Standardize { .. } => 2,
            Self::Cut { .. } => 3,
        }
    }
}

/// A list of steps, checked and sorted by what they work on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedSteps {
    pub(crate) trims_padding: bool,
    /// Positions of the leads that are kept; none keeps all twelve.
    pub(crate) leads: Option<Vec<usize>>,
    /// Steps that compute, in order.
    pub(crate) computing: Vec<Step>,
    /// Sample rate of the segments, in Hz.
    pub(crate) sample_rate: u32,
    pub(crate) segment_samples: usize,
}

impl CheckedSteps {
    /// Checks `steps`.
    ///
    /// # Errors
    /// Steps that are missing, repeated or out of order, a sample rate, a lead or a length that makes no sense.
    pub(crate) fn new(steps: &[Step]) -> Result<Self> {
        check_order(steps)?;
        let mut checked = Self {
            trims_padding: false,
            leads: None,
            computing: Vec::new(),
            sample_rate: 0,
            segment_samples: 0,
        };
        for step in steps {
            match step {
                Step::TrimPadding => checked.trims_padding = true,
                Step::SelectLeads { leads } => checked.leads = Some(select(leads)?),
                Step::Resample { sample_rate } => {
                    check_rate(f64::from(*sample_rate))?;
                    checked.sample_rate = *sample_rate;
                    checked.computing.push(step.clone());
                }
                Step::Standardize { .. } => checked.computing.push(step.clone()),
                Step::Cut { seconds } => {
                    checked.segment_samples = segment_samples(*seconds, checked.sample_rate)?;
                }
            }
        }
        Ok(checked)
    }
}

/// Padding is trimmed and leads are selected on the samples as recorded, once at most; segments are cut once, at the end,
/// at a rate that the recipe states, so that all have one length.
fn check_order(steps: &[Step]) -> Result<()> {
    let ordered = steps.is_sorted_by_key(Step::rank);
    let once = [0, 1, 3]
        .iter()
        .all(|rank| steps.iter().filter(|step| step.rank() == *rank).count() <= 1);
    let ends_in_cut = matches!(steps.last(), Some(Step::Cut { .. }));
    let resamples = steps.iter().any(|step| matches!(step, Step::Resample { .. }));
    if ordered && once && ends_in_cut && resamples {
        Ok(())
    } else {
        Err(Error::Steps)
    }
}

/// Checks a sample rate, in Hz.
///
/// # Errors
/// Under 1, or above [`MAX_SAMPLE_RATE`].
pub fn check_rate(value: f64) -> Result<()> {
    if (1.0..=f64::from(MAX_SAMPLE_RATE)).contains(&value) {
        return Ok(());
    }
    Err(Error::SampleRate {
        value,
        most: MAX_SAMPLE_RATE,
    })
}

fn segment_samples(seconds: f64, rate: u32) -> Result<usize> {
    let exact = seconds * f64::from(rate);
    let whole = exact.round();
    let most = MAX_SEGMENT_SAMPLES;
    let fits = exact.is_finite() && whole >= 1.0 && whole <= most as f64 && (exact - whole).abs() < 1e-6;
    if fits {
        Ok(whole as usize)
    } else {
        Err(Error::SegmentLength { seconds, rate, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESAMPLE: Step = Step::Resample { sample_rate: 500 };
    const CUT: Step = Step::Cut { seconds: 0.1 };
    const STANDARDIZE: Step = Step::Standardize {
        constant_leads: ConstantLeads::Zero,
    };

    #[test]
    fn steps_that_are_missing_repeated_or_out_of_order_are_refused() {
        let leads = Step::SelectLeads {
            leads: vec!["II".to_owned()],
        };
        for steps in [
            &[RESAMPLE, CUT][..],
            &[Step::TrimPadding, leads, STANDARDIZE, RESAMPLE, STANDARDIZE, CUT],
            &[RESAMPLE, RESAMPLE, CUT],
        ] {
            assert_eq!(CheckedSteps::new(steps).unwrap().segment_samples, 50);
        }
        for steps in [
            &[][..],
            &[CUT],
            &[STANDARDIZE, CUT],
            &[RESAMPLE],
            &[CUT, RESAMPLE],
            &[RESAMPLE, CUT, CUT],
            &[RESAMPLE, Step::TrimPadding, CUT],
            &[Step::TrimPadding, Step::TrimPadding, RESAMPLE, CUT],
        ] {
            assert_eq!(CheckedSteps::new(steps), Err(Error::Steps), "{steps:?}");
        }
    }

    #[test]
    fn a_segment_is_a_whole_number_of_samples() {
        assert_eq!(segment_samples(0.1, 500), Ok(50));
        for bad in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(segment_samples(bad, 500).is_err(), "{bad}");
        }
    }

    #[test]
    fn steps_are_data() {
        let text =
            r#"[{"step":"trim_padding"},{"step":"resample","sample_rate":500},{"step":"cut","seconds":0.1}]"#;
        let steps: Vec<Step> = serde_json::from_str(text).unwrap();
        assert_eq!(steps, [Step::TrimPadding, RESAMPLE, CUT]);
        assert_eq!(serde_json::to_string(&steps).unwrap(), text);
        assert!(serde_json::from_str::<Step>(r#"{"step":"resample","rate":500}"#).is_err());
    }
}
