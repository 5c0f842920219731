//! Several recipes applied to one recording, their common steps once.

use super::apply::{LeadSignals, ModelInput, Pieces};
use super::check::CheckedRecipe;
use super::step::RecipeStep;
use super::workspace::Workspace;
use crate::error::Result;

/// Applies several recipes to one recording. Steps that some have in common from the start are done once. What each gives is
/// what [`CheckedRecipe::apply`] gives, to the bit; one that refuses the recording keeps none of the others from it.
pub fn apply_together(
    recipes: &[&CheckedRecipe],
    recording: LeadSignals,
    work: &mut Workspace,
) -> Vec<Result<ModelInput>> {
    let members: Vec<Member> = recipes
        .iter()
        .enumerate()
        .map(|(place, recipe)| Member {
            place,
            steps: recipe.all_steps(),
            samples: recipe.samples(),
        })
        .collect();
    let mut made: Vec<Option<Result<ModelInput>>> = vec![None; recipes.len()];
    match Pieces::new(recording) {
        Ok(pieces) => descend(pieces, 0, members.iter().collect(), &mut made, work),
        Err(error) => made.fill(Some(Err(error))),
    }
    // Every member ends in exactly one of the branches.
    made.into_iter().flatten().collect()
}

/// One of the recipes.
struct Member {
    place: usize,
    steps: Vec<RecipeStep>,
    samples: usize,
}

/// Does the steps from number `depth` on; all `members` have those before in common.
fn descend(
    pieces: Pieces,
    depth: usize,
    mut members: Vec<&Member>,
    made: &mut [Option<Result<ModelInput>>],
    work: &mut Workspace,
) {
    let mut pieces = Some(pieces);
    while let Some(first) = members.first() {
        let step = first.steps.get(depth);
        let (alike, others): (Vec<&Member>, Vec<&Member>) =
            members.iter().partition(|member| member.steps.get(depth) == step);
        // The last branch needs no copy.
        let own = match others.is_empty() {
            true => pieces.take(),
            false => pieces.clone(),
        };
        let (Some(own), step) = (own, step.cloned()) else {
            return;
        };
        advance(own, (depth, step), alike, made, work);
        members = others;
    }
}

/// Does a step that all `members` have; without one, they are at their end.
fn advance(
    mut pieces: Pieces,
    (depth, step): (usize, Option<RecipeStep>),
    members: Vec<&Member>,
    made: &mut [Option<Result<ModelInput>>],
    work: &mut Workspace,
) {
    let Some(step) = step else {
        for member in members {
            made[member.place] = Some(pieces.clone().finish(member.samples));
        }
        return;
    };
    match pieces.take(&step, work) {
        Ok(()) => descend(pieces, depth + 1, members, made, work),
        Err(error) => {
            for member in members {
                made[member.place] = Some(Err(error.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BUILT_IN, built_in};
    use super::*;
    use crate::leads;

    fn recording(samples: usize, rate: f64) -> LeadSignals {
        let lead = |l: usize| {
            let value = |t: usize| ((t * (l + 3)) as f64 * 0.013).sin() + 0.2 * ((t * t) as f64 * 0.37).cos();
            (0..samples).map(value).collect()
        };
        LeadSignals {
            names: leads::NAMES.map(str::to_owned).to_vec(),
            sample_rate: rate,
            leads: (0..12).map(lead).collect(),
        }
    }

    fn all() -> Vec<CheckedRecipe> {
        let names = BUILT_IN.iter().map(|(name, _)| *name);
        names
            .map(|name| built_in(name).unwrap().check().unwrap())
            .collect()
    }

    #[test]
    fn recipes_together_make_what_each_makes_alone() {
        let (recipes, mut work) = (all(), Workspace::default());
        let again: Vec<&CheckedRecipe> = recipes.iter().chain(&recipes).collect();
        for (samples, rate) in [(5200, 500.0), (4100, 400.0), (2600, 500.0)] {
            let recording = recording(samples, rate);
            let together = apply_together(&again, recording.clone(), &mut work);
            assert_eq!(together.len(), again.len());
            let bits = |made: &Result<ModelInput>| {
                let made = made.as_ref().map_err(Clone::clone)?;
                Ok::<_, crate::Error>(made.to_f32().iter().map(|v| v.to_bits()).collect::<Vec<u32>>())
            };
            for (recipe, together) in again.iter().zip(&together) {
                let alone = recipe.apply(&recording, &mut Workspace::default());
                assert_eq!(bits(&alone), bits(together), "{:?}", recipe.steps());
            }
            assert!(
                together.iter().any(Result::is_ok) && (samples > 4000 || together.iter().any(Result::is_err))
            );
        }
    }

    #[test]
    fn a_recording_of_any_length_is_taken_or_refused() {
        let (recipes, mut work) = (all(), Workspace::default());
        for samples in (0..40).chain([100, 333, 1024]) {
            for recipe in &recipes {
                for rate in [100.0, 257.0, 500.0, 1000.0] {
                    // Never a panic.
                    let _ = recipe.apply(&recording(samples, rate), &mut work);
                }
            }
        }
    }
}
