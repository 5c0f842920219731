//! Recordings that wait for the steps of recipes other than ECG-FM's: those that are given the same are made together.

use crate::kept::KeptExam;
use crate::recipes::StoreTarget;
use ecgfm_artifacts::recipe::steps::{
    CheckedRecipe, LeadSignals, ModelInput, RecipeForm, SegmentRecipe, Workspace, apply_together,
};
use ecgfm_artifacts::recipe::{Result as RecipeResult, leads};
use ecgfm_artifacts::recordings::{Recording, Samples};
use ecgfm_artifacts::store::withheld_leads;

/// What recipes are given of one exam.
#[derive(Default)]
pub(crate) struct StepInputs(Vec<StepInput>);

struct StepInput {
    /// Leads that nothing determines, and whether recipes are given them: tells one form of the recording from another.
    form: (Vec<&'static str>, bool),
    signals: LeadSignals,
    /// Numbers of the recipes, and the exam as it is kept.
    members: Vec<(usize, KeptExam)>,
}

impl StepInputs {
    /// Adds recipe number `number`, which is given `recording`.
    pub(crate) fn add(&mut self, member: (usize, KeptExam), recording: &Recording, recipe: &SegmentRecipe) {
        let without = withheld_leads(recipe, recording);
        let form = (recording.absent_leads.clone(), without.is_empty());
        if let Some(input) = self.0.iter_mut().find(|input| input.form == form) {
            return input.members.push(member);
        }
        self.0.push(StepInput {
            form,
            signals: signals_without_padding(recording, recipe, without),
            members: vec![member],
        });
    }

    /// Applies the recipes: of each its number, the exam as it is kept, and the segments.
    pub(crate) fn apply(
        self,
        targets: &[StoreTarget],
        zero_padded: bool,
        work: &mut Workspace,
    ) -> Vec<(usize, KeptExam, RecipeResult<ModelInput>)> {
        let mut all = Vec::new();
        for input in self.0 {
            let steps =
                |(number, _): &(usize, KeptExam)| match targets[*number].recipes.of(zero_padded).form() {
                    RecipeForm::Steps(steps) => Some(steps),
                    RecipeForm::EcgFm(_) => None,
                };
            let recipes: Vec<&CheckedRecipe> = input.members.iter().filter_map(steps).collect();
            let made = apply_together(&recipes, input.signals, work);
            let of_members = input.members.into_iter().zip(made);
            all.extend(of_members.map(|((number, kept), made)| (number, kept, made)));
        }
        all
    }
}

/// The leads of a recording, without zeros at both ends where the recipe drops them.
fn signals_without_padding(recording: &Recording, recipe: &SegmentRecipe, without: &[&str]) -> LeadSignals {
    use ecgfm_artifacts::recipe::strip::strip;
    let (rate, trims) = (recording.sample_rate, recipe.trims_padding());
    macro_rules! signals {
        ($samples:expr) => {{
            let kept = match trims {
                true => strip($samples, leads::COUNT),
                false => 0..recording.len(),
            };
            let kept = &$samples[kept.start * leads::COUNT..kept.end * leads::COUNT];
            LeadSignals::of_standard_leads(kept, rate, without)
        }};
    }
    match &recording.samples {
        Samples::Float32(samples) => signals!(samples),
        Samples::Float64(samples) => signals!(samples),
    }
}
