//! Facts that an array does not state.

use crate::amplitude::millivolts_per;
use crate::refusal::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Order of the last two dimensions of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axes {
    /// (leads, samples)
    LeadsSamples,
    /// (samples, leads)
    SamplesLeads,
}

/// Unit of the values of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrayUnit {
    millivolts: f64,
}

impl ArrayUnit {
    /// Unit by its symbol or name: `mV`, `µV`, `V`.
    ///
    /// ```
    /// use ecgfm_recordings::arrays::ArrayUnit;
    /// assert_eq!(ArrayUnit::named("uV").map(ArrayUnit::millivolts), Some(1e-3));
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        millivolts_per(name).map(|millivolts| Self { millivolts })
    }

    /// Unit of which one is so many millivolts.
    pub fn of_millivolts(millivolts: f64) -> Self {
        Self { millivolts }
    }

    /// Counts of an analog-to-digital converter, of which so many are a millivolt.
    pub fn counts_per_millivolt(counts: f64) -> Self {
        Self {
            millivolts: 1.0 / counts,
        }
    }

    /// Millivolts of a value of 1.
    pub fn millivolts(self) -> f64 {
        self.millivolts
    }
}

/// What is known of an array besides its values. Everything but `member` and `missing` is needed to read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArrayDescription {
    /// Order of the last two dimensions.
    pub axes: Option<Axes>,
    /// Samples a second.
    pub sample_rate: Option<f64>,
    /// Unit of the values.
    pub unit: Option<ArrayUnit>,
    /// Names of the leads in their order.
    pub leads: Option<Vec<String>>,
    /// Name of the array in an `.npz` file of several.
    pub member: Option<String>,
    /// Value that stands for a missing one, such as −32768.
    pub missing: Option<f64>,
}

/// Complete description.
#[derive(Debug, Clone)]
pub(crate) struct ArrayFacts {
    pub(crate) axes: Axes,
    pub(crate) sample_rate: f64,
    /// Millivolts of a value of 1.
    pub(crate) scale: f64,
    pub(crate) leads: Vec<String>,
    pub(crate) missing: Option<f64>,
}

impl ArrayDescription {
    /// The facts, all of them.
    pub(crate) fn complete(&self) -> Result<ArrayFacts, Refusal> {
        let help = "the file does not state it: state it in the dataset, or on the command line";
        let absent = |what: &str| Refusal::unsupported("description", format!("{what} not stated"), help);
        let wrong = |what: String| Refusal::unsupported("description", what, "correct it");
        let sample_rate = self.sample_rate.ok_or_else(|| absent("the sample rate is"))?;
        let scale = self.unit.ok_or_else(|| absent("the unit is"))?.millivolts();
        let leads = self
            .leads
            .clone()
            .ok_or_else(|| absent("the names of the leads, in their order, are"))?;
        let axes = self
            .axes
            .ok_or_else(|| absent("the order of the dimensions is"))?;
        if !(sample_rate.is_finite() && sample_rate > 0.0) {
            return Err(wrong(format!("a sample rate of {sample_rate}")));
        }
        if !(scale.is_finite() && scale > 0.0) {
            return Err(wrong(format!("a unit of {scale} mV")));
        }
        if let Some(lead) = repeated(&leads) {
            return Err(wrong(format!("lead {lead} is named twice")));
        }
        Ok(ArrayFacts {
            axes,
            sample_rate,
            scale,
            leads,
            missing: self.missing,
        })
    }
}

/// Name that is there twice, in any case.
pub(crate) fn repeated(leads: &[String]) -> Option<&String> {
    let mut numbered = leads.iter().enumerate();
    numbered.find_map(|(at, lead)| {
        leads[..at]
            .iter()
            .any(|other| other.eq_ignore_ascii_case(lead))
            .then_some(lead)
    })
}
