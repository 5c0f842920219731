//! An ordered list of steps, checked.

use crate::error::Result;
use crate::leads;
use crate::step::{CheckedSteps, Step};

/// The way from a recording of twelve leads to segments: an ordered list of steps, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    steps: Vec<Step>,
    checked: CheckedSteps,
    leads: Vec<usize>,
}

impl Recipe {
    /// Checks the steps.
    ///
    /// # Errors
    /// Steps that are missing, repeated or out of order; a sample rate of 0 or above [`crate::step::MAX_SAMPLE_RATE`]; a
    /// segment that is not a whole number of samples; leads that are not twelve or fewer different ones.
    pub fn new(steps: Vec<Step>) -> Result<Self> {
        let checked = CheckedSteps::new(&steps)?;
        let leads = checked.leads.clone();
        Ok(Self {
            leads: leads.unwrap_or_else(|| (0..leads::COUNT).collect()),
            checked,
            steps,
        })
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Steps between the samples as recorded and the cut, in order.
    pub(crate) fn computing(&self) -> &[Step] {
        &self.checked.computing
    }

    /// Whether zero padding is dropped.
    pub(crate) fn trims_padding(&self) -> bool {
        self.checked.trims_padding
    }

    /// Sample rate of the segments, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.checked.sample_rate
    }

    /// Samples per lead of a segment.
    pub fn segment_samples(&self) -> usize {
        self.checked.segment_samples
    }

    /// Positions of the leads that are kept, ascending.
    pub fn leads(&self) -> &[usize] {
        &self.leads
    }

    /// Names of the leads that are kept, in order.
    pub fn lead_names(&self) -> Vec<&'static str> {
        self.leads.iter().map(|l| leads::NAMES[*l]).collect()
    }

    /// Values of one segment: leads × samples.
    pub fn segment_values(&self) -> usize {
        self.leads.len() * self.segment_samples()
    }
}
