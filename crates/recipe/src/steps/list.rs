//! An ordered list of steps.

use super::check::CheckedRecipe;
use super::step::{NormalizeKind, RecipeStep, ResampleMethod, Scope, ShortRecording, Take};
use crate::ecg_fm::EcgFm;
use crate::error::{Error, Result};
use crate::standardize::ConstantLeads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Steps from a recording to what a model is given, in order, as in a file of `configs/recipes/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RecipeSteps(pub Vec<RecipeStep>);

impl RecipeSteps {
    /// Reads YAML.
    ///
    /// # Errors
    /// What is no list of steps, with the line and column.
    ///
    /// ```
    /// use ecgfm_recipe::steps::RecipeSteps;
    /// let steps = RecipeSteps::parse("- {step: notch, hz: 50, q: 30}\n- {step: resample, method: fft, samples: 2500}").unwrap();
    /// assert_eq!(steps.check().unwrap().samples(), 2500);
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        serde_yaml::from_str(text).map_err(|e| Error::NoRecipe {
            problem: e.to_string(),
        })
    }

    /// Checks the steps before there is any recording.
    ///
    /// # Errors
    /// A step that is repeated or out of order, or a parameter that makes no sense; a step that looks at other ECGs; steps
    /// that do not lead to one length.
    pub fn check(&self) -> Result<CheckedRecipe> {
        CheckedRecipe::new(&self.0)
    }

    /// The settings of ECG-FM's recipe, where that is what the steps are: the way that it has of its own makes the same
    /// values faster.
    pub fn as_ecg_fm(&self) -> Option<EcgFm> {
        let mut steps = &self.0[..];
        let mut settings = EcgFm {
            trim_padding: false,
            standardize: false,
            ..EcgFm::default()
        };
        if let [RecipeStep::TrimPadding, rest @ ..] = steps {
            (settings.trim_padding, steps) = (true, rest);
        }
        let [resample, rest @ ..] = steps else { return None };
        settings.sample_rate = linear_rate(resample)?;
        steps = rest;
        if let [RecipeStep::Normalize { .. }, rest @ ..] = steps {
            settings.constant_leads = z_score_of_leads(&steps[0])?;
            (settings.standardize, steps) = (true, rest);
        }
        let [cut] = steps else { return None };
        settings.segment_seconds = tiles(cut)? as f64 / f64::from(settings.sample_rate);
        Some(settings)
    }
}

fn linear_rate(step: &RecipeStep) -> Option<u32> {
    match step {
        RecipeStep::Resample {
            method: ResampleMethod::Linear,
            hz: Some(hz),
            samples: None,
        } if hz.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(hz) => Some(*hz as u32),
        _ => None,
    }
}

fn z_score_of_leads(step: &RecipeStep) -> Option<ConstantLeads> {
    match step {
        RecipeStep::Normalize {
            kind: NormalizeKind::ZScore,
            over: Scope::Lead,
            eps: 0.0,
            constant,
            ..
        } => *constant,
        _ => None,
    }
}

fn tiles(step: &RecipeStep) -> Option<usize> {
    match step {
        RecipeStep::Segments {
            take: Take::Tile,
            samples,
            short: ShortRecording::Drop,
            ..
        } => Some(*samples),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_steps_and_fields_are_refused_with_their_place() {
        for text in [
            "- {step: dance}",
            "- {step: notch, hz: 50, q: 30, width: 2}",
            "- notch",
        ] {
            let message = RecipeSteps::parse(text).unwrap_err().to_string();
            assert!(message.starts_with("recipe: "), "{message}");
        }
    }
}
