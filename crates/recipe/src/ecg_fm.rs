//! The recipe of ECG-FM.

use crate::error::Result;
use crate::leads;
use crate::recipe::Recipe;
use crate::selection::select;
use crate::standardize::ConstantLeads;
use crate::step::Step;

/// Settings of the recipe of ECG-FM: trim the padding, select leads, resample, standardise, cut. The defaults are its
/// tutorial's: all twelve leads, segments of 5 s at 500 Hz.
#[derive(Debug, Clone, PartialEq)]
pub struct EcgFm {
    /// Whether zeros at both ends are cut off: CODE-15 fills its recordings with them.
    pub trim_padding: bool,
    /// Sample rate of the segments, in Hz.
    pub sample_rate: u32,
    /// Length of a segment, in seconds; a whole number of samples.
    pub segment_seconds: f64,
    /// Names of the leads to keep; none keeps all twelve.
    pub leads: Option<Vec<String>>,
    /// What becomes of constant leads.
    pub constant_leads: ConstantLeads,
    /// Whether leads are standardised at all.
    pub standardize: bool,
}

impl EcgFm {
    /// Default sample rate, in Hz.
    pub const SAMPLE_RATE: u32 = 500;
    /// Default length of a segment, in seconds.
    pub const SEGMENT_SECONDS: f64 = 5.0;
    /// Whether leads are standardised by default.
    pub const STANDARDIZE: bool = true;

    /// The steps, in order.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self
            .trim_padding
            .then_some(Step::TrimPadding)
            .into_iter()
            .collect();
        steps.extend(self.leads.clone().map(|leads| Step::SelectLeads { leads }));
        steps.push(Step::Resample {
            sample_rate: self.sample_rate,
        });
        steps.extend(self.standardize.then_some(Step::Standardize {
            constant_leads: self.constant_leads,
        }));
        steps.push(Step::Cut {
            seconds: self.segment_seconds,
        });
        steps
    }

    /// The recipe.
    ///
    /// # Errors
    /// As [`Recipe::new`].
    pub fn recipe(&self) -> Result<Recipe> {
        Recipe::new(self.steps())
    }

    /// Positions of the leads to keep, where some are named.
    ///
    /// # Errors
    /// As [`select`].
    pub fn lead_positions(&self) -> Result<Option<Vec<usize>>> {
        self.leads.as_deref().map(select).transpose()
    }

    /// Names of the leads at these positions; a position that is no lead's has the name `?`, which no recipe takes.
    pub fn lead_names(positions: &[usize]) -> Vec<String> {
        let name = |lead: &usize| leads::NAMES.get(*lead).copied().unwrap_or("?").to_owned();
        positions.iter().map(name).collect()
    }
}

impl Default for EcgFm {
    fn default() -> Self {
        Self {
            trim_padding: true,
            sample_rate: Self::SAMPLE_RATE,
            segment_seconds: Self::SEGMENT_SECONDS,
            leads: None,
            constant_leads: ConstantLeads::Zero,
            standardize: Self::STANDARDIZE,
        }
    }
}
