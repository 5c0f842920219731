//! What is known of a recipe's segments before there is any recording.

use super::check::CheckedRecipe;
use super::step::{MissingLead, MissingValue, NormalizeKind, RecipeStep, Scope};
use crate::leads;

impl CheckedRecipe {
    /// The steps, with the selection of all twelve leads at the start where there is no other.
    pub(super) fn all_steps(&self) -> Vec<RecipeStep> {
        let mut steps = self.steps().to_vec();
        if self.selected_leads().is_none() {
            let all = RecipeStep::Leads {
                names: leads::NAMES.map(str::to_owned).to_vec(),
                missing: MissingLead::Refuse,
                derive: false,
            };
            steps.insert(0, all);
        }
        steps
    }

    /// Names of the leads that a step selects, in their order, whether limb leads are derived, and what becomes of one
    /// that a recording lacks; none where no step selects any.
    pub fn selected_leads(&self) -> Option<(&[String], bool, MissingLead)> {
        self.steps().iter().find_map(|step| match step {
            RecipeStep::Leads {
                names,
                missing,
                derive,
            } => Some((&names[..], *derive, *missing)),
            _ => None,
        })
    }

    /// Standard names of the leads of a segment, in order.
    pub fn lead_names(&self) -> Vec<&'static str> {
        match self.selected_leads() {
            None => leads::NAMES.to_vec(),
            // A checked recipe names standard leads only.
            Some((names, _, _)) => names
                .iter()
                .filter_map(|name| leads::position(name).map(|at| leads::NAMES[at]))
                .collect(),
        }
    }

    /// Whether a step puts something in the place of missing values.
    pub fn replaces_missing_values(&self) -> bool {
        let replaces = |step: &RecipeStep| matches!(step, RecipeStep::MissingValues { to } if *to != MissingValue::Reject);
        self.steps().iter().any(replaces)
    }

    /// True where every lead is brought to mean 0 and deviation 1 over its recording and nothing else changes its values
    /// but resampling; false where values stay in the unit of the recording; none where they are neither.
    pub fn is_standardized(&self) -> Option<bool> {
        let (mut standardized, mut cut) = (false, false);
        for step in self.steps() {
            match step {
                RecipeStep::Normalize {
                    kind: NormalizeKind::ZScore,
                    over: Scope::Lead,
                    ..
                } if !cut && !standardized => standardized = true,
                RecipeStep::Normalize { .. } | RecipeStep::Scale { .. } | RecipeStep::Affine { .. } => {
                    return None;
                }
                RecipeStep::Segments { .. } => cut = true,
                _ => {}
            }
        }
        let filters = self.steps().iter().any(filters);
        (!standardized || !filters).then_some(standardized)
    }
}

/// Whether a step takes something out of a signal.
fn filters(step: &RecipeStep) -> bool {
    matches!(
        step,
        RecipeStep::Notch { .. }
            | RecipeStep::Butterworth { .. }
            | RecipeStep::Fir { .. }
            | RecipeStep::MedianBaseline { .. }
            | RecipeStep::Clip { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::super::built_in;

    #[test]
    fn what_segments_are_follows_from_the_steps() {
        let facts = |name: &str| {
            let recipe = built_in(name).unwrap().check().unwrap();
            let shape = (recipe.rows(), recipe.samples());
            (
                shape,
                recipe.sample_rate(),
                recipe.seconds(),
                recipe.is_standardized(),
            )
        };
        assert_eq!(facts("ecg_fm"), ((12, 2500), Some(500.0), Some(5.0), Some(true)));
        assert_eq!(
            facts("ecg_jepa"),
            ((8, 2500), Some(250.0), Some(10.0), Some(false))
        );
        assert_eq!(facts("hubert_ecg"), ((1, 6000), Some(100.0), Some(5.0), None));
        assert_eq!(facts("st_mem"), ((12, 2250), Some(250.0), Some(9.0), None));
        assert_eq!(facts("merl"), ((12, 5000), None, None, None));
        assert_eq!(facts("ecgfounder"), ((12, 5000), None, None, None));
    }

    #[test]
    fn leads_are_those_that_a_step_selects() {
        let leads = |name: &str| built_in(name).unwrap().check().unwrap().lead_names();
        assert_eq!(leads("ecg_jepa"), ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"]);
        assert_eq!(leads("ecgfounder").len(), 12);
        assert_eq!(leads("merl")[3..6], ["aVR", "aVF", "aVL"]);
    }
}
