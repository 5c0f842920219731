//! Reasons why a recording is not kept.

use crate::measured::StoredSample;
use crate::on_bad::RejectOrKeep;
use crate::params::Params;
use ecgfm_artifacts::recipe::Error as RecipeError;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::steps::{RecipeForm, SegmentRecipe};
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::rejected::Reason;

/// Finds out why a recording is not to be kept before a recipe is applied, if it is not. The recipe is not given the leads
/// `without`.
pub(crate) fn find_fault<S: StoredSample>(
    params: &Params,
    (recipe, without): (&SegmentRecipe, &[&str]),
    trimmed: &Trimmed<'_, S>,
    quality: &Quality<S>,
) -> Option<(Reason, String)> {
    let (samples, rate) = (trimmed.org_samples(), trimmed.sample_rate());
    let names = recipe.selection().lead_names();
    let is_given = |at: &usize| !without.contains(&names[at % names.len()]);
    let all_zero = quality.all_zero
        || (!without.is_empty()
            && (0..trimmed.org().len())
                .filter(is_given)
                .all(|at| trimmed.org()[at] == S::default()));
    if all_zero && params.all_zero == RejectOrKeep::Reject {
        return Some((Reason::AllZero, format!("all {samples} samples are 0")));
    }
    if params.not_finite == RejectOrKeep::Reject
        && let Some(at) = first_not_finite(recipe, trimmed, quality, is_given)
    {
        let (sample, name) = (trimmed.kept().start + at / names.len(), names[at % names.len()]);
        let value = trimmed.org()[at];
        return Some((
            Reason::NotFinite,
            format!("sample {sample} of lead {name} is {value}"),
        ));
    }
    if let RecipeForm::EcgFm(settings) = recipe.form()
        && trimmed.segment_count() == 0
    {
        let (seconds, wanted) = (samples as f64 / rate, settings.segment_seconds);
        let detail = format!("{samples} samples at {rate} Hz are {seconds} s; a segment is {wanted} s");
        return Some((Reason::TooShort, detail));
    }
    (samples == 0).then(|| (Reason::TooShort, "there is no sample".to_owned()))
}

/// Place of the first value that is not finite, and that the recipe puts nothing in the place of.
fn first_not_finite<S: StoredSample>(
    recipe: &SegmentRecipe,
    trimmed: &Trimmed<'_, S>,
    quality: &Quality<S>,
    is_given: impl Fn(&usize) -> bool,
) -> Option<usize> {
    let (sample, lead) = quality.not_finite?;
    let RecipeForm::Steps(steps) = recipe.form() else {
        return Some(sample * trimmed.leads() + lead);
    };
    let replaced = steps.replaces_missing_values();
    let refused = |value: &S| match value.to_f64() {
        value if value.is_nan() => !replaced,
        value => value.is_infinite(),
    };
    let first = sample * trimmed.leads() + lead;
    (first..trimmed.org().len()).find(|at| is_given(at) && refused(&trimmed.org()[*at]))
}

/// The reason for an exam that the steps of a recipe refused.
pub(crate) fn reason_of_refusal(error: &RecipeError) -> (Reason, String) {
    match error {
        RecipeError::MissingLead { name } => {
            let known = leads::position(name).map_or(name.as_str(), |at| leads::NAMES[at]);
            (Reason::UnreadableTracing, format!("lead {known} is missing"))
        }
        RecipeError::TooShort { .. } => (Reason::TooShort, error.to_string()),
        RecipeError::StepValue {
            step: "missing_values",
            ..
        } => (Reason::NotFinite, error.to_string()),
        _ => (Reason::RefusedByRecipe, error.to_string()),
    }
}
