//! A recipe in the form in which stores are made by it.

use super::apply::LeadSignals;
use super::check::CheckedRecipe;
use super::list::RecipeSteps;
use super::step::RecipeStep;
use super::workspace::Workspace;
use crate::apply::Scratch;
use crate::ecg_fm::EcgFm;
use crate::error::Result;
use crate::leads;
use crate::recipe::Recipe;
use crate::sample::Sample;
use crate::trimmed::Trimmed;

/// How a recipe is applied.
#[derive(Debug, Clone, PartialEq)]
pub enum RecipeForm {
    /// ECG-FM's, with settings: by the way that it has of its own.
    EcgFm(EcgFm),
    /// Any other: step by step.
    Steps(CheckedRecipe),
}

/// A recipe for recordings of the standard twelve leads that are filled with zeros at both ends, or are not.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentRecipe {
    form: RecipeForm,
    /// Of ECG-FM's form all of it; of any other what comes before its steps: padding off, its leads selected.
    selection: Recipe,
    trims_padding: bool,
}

impl SegmentRecipe {
    /// ECG-FM's recipe with these settings.
    ///
    /// # Errors
    /// Settings that make no sense.
    pub fn of_ecg_fm(settings: EcgFm) -> Result<Self> {
        Ok(Self {
            selection: settings.recipe()?,
            trims_padding: settings.trim_padding,
            form: RecipeForm::EcgFm(settings),
        })
    }

    /// The recipe of these steps. Padding is dropped where recordings are `zero_padded`, whatever the first step says: that
    /// belongs to the archive. ECG-FM's list without a selection of leads is made by its own way.
    ///
    /// # Errors
    /// As [`RecipeSteps::check`].
    pub fn of_steps(steps: &RecipeSteps, zero_padded: bool) -> Result<Self> {
        let checked = steps.check()?;
        if let Some(settings) = steps.as_ecg_fm().filter(|settings| settings.leads.is_none()) {
            return Self::of_ecg_fm(EcgFm {
                trim_padding: zero_padded,
                ..settings
            });
        }
        let checked = match checked.steps() {
            [RecipeStep::TrimPadding, rest @ ..] => RecipeSteps(rest.to_vec()).check()?,
            _ => checked,
        };
        let names = checked.lead_names().into_iter().map(str::to_owned);
        let selection = EcgFm {
            trim_padding: zero_padded,
            leads: Some(names.collect()),
            ..EcgFm::default()
        };
        Ok(Self {
            selection: selection.recipe()?,
            form: RecipeForm::Steps(checked),
            trims_padding: zero_padded,
        })
    }

    /// How the recipe is applied.
    pub fn form(&self) -> &RecipeForm {
        &self.form
    }

    /// The steps as they are applied.
    pub fn steps(&self) -> RecipeSteps {
        match &self.form {
            RecipeForm::EcgFm(settings) => RecipeSteps::from(settings),
            RecipeForm::Steps(checked) => {
                let trim = self.trims_padding.then_some(RecipeStep::TrimPadding);
                RecipeSteps(trim.into_iter().chain(checked.steps().iter().cloned()).collect())
            }
        }
    }

    /// True where zeros at both ends of recordings are dropped.
    pub fn trims_padding(&self) -> bool {
        self.trims_padding
    }

    /// Rows of a segment: leads, or 1 where they are put one after another.
    pub fn rows(&self) -> usize {
        match &self.form {
            RecipeForm::EcgFm(_) => self.selection.leads().len(),
            RecipeForm::Steps(checked) => checked.rows(),
        }
    }

    /// Samples of a row.
    pub fn samples(&self) -> usize {
        match &self.form {
            RecipeForm::EcgFm(_) => self.selection.segment_samples(),
            RecipeForm::Steps(checked) => checked.samples(),
        }
    }

    /// Values of a segment.
    pub fn segment_values(&self) -> usize {
        self.rows() * self.samples()
    }

    /// The leads that recordings are measured in: padding off, those of the recipe selected, in the standard order.
    pub fn selection(&self) -> &Recipe {
        &self.selection
    }

    /// Whether a step, and not the archive, says what becomes of a lead that a recording lacks; and whether that step derives
    /// limb leads.
    pub fn supplies_leads(&self) -> Option<bool> {
        match &self.form {
            RecipeForm::EcgFm(_) => None,
            RecipeForm::Steps(checked) => checked.selected_leads().map(|(_, derive, _)| derive),
        }
    }

    /// Takes the padding and the other leads off one recording of twelve leads (sample-major) of `sample_rate` Hz.
    ///
    /// # Errors
    /// As [`Recipe::trim`].
    pub fn trim<'a, S: Sample>(
        &'a self,
        samples: &'a [S],
        sample_rate: f64,
        scratch: &'a mut Scratch,
    ) -> Result<Trimmed<'a, S>> {
        self.selection.trim(samples, sample_rate, scratch)
    }

    /// Makes all segments of a recording in float32, one after another, row after row. `trimmed` is what [`Self::trim`] made
    /// of `samples`; a step that selects leads is not given those `without`.
    ///
    /// # Errors
    /// As [`CheckedRecipe::apply`].
    pub fn make_segments<S: Sample>(
        &self,
        trimmed: Trimmed<'_, S>,
        samples: &[S],
        without: &[&str],
        work: &mut Workspace,
        segments: &mut Vec<f32>,
    ) -> Result<()> {
        match &self.form {
            RecipeForm::EcgFm(_) => {
                segments.resize(trimmed.segment_count() * self.segment_values(), 0.0);
                trimmed.write_segments(segments);
            }
            RecipeForm::Steps(checked) => {
                let kept = trimmed.kept();
                let kept = &samples[kept.start * leads::COUNT..kept.end * leads::COUNT];
                let recording = LeadSignals::of_standard_leads(kept, trimmed.sample_rate(), without);
                *segments = checked.apply(&recording, work)?.to_f32();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    #[test]
    fn padding_is_dropped_as_the_archive_says_and_steps_are_those_applied() {
        for name in ["ecg_fm", "ecg_jepa"] {
            let steps = built_in(name).unwrap();
            for zero_padded in [false, true] {
                let recipe = SegmentRecipe::of_steps(&steps, zero_padded).unwrap();
                let applied = recipe.steps();
                assert_eq!(
                    applied.0.contains(&RecipeStep::TrimPadding),
                    zero_padded,
                    "{name}"
                );
                assert_eq!(applied.first_difference(&steps), None);
                assert_eq!(SegmentRecipe::of_steps(&applied, zero_padded).unwrap(), recipe);
            }
        }
    }

    #[test]
    fn the_list_of_ecg_fm_has_its_own_way_and_any_other_goes_step_by_step() {
        let form = |name: &str| SegmentRecipe::of_steps(&built_in(name).unwrap(), false).unwrap();
        assert_eq!(
            form("ecg_fm").form(),
            SegmentRecipe::of_ecg_fm(EcgFm {
                trim_padding: false,
                ..EcgFm::default()
            })
            .unwrap()
            .form()
        );
        let jepa = form("ecg_jepa");
        assert_eq!(
            (jepa.rows(), jepa.samples(), jepa.segment_values()),
            (8, 2500, 20_000)
        );
        assert_eq!(
            jepa.selection().lead_names(),
            ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]
        );
        assert_eq!(jepa.supplies_leads(), Some(false));
        assert_eq!(form("merl").supplies_leads(), Some(true));
        assert_eq!(form("ecgfounder").supplies_leads(), None);
    }
}
